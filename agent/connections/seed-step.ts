import type { TapMove } from '../../domain/rewire/moves.ts';
import { describeError, isShuntError } from '../../platform/shunt-error.ts';
import { type Execution, present, type StepHandler } from '../cutover/execution.ts';
import { readLegacyZones } from '../shunt/legacy-firewall.ts';
import { seedConnections } from './seed-connections.ts';
import { leftOut, seedReportText } from './seed-report.ts';

/**
 * The step `seed-connections`. What cannot be copied is told and does not stop the move: a connection that is left out lives on when its
 * guest is the next to speak, or by a grace rule.
 */
export const seedStep: StepHandler = async (step, run) => {
  if (step.kind === 'seed-connections') await copy(present(step, run), { toward: step.toward }, run);
};

/**
 * Performs what makes OVN let ports go and claim them anew. It empties a port's zone then: meanwhile the legacy firewall's table
 * keeps what it knew.
 */
export async function keepConnections(
  moves: readonly TapMove[],
  run: Execution,
  reclaim: () => Promise<void>,
): Promise<void> {
  await copy(moves, { toward: 'legacy' }, run);
  await reclaim();
  await copy(moves, { toward: 'target', onPath: true }, run);
}

interface Way {
  readonly toward: 'target' | 'legacy';
  readonly onPath?: boolean;
}

async function copy(moves: readonly TapMove[], { toward, onPath = false }: Way, run: Execution): Promise<void> {
  if (moves.length === 0) return;
  try {
    const zones = await readLegacyZones(run.signal);
    const legacyZone = ({ tap, legacy }: TapMove) => zones.get(tap) ?? zones.get(legacy.bridge);
    const deps = { ovs: run.ovs, runDir: run.integration.runDir, legacyZone, onPath };
    const report = await seedConnections(moves, toward, deps, run.signal);
    run.onConnections?.({ text: seedReportText(report), left: leftOut(report) });
  } catch (error) {
    if (run.signal.aborted || !isShuntError(error)) throw error;
    run.onConnections?.({ text: `open connections could not be copied: ${describeError(error)}` });
  }
}
