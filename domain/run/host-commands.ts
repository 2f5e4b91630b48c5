import type { LedgerEvent } from '../ledger-events.ts';
import type { TapTarget } from '../network-model.ts';
import type { Direction } from '../phases.ts';
import { barriersOf } from '../planning/barriers.ts';
import { type Operation, type TapPlace, wayOf } from '../rewire/places.ts';
import { nextEpoch } from './decide.ts';
import { describeHold } from './describe-hold.ts';
import { type Attempt, type LedgerState, newestAttempt } from './ledger-state.ts';
import { goingTaps, restingTaps } from './others-on-overlay.ts';
import { type Commanded, refuse } from './run-commands.ts';
import type { World } from './world.ts';

export interface HostRequest {
  readonly systemId: string;
  readonly by: string;
  readonly why: string;
}

/**
 * An open attempt is called back; else the newest operation that stands and of which guests are left is taken back, in a new attempt
 * inside no run.
 */
export function revertHost(state: LedgerState, world: World, request: HostRequest): Commanded {
  const { systemId, by, why } = request;
  const attempt = newestAttempt(state, systemId);
  if (attempt === undefined) return refuse('not-found', `${systemId} was never cut over`);
  const { epoch, hostname, direction, outcome } = attempt;
  if (outcome === undefined) {
    return { events: [{ type: 'revert-requested', systemId, epoch, by, why }] };
  }
  const all = standingAttempts(state, systemId);
  if (outcome !== 'stuck' && all.length === 0) {
    const last = direction === 'back' ? 'it went back' : `attempt ${epoch} was ${outcome}`;
    return refuse('wrong-state', `${hostname} is on legacy already: ${last}`);
  }
  const left = all.map((one) => ({ ...one, taps: tapsToTakeBack(world, one, one.operation ?? 'cut') }));
  const { operation = 'cut', taps = [] } = left.find((one) => one.taps.length > 0) ?? left[0] ?? {};
  const nothing = `none of the taps that were moved at ${hostname} is ${operation === 'cut' ? 'on the target' : 'where that left them'}`;
  return open(state, world, { attempt, operation, direction: 'back', taps, nothing });
}

/** What an operator can order at one hypervisor, beside taking its newest operation back. */
export type HostVerb = 'unstage' | 'finish' | 'collapse';

const verbs = {
  unstage: { operation: 'stage', direction: 'back' },
  finish: { operation: 'finish', direction: 'forward' },
  collapse: { operation: 'collapse', direction: 'forward' },
} as const satisfies Record<HostVerb, { readonly operation: Operation; readonly direction: Direction }>;

/** One operation at all taps of a hypervisor that stand where it begins, in a new attempt inside no run. */
export function operateHost(
  state: LedgerState,
  world: World,
  { systemId, verb }: HostRequest & { readonly verb: HostVerb },
): Commanded {
  const attempt = newestAttempt(state, systemId);
  if (attempt === undefined) return refuse('not-found', `${systemId} was never staged or cut over`);
  const { operation, direction } = verbs[verb];
  const from = wayOf(operation, direction, 'shunt')?.from;
  if (attempt.outcome === undefined) {
    return refuse('wrong-state', `attempt ${attempt.epoch} at ${attempt.hostname} is open: wait until it is at rest`);
  }
  const placed = world.inventory.hosts.get(systemId)?.placed ?? [];
  const taps = placed.flatMap(({ place, target }) => (place === from ? [{ ...target, method: 'shunt' as const }] : []));
  const nothing = `there is nothing to ${verb} at ${attempt.hostname}: none of its taps is ${from}`;
  return open(state, world, { attempt, operation, direction, taps, nothing });
}

interface Opening {
  /** The newest one of that hypervisor, which ended. */
  readonly attempt: Attempt;
  readonly operation: Operation;
  readonly direction: Direction;
  readonly taps: readonly TapTarget[];
  /** What to say when there are no taps. */
  readonly nothing: string;
}

function open(state: LedgerState, world: World, { attempt, operation, direction, taps, nothing }: Opening): Commanded {
  const { systemId, hostname, planId, outcome } = attempt;
  if (outcome === 'stuck') return refuse('stuck', `${hostname} is stuck: repair it first (\`shunt host show\`)`);
  const agent = world.agents.get(systemId);
  if (agent === undefined || !agent.connected) {
    const local = direction === 'back' ? `; on the host itself: shunt-agent revert --attempt ${attempt.epoch}` : '';
    return refuse('agent-not-connected', `the agent of ${hostname} is not connected${local}`);
  }
  if (taps.length === 0) return refuse('wrong-state', nothing);
  const moving = new Set(taps.map((tap) => tap.portId));
  const others = [...restingTaps(state, world), goingTaps(state, world)];
  const [barrier] = barriersOf(others, { taps, operation, direction, moving });
  if (barrier !== undefined) {
    const goal = direction === 'back' ? 'legacy' : operation === 'finish' ? 'finished' : 'collapsed';
    return refuse('held', `${describeHold(barrier)}; move them together: a plan with \`goal: ${goal}\``);
  }
  const opened: LedgerEvent = {
    type: 'attempt-opened',
    systemId,
    hostname,
    epoch: nextEpoch(state, world, systemId),
    ...(operation === 'cut' ? {} : { operation }),
    direction,
    planId,
    taps,
  };
  return { events: [opened] };
}

/** Committed forward operations that no later one took back, newest first; none when nothing that we did stands. */
function standingAttempts(state: LedgerState, systemId: string): readonly Attempt[] {
  const standing: Attempt[] = [];
  for (const attempt of state.hosts.get(systemId)?.attempts.toReversed() ?? []) {
    if (attempt.outcome !== 'committed') continue;
    if (attempt.direction === 'forward') standing.push(attempt);
    else {
      const undone = standing.findLastIndex((one) => sameWork(one, attempt));
      if (undone >= 0) standing.splice(undone, 1);
    }
  }
  return standing.toReversed();
}

function sameWork(a: Attempt, b: Attempt): boolean {
  if ((a.operation ?? 'cut') !== (b.operation ?? 'cut')) return false;
  const ports = new Set(b.taps.map((tap) => tap.portId));
  return a.taps.length === 0 || ports.size === 0 || a.taps.some((tap) => ports.has(tap.portId));
}

/**
 * Of the taps that were moved, those that are where that took them, under the names they have now. One that was plugged anew since is
 * on the target itself, and goes back from there.
 */
function tapsToTakeBack(world: World, { systemId, taps }: Attempt, operation: Operation): readonly TapTarget[] {
  const host = world.inventory.hosts.get(systemId);
  if (host === undefined || !host.inventorySeen) return taps;
  const there = new Map(host.placed.map((one) => [one.target.portId, one]));
  return taps.flatMap((tap): readonly TapTarget[] => {
    const now = there.get(tap.portId);
    if (now === undefined) return [];
    const { method: _m, ...bare } = {
      ...tap,
      tap: now.target.tap,
      legacyBridge: tap.legacyBridge || now.target.legacyBridge,
    };
    const method = methodBack(now.place, operation, tap);
    if (method === undefined) return [];
    return [method === 'direct' ? bare : { ...bare, method }];
  });
}

function methodBack(place: TapPlace, operation: Operation, { method = 'direct' }: TapTarget) {
  if (wayOf(operation, 'back', method)?.from === place) return method;
  return wayOf(operation, 'back', 'direct')?.from === place ? 'direct' : undefined;
}
