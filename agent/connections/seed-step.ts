import type { TapMove } from '../../domain/rewire/moves.ts';
import { describeError, isShuntError } from '../../platform/shunt-error.ts';
import { present, type StepHandler } from '../cutover/execution.ts';
import { readLegacyZones } from '../shunt/legacy-firewall.ts';
import { seedConnections } from './seed-connections.ts';
import { leftOut, seedReportText } from './seed-report.ts';

/**
 * The step `seed-connections`. What cannot be copied is told and does not stop the move: a connection that is left out lives on when its
 * guest is the next to speak, or by a grace rule.
 */
export const seedStep: StepHandler = async (step, run) => {
  if (step.kind !== 'seed-connections') return;
  const moves = present(step, run);
  if (moves.length === 0) return;
  try {
    const zones = await readLegacyZones(run.signal);
    const legacyZone = ({ tap, legacy }: TapMove) => zones.get(tap) ?? zones.get(legacy.bridge);
    const deps = { ovs: run.ovs, runDir: run.integration.runDir, legacyZone };
    const report = await seedConnections(moves, step.toward, deps, run.signal);
    run.onConnections?.({ text: seedReportText(report), left: leftOut(report) });
  } catch (error) {
    if (run.signal.aborted || !isShuntError(error)) throw error;
    run.onConnections?.({ text: `open connections could not be copied: ${describeError(error)}` });
  }
};
