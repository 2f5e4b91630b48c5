import type { Plan, PlannedHost, PlannedWave } from '../plan.ts';
import type { WaveState } from '../run-state.ts';
import { type Attempt, type LedgerState, newestAttempt, type RunRecord } from './ledger-state.ts';

/**
 * Where a hypervisor stands in a run. `todo`: may be started (never tried, or a retry was asked for). `failed`: went
 * back or was refused, and waits for a retry. `taken-back`: committed, then taken back by the operator.
 */
export type HostStatus = 'todo' | 'open' | 'committed' | 'failed' | 'stuck' | 'left' | 'taken-back';

export function hostStatus(state: LedgerState, run: RunRecord, systemId: string): HostStatus {
  const newest = newestAttempt(state, systemId);
  if (newest !== undefined && newest.outcome === undefined) return 'open';
  if (newest?.outcome === 'stuck') return 'stuck';
  if (run.left.has(systemId)) return 'left';
  const own = newestForward(state, run, systemId);
  if (own === undefined || run.retries.get(systemId) === newest?.epoch) return 'todo';
  if (own.outcome !== 'committed') return 'failed';
  return newest?.direction === 'back' && newest.outcome === 'committed' ? 'taken-back' : 'committed';
}

/** The newest attempt of this run at that hypervisor. */
export function newestForward(state: LedgerState, run: RunRecord, systemId: string): Attempt | undefined {
  return state.hosts.get(systemId)?.attempts.find((attempt) => attempt.runId === run.id);
}

/** Nothing more to do there: the run may pass on. */
export function isSettled(status: HostStatus): boolean {
  return status === 'committed' || status === 'left' || status === 'taken-back';
}

/** One wave with the standing of each of its hypervisors. */
export interface WaveStanding {
  readonly wave: PlannedWave;
  readonly hosts: readonly { readonly host: PlannedHost; readonly status: HostStatus }[];
  /** All settled. */
  readonly done: boolean;
  /** Nothing of it is open or to be started: failed ones may remain. A canary's wave is passed only when done. */
  readonly passed: boolean;
}

export interface RunStanding {
  readonly run: RunRecord;
  readonly plan: Plan;
  readonly waves: readonly WaveStanding[];
  /** Number of the first wave that is not passed; undefined when all are. */
  readonly current?: number;
  readonly done: boolean;
}

const standings = new WeakMap<LedgerState, Map<string, RunStanding>>();

/** Where a run stands. Computed once for a state: a state never changes. */
export function runStanding(state: LedgerState, runId: string): RunStanding | undefined {
  const known = standings.get(state) ?? new Map<string, RunStanding>();
  standings.set(state, known);
  const found = known.get(runId) ?? computeStanding(state, runId);
  if (found !== undefined) known.set(runId, found);
  return found;
}

function computeStanding(state: LedgerState, runId: string): RunStanding | undefined {
  const run = state.runs.get(runId);
  const plan = run && state.plans.get(run.planId);
  if (run === undefined || plan === undefined) return undefined;
  const waves = plan.waves.map((wave): WaveStanding => {
    const hosts = wave.hosts.map((host) => ({ host, status: hostStatus(state, run, host.systemId) }));
    const done = hosts.every((one) => isSettled(one.status));
    const quiet = hosts.every((one) => isSettled(one.status) || one.status === 'failed');
    return { wave, hosts, done, passed: done || (quiet && !wave.canary) };
  });
  const current = waves.find((wave) => !wave.passed)?.wave.number;
  return {
    run,
    plan,
    waves,
    ...(current === undefined ? {} : { current }),
    done: waves.every((wave) => wave.done),
  };
}

/** Runs that may still start something, now or after somebody's word; oldest first. */
export function activeRuns(state: LedgerState): readonly RunStanding[] {
  return [...state.runs.values()].flatMap((run) => {
    if (run.control === 'aborted') return [];
    const standing = runStanding(state, run.id);
    return standing === undefined || standing.done ? [] : [standing];
  });
}

/** `pending`: allowed to do nothing more until `run-extended` names a further wave. */
export function runStateOf(standing: RunStanding): WaveState {
  const { run, current, done } = standing;
  if (done) return 'done';
  if (run.control !== 'running') return run.control;
  return current === undefined || current <= run.throughWave ? 'running' : 'pending';
}

/** True while nothing is open and nothing will start without somebody's word; the end of `wave start --wait`. */
export function runResting(state: LedgerState, runId: string): boolean {
  const standing = runStanding(state, runId);
  if (standing === undefined) return true;
  const anyOpen = standing.waves.some((wave) => wave.hosts.some((one) => one.status === 'open'));
  return !anyOpen && runStateOf(standing) !== 'running';
}
