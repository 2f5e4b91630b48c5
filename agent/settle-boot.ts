import { assertNever } from '../domain/assert-never.ts';
import { systemClock } from '../platform/clock.ts';
import { readAdoptions } from './adopt/adoption-journal.ts';
import { type SettleResult, settleAdoption } from './adopt/settle.ts';
import { readTroubles } from './journal/troubles.ts';
import { type RevertResult, revertAttempt } from './revert.ts';
import type { WayBack } from './way-back.ts';

/** How one thing ended that the boot before had left open. */
export type Settled =
  | { readonly what: 'attempt'; readonly epoch: number; readonly result: RevertResult }
  | { readonly what: 'adoption'; readonly id: number; readonly result: SettleResult };

/** What a power cut or a crash of the host left open: attempts, newest first, then adoptions of uplinks. From the journals alone. */
export function leftOpen(
  stateDir: string,
  bootId: string,
): { readonly epochs: readonly number[]; readonly adoptions: readonly number[] } {
  const epochs = readTroubles(stateDir)
    .filter(({ state, replayed }) => state === 'open' && replayed !== undefined && replayed.deadline.bootId !== bootId)
    .map(({ epoch }) => epoch)
    .toReversed();
  const adoptions = readAdoptions(stateDir)
    .filter(({ phase, header }) => (phase === 'armed' || phase === 'adopted') && header.deadline.bootId !== bootId)
    .map(({ header }) => header.id)
    .toReversed();
  return { epochs, adoptions };
}

/**
 * Takes back what was open when the host went down, before anybody else starts: rows of Open vSwitch are as they were, links need not be there any more.
 * Guests that start afterwards land in the world that their host is in. What belongs to this boot is left to the agent and the dead man.
 */
export async function settleBoot(way: WayBack, signal: AbortSignal): Promise<readonly Settled[]> {
  const { epochs, adoptions } = leftOpen(way.stateDir, systemClock.bootId);
  const settled: Settled[] = [];
  for (const epoch of epochs) {
    const result = await revertAttempt({ epoch, when: 'open', by: 'shunt-agent settle' }, way, signal);
    settled.push({ what: 'attempt', epoch, result });
  }
  for (const id of adoptions) settled.push({ what: 'adoption', id, result: await settleAdoption(id, way, signal) });
  return settled;
}

/** 5 when something is stuck, else 0: that something went back is what was to happen. */
export function settledExit(settled: readonly Settled[]): number {
  return settled.some(({ result }) => result.kind === 'stuck') ? 5 : 0;
}

/** A line each, for people and the system's journal. */
export function settledText(settled: readonly Settled[]): readonly string[] {
  if (settled.length === 0) return ['nothing was open when this host went down'];
  return settled.flatMap((one) => {
    const name = one.what === 'attempt' ? `attempt ${one.epoch}` : `adoption ${one.id}`;
    return oneText(one.result).map((line) => (line.startsWith(' ') ? line : `${name} ${line}`));
  });
}

function oneText(result: Settled['result']): readonly string[] {
  switch (result.kind) {
    case 'reverted':
    case 'back':
      return ['was open when this host went down: it was taken back'];
    case 'stuck':
      return [`could not be taken back: ${result.why}. By hand:`, ...result.repair.map((line) => `  ${line}`)];
    case 'nothing-to-do':
      return [`is left as it is: ${result.why}`];
    case 'confirmed':
      return ['stays'];
    case 'refused':
      return result.refusals.map(({ message }) => `is left as it is: ${message}`);
    default:
      return assertNever(result);
  }
}
