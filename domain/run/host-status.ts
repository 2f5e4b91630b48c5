import type { Plan, PlannedHost, PlannedWave } from '../plan.ts';
import { operationsOf } from '../planning/operations.ts';
import { type Operation, wayOf } from '../rewire/places.ts';
import type { WaveState } from '../run-state.ts';
import { type Attempt, type LedgerState, newestAttempt, type RunRecord } from './ledger-state.ts';

/**
 * Where a hypervisor stands in a run. `todo`: may be started (never tried, or a retry was asked for). `failed`: went
 * back or was refused, and waits for a retry. `disputed`: committed although it was to go back, until somebody takes it back or
 * resumes the run. `taken-back`: committed, then taken back by the operator.
 */
export type HostStatus = 'todo' | 'open' | 'committed' | 'disputed' | 'failed' | 'stuck' | 'left' | 'taken-back';

/** A hypervisor's place in one wave: its status, and the operation it is at (or was last at). */
export interface HostStanding {
  readonly host: PlannedHost;
  readonly status: HostStatus;
  readonly operation: Operation;
}

/** Operations are done in order; the first that is not through decides. */
export function hostStanding(state: LedgerState, run: RunRecord, wave: PlannedWave, host: PlannedHost): HostStanding {
  const { systemId } = host;
  const own = operationsOf(wave).filter((operation) => concerns(host, wave, operation));
  const at = (status: HostStatus, operation = own.at(-1) ?? 'cut'): HostStanding => ({ host, status, operation });
  const newest = newestAttempt(state, systemId);
  const here = newest !== undefined && (newest.runId !== run.id || newest.wave === wave.number);
  if (here && newest.outcome === undefined) return at('open', newest.operation ?? 'cut');
  if (here && newest.outcome === 'stuck') return at('stuck', newest.operation ?? 'cut');
  if (run.left.has(systemId)) return at('left');
  for (const operation of own) {
    if (run.skipped.has(skipKey(wave.number, operation, systemId))) continue;
    const status = operationStatus(state, run, { wave, systemId, operation });
    if (status !== 'committed') return at(status, operation);
  }
  return at('committed');
}

interface Doing {
  readonly wave: PlannedWave;
  readonly systemId: string;
  readonly operation: Operation;
}

function operationStatus(state: LedgerState, run: RunRecord, { wave, systemId, operation }: Doing): HostStatus {
  const attempts = state.hosts.get(systemId)?.attempts ?? [];
  const same = attempts.filter((attempt) => (attempt.operation ?? 'cut') === operation);
  const own = same.find((attempt) => attempt.runId === run.id && attempt.wave === wave.number);
  if (own === undefined) return 'todo';
  const last = same.find((attempt) => attempt.outcome === 'committed');
  const undone = last !== undefined && last.epoch > own.epoch && last.direction !== own.direction ? last : undefined;
  if (own.outcome === 'committed' && undone === undefined) return own.disputed === true ? 'disputed' : 'committed';
  const retried = run.retries.get(systemId);
  if (retried !== undefined && retried >= (undone ?? own).epoch) return 'todo'; // a newer attempt has used it up
  return own.outcome === 'committed' || own.undoneByHand === true ? 'taken-back' : 'failed';
}

function concerns({ taps }: PlannedHost, { direction = 'forward' }: PlannedWave, operation: Operation): boolean {
  return taps.some((tap) => wayOf(operation, direction, tap.method ?? 'direct') !== undefined);
}

/** Names what was skipped in `RunRecord.skipped`. */
export function skipKey(wave: number, operation: Operation, systemId: string): string {
  return `${wave}/${operation}/${systemId}`;
}

/** Where a hypervisor stands in a run that has it in several waves: where somebody has to look first. */
export function standingInRun(
  standing: RunStanding,
  systemId: string,
): (HostStanding & { wave: PlannedWave }) | undefined {
  const all = standing.waves.flatMap(({ wave, hosts }) =>
    hosts.filter((one) => one.host.systemId === systemId).map((one) => ({ ...one, wave })),
  );
  const order = ['open', 'stuck', 'failed', 'disputed', 'left', 'taken-back', 'todo', 'committed'] as const;
  return order.flatMap((status) => all.find((one) => one.status === status) ?? [])[0];
}

/** The newest attempt of this run at that hypervisor, in that wave. */
export function newestInWave(state: LedgerState, run: RunRecord, wave: number, systemId: string): Attempt | undefined {
  const attempts = state.hosts.get(systemId)?.attempts;
  return attempts?.find((attempt) => attempt.runId === run.id && attempt.wave === wave);
}

/** Nothing more to do there: the run may pass on. */
export function isSettled(status: HostStatus): boolean {
  return status === 'committed' || status === 'left' || status === 'taken-back';
}

/** One wave with the standing of each of its hypervisors. */
export interface WaveStanding {
  readonly wave: PlannedWave;
  readonly hosts: readonly HostStanding[];
  /** All settled. */
  readonly done: boolean;
  /** Nothing of it is open or to be started: failed ones may remain. The wave of a canary, and one that moves together, is passed only when done. */
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
    const hosts = wave.hosts.map((host) => hostStanding(state, run, wave, host));
    const done = hosts.every((one) => isSettled(one.status));
    const quiet = hosts.every(({ status }) => isSettled(status) || status === 'failed' || status === 'disputed');
    return { wave, hosts, done, passed: done || (quiet && !wave.canary && wave.together !== true) };
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
