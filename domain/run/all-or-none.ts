import { forbiddenBeside } from '../planning/barriers.ts';
import { wayOf } from '../rewire/places.ts';
import { append, wait } from './attempt-context.ts';
import { isSettled, type WaveStanding } from './host-status.ts';
import type { Attempt, LedgerState } from './ledger-state.ts';
import { isMember, togetherWave } from './moving-with.ts';
import type { OwnStep } from './together.ts';
import type { World } from './world.ts';

/**
 * Of a wave whose members would be cut off from one that went back, none is committed before all can be, and when one goes back all do.
 * A shunt that goes back is on both worlds and stays with the others; a direct cut is not.
 */
export function allOrNone(state: LedgerState, world: World, steps: readonly OwnStep[]): readonly OwnStep[] {
  const byHost = new Map(steps.map((one) => [one.attempt.systemId, one]));
  const trouble = new Map<WaveStanding, Trouble>();
  return steps.map((own) => {
    const { attempt } = own;
    if (!attempt.granted || attempt.commitGranted || attempt.revertWhy !== undefined) return own;
    const wave = togetherWave(state, attempt);
    if (wave === undefined) return own;
    const found = trouble.get(wave) ?? troubleOf(world, wave, { of: attempt, byHost });
    trouble.set(wave, found);
    if (found.wentBack !== undefined) return endsIt(own.step) ? own : { ...own, step: goBack(attempt, found.wentBack) };
    if (found.late === undefined || !has(own.step, 'commit-granted')) return own;
    return { ...own, step: wait(`the others of its wave, to be committed with them: ${found.late}`) };
  });
}

interface Trouble {
  /** Who goes back or has failed. */
  readonly wentBack?: string;
  /** Who cannot be committed yet. */
  readonly late?: string;
}

interface Members {
  readonly of: Attempt;
  readonly byHost: ReadonlyMap<string, OwnStep>;
}

function troubleOf(world: World, wave: WaveStanding, { of, byHost }: Members): Trouble {
  if (!partsGuests(world, wave, of)) return {};
  const members = wave.hosts.map(({ host, status }) => {
    const own = byHost.get(host.systemId);
    return { hostname: host.hostname, status, own: own !== undefined && isMember(own.attempt, of) ? own : undefined };
  });
  const wentBack = members.find(
    ({ status, own }) => status === 'failed' || status === 'stuck' || (own !== undefined && goesBack(world, own)),
  );
  if (wentBack !== undefined) return { wentBack: wentBack.hostname };
  const late = members.find(({ status, own }) => !isSettled(status) && status !== 'disputed' && !mayCommitNow(own));
  return late === undefined ? {} : { late: late.hostname };
}

/** True where a guest that is back where the operation began cannot reach one that went with it. */
function partsGuests({ inventory }: World, { wave }: WaveStanding, { operation = 'cut', direction }: Attempt): boolean {
  const taps = wave.hosts.flatMap((host) => host.taps);
  return taps.some(({ networkId, method = 'direct' }) => {
    const way = wayOf(operation, direction, method);
    if (way === undefined || inventory.networks.get(networkId)?.class !== 'overlay') return false;
    return forbiddenBeside(way.to).includes(way.from);
  });
}

function goesBack({ agents }: World, { attempt, step }: OwnStep): boolean {
  const { systemId, epoch, revertWhy } = attempt;
  const local = agents.get(systemId)?.attempt;
  const isBack = local?.epoch === epoch && (local.phase === 'reverting' || local.phase === 'reverted');
  return revertWhy !== undefined || isBack || endsIt(step);
}

/** It takes the attempt back, or ends it another way than committed. */
function endsIt({ events }: OwnStep['step']): boolean {
  return events.some(
    (event) => event.type === 'revert-requested' || (event.type === 'attempt-closed' && event.outcome !== 'committed'),
  );
}

function mayCommitNow(own: OwnStep | undefined): boolean {
  if (own === undefined) return false;
  return own.attempt.commitGranted || has(own.step, 'commit-granted');
}

function has({ events }: OwnStep['step'], type: OwnStep['step']['events'][number]['type']): boolean {
  return events.some((event) => event.type === type);
}

function goBack({ systemId, epoch }: Attempt, hostname: string): OwnStep['step'] {
  const why = `${hostname} went back or was refused, and this overlay moves as one`;
  return append({ type: 'revert-requested', systemId, epoch, by: 'judge', why });
}
