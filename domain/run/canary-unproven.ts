import type { LedgerEvent } from '../ledger-events.ts';
import type { PlannedHost, PlannedWave } from '../plan.ts';
import { operationsOf } from '../planning/operations.ts';
import { type RunStanding, runStanding } from './host-status.ts';
import type { LedgerState } from './ledger-state.ts';
import { replay } from './reduce.ts';

/**
 * A canary at which there was nothing left to do has shown nothing, and the next wave would be the first to show anything: the run pauses in the
 * same moment in which it is passed over. Whoever resumes then goes on without one; so does whoever leaves it out (`shunt host leave`).
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
  if (found.hosts.some(({ host }) => hasMoved(then, found.wave, host))) return [];
  const names = found.hosts.map(({ host }) => host.hostname).join(', ');
  const why = `canary ${names} has nothing to move any more, so nothing was tried: plan again with another, or resume without one`;
  return [{ type: 'run-paused', runId: run.id, by: 'shunt', why }];
}

/** The newest attempt at the wave's last operation there, of whatever run, led planned taps where the wave leads. */
function hasMoved({ hosts }: LedgerState, wave: PlannedWave, { systemId, taps }: PlannedHost): boolean {
  const last = operationsOf(wave).at(-1) ?? 'cut';
  const newest = hosts.get(systemId)?.attempts.find(({ operation = 'cut' }) => operation === last);
  if (newest?.outcome !== 'committed' || newest.direction !== (wave.direction ?? 'forward')) return false;
  const planned = new Set(taps.map(({ portId }) => portId));
  return newest.taps.some(({ portId }) => planned.has(portId));
}
