import type { LedgerEvent } from '../ledger-events.ts';
import type { PlannedHost, PlannedWave } from '../plan.ts';
import { operationsOf } from '../planning/operations.ts';
import { type RunStanding, runStanding } from './host-status.ts';
import type { LedgerState } from './ledger-state.ts';
import { replay } from './reduce.ts';

/**
 * A canary at which there was nothing left to do has shown nothing, and the next wave would be the first to show anything: the run pauses in the
 * same moment in which it is passed over. Whoever resumes then goes on without one; so does whoever leaves it out (`shunt host leave`). A way back waits
 * for nobody: it leads to where everything was.
 */
export function canaryUnproven(
  state: LedgerState,
  { run, current }: RunStanding,
  events: readonly LedgerEvent[],
): readonly LedgerEvent[] {
  if (!events.some(({ type }) => type === 'host-left' || type === 'operation-skipped')) return [];
  const entries = events.map((event, index) => ({ seq: state.seq + 1 + index, at: '', event }));
  const then = replay(state, entries);
  const standing = runStanding(then, run.id);
  const found = standing?.waves.find(({ wave }) => wave.number === current);
  if (standing === undefined || found === undefined || standing.done || !found.wave.canary || !found.done) return [];
  if (found.wave.direction === 'back') return [];
  if (found.hosts.some(({ host }) => hasMoved(then, run.id, { wave: found.wave, host }))) return [];
  const names = found.hosts.map(({ host }) => host.hostname).join(', ');
  const why = `canary ${names} has nothing to move any more, so nothing was tried: plan again with another, or resume without one`;
  return [{ type: 'run-paused', runId: run.id, by: 'shunt', why }];
}

interface Member {
  readonly wave: PlannedWave;
  readonly host: PlannedHost;
}

/** An operation of this wave was committed there, in this run, or the newest at its last one was in any: and planned taps were led by it. */
function hasMoved({ hosts }: LedgerState, runId: string, { wave, host: { systemId, taps } }: Member): boolean {
  const attempts = hosts.get(systemId)?.attempts ?? [];
  const last = operationsOf(wave).at(-1) ?? 'cut';
  const own = attempts.filter((attempt) => attempt.runId === runId && attempt.wave === wave.number);
  const newest = attempts.find(({ operation = 'cut' }) => operation === last);
  const planned = new Set(taps.map(({ portId }) => portId));
  return [...own, ...(newest === undefined ? [] : [newest])].some(
    ({ outcome, direction, taps: led }) =>
      outcome === 'committed' && direction === 'forward' && led.some(({ portId }) => planned.has(portId)),
  );
}
