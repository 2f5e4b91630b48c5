import { assertNever } from '../domain/assert-never.ts';
import { systemClock } from '../platform/clock.ts';
import { describeError } from '../platform/shunt-error.ts';
import { isOpenAdoption, readAdoptions, unreadableText } from './adopt/adoption-journal.ts';
import { type SettleResult, settleAdoption } from './adopt/settle.ts';
import { readTroubles, troubleText } from './journal/troubles.ts';
import { type RevertResult, revertAttempt } from './revert.ts';
import type { WayBack } from './way-back.ts';

/** It could not be read, or something went wrong on its way back. */
interface Failed {
  readonly kind: 'failed';
  readonly why: string;
}

/** How one thing ended that the boot before had left open. */
export type Settled =
  | { readonly what: 'attempt'; readonly epoch: number; readonly result: RevertResult | Failed }
  | { readonly what: 'adoption'; readonly id: number; readonly result: SettleResult | Failed };

/** What a power cut or a crash of the host left open: attempts, newest first, then adoptions of uplinks. From the journals alone. */
export function leftOpen(
  stateDir: string,
  bootId: string,
): {
  readonly epochs: readonly number[];
  readonly adoptions: readonly number[];
  /** What may have been left open, and cannot be read. */
  readonly unreadable: readonly Settled[];
} {
  const troubles = readTroubles(stateDir);
  const epochs = troubles
    .filter(({ state, replayed }) => state === 'open' && replayed !== undefined && replayed.deadline.bootId !== bootId)
    .map(({ epoch }) => epoch)
    .toReversed();
  const read = readAdoptions(stateDir);
  const adoptions = read.adoptions
    .filter(({ phase, header }) => isOpenAdoption(phase) && header.deadline.bootId !== bootId)
    .map(({ header }) => header.id)
    .toReversed();
  const failed = (why: string): Failed => ({ kind: 'failed', why });
  const unreadable: readonly Settled[] = [
    ...troubles
      .filter(({ state }) => state === 'unreadable')
      .map((one): Settled => ({ what: 'attempt', epoch: one.epoch, result: failed(troubleText(one)) })),
    ...read.unreadable
      .filter(({ phase }) => phase === 'unknown')
      .map((one): Settled => ({ what: 'adoption', id: one.id, result: failed(unreadableText(stateDir, one)) })),
  ];
  return { epochs, adoptions, unreadable };
}

/** How one of them is taken back. */
export interface Settling {
  readonly attempt: (epoch: number) => Promise<RevertResult>;
  readonly adoption: (id: number) => Promise<SettleResult>;
}

/**
 * Takes back what was open when the host went down, before anybody else starts: rows of Open vSwitch are as they were, links need not be there any more.
 * Guests that start afterwards land in the world that their host is in. What belongs to this boot is left to the agent and the dead man.
 */
export function settleBoot(way: WayBack, signal: AbortSignal): Promise<readonly Settled[]> {
  return settleEach(leftOpen(way.stateDir, systemClock.bootId), {
    attempt: (epoch) => revertAttempt({ epoch, when: 'open', by: 'shunt-agent settle' }, way, signal),
    adoption: (id) => settleAdoption(id, way, signal),
  });
}

/** One after the other; whatever becomes of one keeps none of the others from going back. */
export async function settleEach(
  { epochs, adoptions, unreadable }: ReturnType<typeof leftOpen>,
  settle: Settling,
): Promise<readonly Settled[]> {
  const settled: Settled[] = [];
  for (const epoch of epochs)
    settled.push({ what: 'attempt', epoch, result: await settle.attempt(epoch).catch(failure) });
  for (const id of adoptions) settled.push({ what: 'adoption', id, result: await settle.adoption(id).catch(failure) });
  return [...settled, ...unreadable];
}

function failure(error: unknown): Failed {
  return { kind: 'failed', why: describeError(error) };
}

/** 5 when something is stuck, 1 when something failed or could not be read, else 0: that something went back is what was to happen. */
export function settledExit(settled: readonly Settled[]): number {
  if (settled.some(({ result }) => result.kind === 'stuck')) return 5;
  return settled.some(({ result }) => result.kind === 'failed') ? 1 : 0;
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
    case 'failed':
      return [`is not settled: ${result.why}`];
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
