import type { TapMove } from '../../domain/rewire/moves.ts';
import { describeError, isShuntError, ShuntError } from '../../platform/shunt-error.ts';
import { type Execution, present, type StepHandler } from '../cutover/execution.ts';
import { looksAtBridges, readLegacyZones } from '../shunt/legacy-firewall.ts';
import { renewLegacy } from './renew-legacy.ts';
import { seedConnections } from './seed-connections.ts';
import { leftOut, seedReportText } from './seed-report.ts';

const copyBackTimeoutMs = 2_000;
/** Guests are reached already, and the proof of life waits. */
const copyOnPathTimeoutMs = 5_000;
/** What has been forgotten is told anew within this, on a way back as well, where nobody else bounds it. */
const chunkTimeoutMs = 10_000;

/**
 * The step `seed-connections`. What cannot be copied is told and does not stop the move: a connection that is left out lives on when its
 * guest is the next to speak, or by a grace rule.
 */
export const seedStep: StepHandler = async (step, run) => {
  if (step.kind !== 'seed-connections') return;
  const moves = present(step, run);
  if (step.toward === 'legacy') await copyBack(moves, run, step.renewOnly ?? false);
  else if (step.onPath) await copy(moves, { ...alreadyOnPath, limit: AbortSignal.timeout(onPathMs(run)) }, run);
  else await copy(moves, { toward: 'target' }, run);
};

/** The proof of life has its time too. */
function onPathMs({ leftMs }: Execution): number {
  const left = leftMs?.() ?? Number.POSITIVE_INFINITY;
  return Math.max(0, Math.floor(Math.min(copyOnPathTimeoutMs, left / 4))); // AbortSignal.timeout takes whole numbers only
}

/**
 * Guests come back when OVN may be what is broken: this must not keep them. The legacy firewall sees all that passes a shunt's bridge: what
 * it does not know of those guests it has ended itself, when a rule went, and must not be told of again.
 */
async function copyBack(moves: readonly TapMove[], run: Execution, renewOnly: boolean): Promise<void> {
  const unseen = looksAtBridges() ? moves.filter(({ shunt }) => shunt === undefined) : moves;
  if (unseen.length === 0) return;
  await renew(unseen, run);
  if (!renewOnly) await copy(unseen, { toward: 'legacy', limit: AbortSignal.timeout(copyBackTimeoutMs) }, run);
}

/** Streams may die without it, guests stay dark if it failed: so whatever is wrong, and however long it would take, it is told and the way back goes on. */
async function renew(moves: readonly TapMove[], run: Execution): Promise<void> {
  const signal = AbortSignal.any([run.signal, AbortSignal.timeout(copyBackTimeoutMs)]);
  try {
    const zones = await knownZones(signal);
    await renewLegacy(moves, ({ tap, legacy }) => zones.get(tap) ?? zones.get(legacy.bridge), signal);
  } catch (error) {
    if (run.signal.aborted) throw error;
    run.onConnections?.({ text: `the legacy firewall may drop what it knew before: ${describeError(error)}` });
  }
}

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
  await copy(moves, alreadyOnPath, run);
}

/** A host without iptables has no zones of its rules: what it tracks is in zone 0, or in zones that only its grace covers. */
export async function knownZones(signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  try {
    return await readLegacyZones(signal);
  } catch (error) {
    if (error instanceof ShuntError && isMissingProgram(error.cause)) return new Map();
    throw error; // there may be zones: another zone's connections would be copied in their place
  }
}

function isMissingProgram(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}

interface Way {
  readonly toward: 'target' | 'legacy';
  readonly onPath?: boolean;
  readonly limit?: AbortSignal;
}

const alreadyOnPath = { toward: 'target', onPath: true } as const satisfies Way;

async function copy(moves: readonly TapMove[], { toward, onPath = false, limit }: Way, run: Execution): Promise<void> {
  if (moves.length === 0) return;
  const signal = limit === undefined ? run.signal : AbortSignal.any([run.signal, limit]);
  const chunkSignal =
    limit === undefined ? run.signal : AbortSignal.any([run.signal, AbortSignal.timeout(chunkTimeoutMs)]);
  try {
    const zones = await knownZones(signal);
    const legacyZone = ({ tap, legacy }: TapMove) => zones.get(tap) ?? zones.get(legacy.bridge);
    const deps = { ovs: run.ovs, runDir: run.integration.runDir, legacyZone, onPath, chunkSignal };
    const report = await seedConnections(moves, toward, deps, signal);
    run.onConnections?.({ text: seedReportText(report), left: leftOut(report) });
  } catch (error) {
    if (run.signal.aborted || (limit === undefined && !isShuntError(error))) throw error;
    run.onConnections?.({ text: `open connections could not be copied: ${describeError(error)}` });
  }
}
