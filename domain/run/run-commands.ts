import type { ErrorCode } from '../errors.ts';
import type { Refusal } from '../findings.ts';
import type { LedgerEvent } from '../ledger-events.ts';
import { isApproved } from '../planning/freeze-plan.ts';
import { type RunStanding, runStanding, standingInRun } from './host-status.ts';
import type { LedgerState } from './ledger-state.ts';
import { runTroubles, stalledReason, stuckInTheWay } from './run-troubles.ts';
import type { World } from './world.ts';

/** What an operator's command comes to: events to append (none: it is so already), or a refusal that changes nothing. */
export type Commanded = { readonly events: readonly LedgerEvent[] } | { readonly refusal: Refusal };

export interface StartWave {
  readonly planId: string;
  /** Used when the plan has no run yet, or its last one is over. */
  readonly runId: string;
  /** The last wave that may be touched. */
  readonly throughWave: number;
  readonly by: string;
}

/** Starts a run of a plan, or lets its run go on through a further wave. A paused run stays paused. */
export function startWave(state: LedgerState, { planId, runId, throughWave, by }: StartWave): Commanded {
  const plan = state.plans.get(planId);
  if (plan === undefined) return refuse('not-found', `there is no plan ${planId}`);
  if (!isApproved(plan)) {
    return refuse('not-approved', `plan ${planId} is not approved: \`shunt plan show\`, then \`shunt plan approve\``);
  }
  if (plan.waves.length === 0) return refuse('held', `plan ${planId} cuts nobody: every hypervisor is held`);
  if (throughWave < 1 || throughWave > plan.waves.length) {
    return refuse('usage', `plan ${planId} has waves 1 to ${plan.waves.length}, not ${throughWave}`);
  }
  const active = activeRunOf(state, planId);
  if (active !== undefined) {
    if (throughWave <= active.run.throughWave) return { events: [] };
    return { events: [{ type: 'run-extended', runId: active.run.id, by, throughWave }] };
  }
  if (state.runs.has(runId)) return refuse('already-exists', `there is a run ${runId} already`);
  const rival = rivalOf(state, new Set(plan.waves.flatMap((wave) => wave.hosts.map((host) => host.systemId))));
  if (rival !== undefined) {
    return refuse(
      'wrong-state',
      `run ${rival.run.id} is active and has some of the same hypervisors: end or abort it first`,
    );
  }
  return { events: [{ type: 'run-started', runId, planId, by, throughWave }] };
}

export function pauseRun(
  state: LedgerState,
  { runId, by, why }: { readonly runId: string; readonly by: string; readonly why: string },
): Commanded {
  const standing = runStanding(state, runId);
  if (standing === undefined) return noRun(runId);
  if (standing.run.control === 'paused') return { events: [] };
  if (isOver(standing)) return refuse('wrong-state', `run ${runId} is over`);
  return { events: [{ type: 'run-paused', runId, by, why }] };
}

/**
 * Unpauses, and only that: failed hypervisors are not tried again (that is `retryHost`), but they, and those that are
 * unreachable now, no longer count against the budget. Refused while nothing could start.
 */
export function resumeRun(
  state: LedgerState,
  world: World,
  { runId, by }: { readonly runId: string; readonly by: string },
): Commanded {
  const standing = runStanding(state, runId);
  if (standing === undefined) return noRun(runId);
  if (standing.run.control !== 'paused') return refuse('wrong-state', `run ${runId} is not paused`);
  const stuck = stuckInTheWay(state, standing);
  if (stuck !== undefined) return refuse('stuck', stuck);
  const stalled = stalledReason(standing);
  if (stalled !== undefined) return refuse('wrong-state', stalled);
  const lost = runTroubles(state, world, standing).filter(({ kind }) => kind === 'unreachable' || kind === 'unknown');
  const acknowledged = lost.length === 0 ? {} : { acknowledged: lost.map((trouble) => trouble.systemId) };
  return { events: [{ type: 'run-resumed', runId, by, ...acknowledged }] };
}

/** Nothing new starts, ever; what is open comes to rest. */
export function abortRun(
  state: LedgerState,
  { runId, by }: { readonly runId: string; readonly by: string },
): Commanded {
  const standing = runStanding(state, runId);
  if (standing === undefined) return noRun(runId);
  if (standing.run.control === 'aborted') return { events: [] };
  if (standing.done) return refuse('wrong-state', `run ${runId} is done`);
  return { events: [{ type: 'run-aborted', runId, by }] };
}

/**
 * Makes a hypervisor that went back, was refused, was left out or taken back eligible for a new attempt. It unpauses
 * nothing: on a paused run `resumeRun` has to follow.
 */
export function retryHost(
  state: LedgerState,
  { systemId, by }: { readonly systemId: string; readonly by: string },
): Commanded {
  const standing = newestRunWith(state, systemId);
  if (standing === undefined) return refuse('not-found', `${systemId} is in no run that could go on`);
  const { run } = standing;
  const status = standingInRun(standing, systemId)?.status ?? 'todo';
  switch (status) {
    case 'failed':
    case 'left':
    case 'taken-back':
      return { events: [{ type: 'retry-requested', runId: run.id, systemId, by }] };
    case 'todo':
      return { events: [] };
    case 'open':
      return refuse('wrong-state', `${systemId} has an open attempt: wait until it is at rest`);
    case 'stuck':
      return refuse('stuck', `${systemId} is stuck: repair it first (\`shunt host show\`)`);
    case 'committed':
    case 'disputed':
      return refuse('wrong-state', `${systemId} is committed: there is nothing to retry`);
  }
}

/** The run goes on without this hypervisor; it is reported as left out. */
export function leaveHost(
  state: LedgerState,
  { systemId, by, why }: { readonly systemId: string; readonly by: string; readonly why: string },
): Commanded {
  const standing = newestRunWith(state, systemId);
  if (standing === undefined) return refuse('not-found', `${systemId} is in no run that could go on`);
  const status = standingInRun(standing, systemId)?.status ?? 'todo';
  if (status === 'left') return { events: [] };
  if (status === 'todo' || status === 'failed') {
    return { events: [{ type: 'host-left', runId: standing.run.id, systemId, by, why }] };
  }
  return refuse('wrong-state', `${systemId} is ${status}: only one that waits, or that failed, can be left out`);
}

function activeRunOf(state: LedgerState, planId: string): RunStanding | undefined {
  return standingsOf(state).findLast((standing) => standing.plan.id === planId && !isOver(standing));
}

function rivalOf(state: LedgerState, hosts: ReadonlySet<string>): RunStanding | undefined {
  const shares = (standing: RunStanding): boolean =>
    standing.waves.some((one) => one.hosts.some(({ host }) => hosts.has(host.systemId)));
  return standingsOf(state).find((standing) => !isOver(standing) && shares(standing));
}

function newestRunWith(state: LedgerState, systemId: string): RunStanding | undefined {
  return standingsOf(state).findLast(
    (standing) =>
      standing.run.control !== 'aborted' &&
      standing.waves.some((one) => one.hosts.some(({ host }) => host.systemId === systemId)),
  );
}

function standingsOf(state: LedgerState): readonly RunStanding[] {
  return [...state.runs.keys()].flatMap((runId) => runStanding(state, runId) ?? []);
}

function isOver(standing: RunStanding): boolean {
  return standing.done || standing.run.control === 'aborted';
}

function noRun(runId: string): Commanded {
  return refuse('not-found', `there is no run ${runId}`);
}

export function refuse(code: ErrorCode, message: string): Commanded {
  return { refusal: { code, message } };
}
