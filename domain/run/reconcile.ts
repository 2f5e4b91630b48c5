import { isDonePhase } from '../attempt/operation-phases.ts';
import type { LedgerEvent } from '../ledger-events.ts';
import type { TapTarget } from '../network-model.ts';
import type { AttemptState } from '../orders.ts';
import { isOpen } from '../phases.ts';
import { wayOf } from '../rewire/places.ts';
import type { HostPlug, Outcome } from '../run-state.ts';
import { fenceOf, isUnheard } from './fencing.ts';
import { activeRuns } from './host-status.ts';
import { type LedgerState, newestAttempt } from './ledger-state.ts';
import { type Commanded, refuse } from './run-commands.ts';
import type { AgentView, World } from './world.ts';

/** How a hypervisor differs from what the ledger says of it, and what reconciling does about it. */
export interface HostDifference {
  readonly systemId: string;
  readonly hostname: string;
  /**
   * `adopt`: its agent is at rest, and what it says goes into the ledger. `wait`: it is on its way to rest. `unheard`: its agent has not been
   * heard of, or is away since it was on its way, for longer than that can take: nobody can compare.
   */
  readonly verdict: 'adopt' | 'wait' | 'unheard';
  /** Both in words, like `attempt 3 committed`. */
  readonly ledger: string;
  readonly agent: string;
  /** Where its taps are, as observed. */
  readonly plug: HostPlug;
}

/** Every hypervisor of which the ledger does not know all, or of which nobody can say; by hostname. */
export function differences(state: LedgerState, world: World): readonly HostDifference[] {
  const fence = fenceOf(state, world);
  if (fence === undefined) return [];
  const ahead = new Set(fence.ahead.map((one) => one.systemId));
  const unheard = [...state.hosts.keys()].filter((systemId) => !isHeard(world, systemId));
  const all = [...new Set([...ahead, ...unheard])].map((systemId) => difference(state, world, systemId));
  return all.toSorted((a, b) => (a.hostname < b.hostname ? -1 : 1));
}

/**
 * Takes over what agents at rest say. One that is on its way keeps the coordinator read-only until it has come to rest. Runs are paused:
 * they go on from what somebody decided at the time of the backup, and whatever was decided since is lost.
 */
export function reconcile(
  state: LedgerState,
  world: World,
  { by, why }: { readonly by: string; readonly why: string },
): Commanded {
  if (fenceOf(state, world) === undefined) return { events: [] };
  const all = differences(state, world);
  const adopted = all.flatMap((one) => (one.verdict === 'adopt' ? adoption(state, world, { ...one, by }) : []));
  const waiting = all.filter((one) => one.verdict === 'wait');
  if (adopted.length === 0 && waiting.length > 0) {
    const names = waiting.map((one) => one.hostname).slice(0, 5);
    return refuse(
      'wrong-state',
      `nothing to take over yet: ${names.join(', ')} still on the way to rest; try again then`,
    );
  }
  if (waiting.length > 0) return { events: adopted };
  const unheard = all.filter((one) => one.verdict === 'unheard').map((one) => one.systemId);
  const pauses = activeRuns(state).flatMap(({ run }): readonly LedgerEvent[] =>
    run.control === 'running' ? [{ type: 'run-paused', runId: run.id, by: 'shunt', why: pausedWhy }] : [],
  );
  return { events: [...adopted, ...pauses, { type: 'ledger-reconciled', by, why, unheard }] };
}

const pausedWhy =
  'the ledger was behind and has been reconciled: what was decided since its backup is lost; look before resuming';

function isHeard(world: World, systemId: string): boolean {
  return world.agents.has(systemId);
}

function difference(state: LedgerState, world: World, systemId: string): HostDifference {
  const agent = world.agents.get(systemId);
  const newest = newestAttempt(state, systemId);
  const hostname = agent?.hostname ?? newest?.hostname ?? systemId;
  return {
    systemId,
    hostname,
    verdict: isUnheard(world, systemId) ? 'unheard' : verdictOf(agent),
    ledger: newest === undefined ? 'nothing' : `attempt ${newest.epoch} ${newest.outcome ?? `open, ${newest.phase}`}`,
    agent: agent === undefined ? 'not heard of' : toldBy(agent),
    plug: world.inventory.hosts.get(systemId)?.plug ?? 'unknown',
  };
}

function verdictOf(agent: AgentView | undefined): HostDifference['verdict'] {
  return agent?.attempt !== undefined && isOpen(agent.attempt.phase) ? 'wait' : 'adopt';
}

function toldBy(agent: AgentView): string {
  const { attempt, highestEpoch } = agent;
  if (attempt === undefined || attempt.epoch < highestEpoch) return `attempt ${highestEpoch} never begun`;
  const left =
    attempt.remainingMs === undefined
      ? ''
      : `, ${Math.ceil(attempt.remainingMs / 1000)} s to its deadline when last heard`;
  return `attempt ${attempt.epoch} ${attempt.phase}${left}`;
}

interface Adopting {
  readonly systemId: string;
  readonly hostname: string;
  readonly by: string;
}

/** One entry a hypervisor: the newest attempt that its agent has accepted. What OVN NB alone tells of has no agent's word yet. */
function adoption(state: LedgerState, world: World, { systemId, hostname, by }: Adopting): readonly LedgerEvent[] {
  const agent = world.agents.get(systemId);
  if (agent === undefined) return [];
  const epoch = Math.max(agent.highestEpoch, agent.attempt?.epoch ?? 0, world.nbEpochs?.get(systemId) ?? 0);
  const base = { type: 'attempt-adopted', systemId, hostname, epoch, by } as const;
  const { attempt } = agent;
  if (attempt === undefined || attempt.epoch < epoch) {
    const why = 'its agent tells of no attempt of this number: it was never begun there, or its journal is gone';
    return [{ ...base, direction: 'forward', taps: [], outcome: 'blocked', why, blackouts: [], repair: [] }];
  }
  const { operation, direction, why, code, blackouts, repair } = attempt;
  const outcome = outcomeOf(attempt);
  const planId = planOf(state, systemId);
  return [
    {
      ...base,
      ...(operation === undefined ? {} : { operation }),
      direction,
      ...(planId === undefined ? {} : { planId }),
      taps: outcome === 'committed' ? movedTaps(world, systemId, attempt) : [],
      outcome,
      ...(why === undefined ? {} : { why }),
      ...(code === undefined ? {} : { code }),
      blackouts,
      repair,
    },
  ];
}

function outcomeOf({ phase }: AttemptState): Outcome {
  if (isDonePhase(phase)) return 'committed';
  return phase === 'reverted' || phase === 'stuck' ? phase : 'blocked';
}

/** Those that are where it led now; by its own method, or else directly. */
function movedTaps(
  world: World,
  systemId: string,
  { operation = 'cut', direction, method }: AttemptState,
): readonly TapTarget[] {
  const placed = world.inventory.hosts.get(systemId)?.placed ?? [];
  return placed.flatMap(({ place, target }) => {
    const { method: _m, ...bare } = target;
    if (method === 'shunt' && wayOf(operation, direction, 'shunt')?.to === place) return [{ ...bare, method }];
    return wayOf(operation, direction, 'direct')?.to === place ? [bare] : [];
  });
}

/** The newest plan that has it: what a way back goes by. */
function planOf(state: LedgerState, systemId: string): string | undefined {
  const has = (hosts: readonly { readonly systemId: string }[]) => hosts.some((host) => host.systemId === systemId);
  return [...state.plans.values()].findLast((plan) => plan.waves.some((wave) => has(wave.hosts)))?.id;
}
