import type { RewireFacts, TapMove } from '../../domain/rewire/moves.ts';
import { judgeRestore, type RestoreRequest, repairCommands, restoreSteps } from '../../domain/rewire/plan-restore.ts';
import type { RestoreCase } from '../../domain/rewire/restore-case.ts';
import type { RewireStep } from '../../domain/rewire/steps.ts';
import { sleep } from '../../platform/clock.ts';
import { describeError, isShuntError } from '../../platform/shunt-error.ts';
import { readFacts } from '../host/read-facts.ts';
import type { ExecutorDependencies } from './execution.ts';
import { execute } from './rewire-executor.ts';

export type RestoreOutcome =
  | { readonly kind: 'restored'; readonly leftAlone: readonly { readonly tap: string; readonly why: string }[] }
  | { readonly kind: 'failed'; readonly why: string; readonly repair: readonly string[] };

const roundsMax = 6;
const roundPauseMs = 250;
const batchSize = 8;
/** A lock that somebody else's revert took is waited for this long. */
const lockWaitMs = 60_000;
/** Open vSwitch's database is waited for this long in each round; after the last one the way back has failed, and is told. */
const reachWaitMs = 30_000;

/**
 * Looks at what is there, takes back what this attempt changed and nothing else, and looks again; a few rounds, since another `revert`
 * may be at it too, and each is right alone. Needs journal, OVSDB and kernel only.
 */
export async function restore(
  request: RestoreRequest,
  deps: ExecutorDependencies,
  signal: AbortSignal,
): Promise<RestoreOutcome> {
  let why = '';
  let cases: readonly RestoreCase[] = [];
  for (let round = 1; round <= roundsMax; round += 1) {
    try {
      await ensureLock(deps, signal);
      await deps.ovs.flush(AbortSignal.any([signal, AbortSignal.timeout(reachWaitMs)]));
      cases = judgeRestore(request, currentFacts(deps));
      if (round > 1 && !cases.some(isAway)) return restored(cases);
      const errors = await executeBatches(restoreSteps(cases, request.direction, batchSize), deps, signal);
      why = errors.join('; ');
      cases = judgeRestore(request, currentFacts(deps));
      if (errors.length === 0 && !cases.some(isAway)) return restored(cases);
    } catch (error) {
      why = describeError(error);
    }
    if (round < roundsMax) await sleep(roundPauseMs * round, signal);
  }
  const repair = repairCommands(cases.length > 0 ? cases : request.moves.map(asAway), request.direction);
  return { kind: 'failed', why: why === '' ? 'taps are not where they were' : why, repair };
}

async function ensureLock(deps: ExecutorDependencies, signal: AbortSignal): Promise<void> {
  if (deps.ovs.lockHeld) return;
  await deps.ovs.takeLock({ steal: false, signal: AbortSignal.any([signal, AbortSignal.timeout(lockWaitMs)]) });
}

function currentFacts(deps: ExecutorDependencies): RewireFacts {
  return readFacts(deps.ovs, deps.netlink.links());
}

/** One batch's failure must not keep the guests of the next from coming back. */
async function executeBatches(
  steps: readonly RewireStep[],
  deps: ExecutorDependencies,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const errors: string[] = [];
  for (const batch of Map.groupBy(steps, (step) => step.batch).values()) {
    try {
      await execute(batch, signal, deps);
    } catch (error) {
      signal.throwIfAborted();
      errors.push(describeError(error));
      if (isShuntError(error, 'lock-lost')) break;
    }
  }
  return errors;
}

function isAway(found: RestoreCase): boolean {
  return found.kind === 'return' || found.kind === 'rejoin' || found.kind === 'release';
}

function asAway(move: TapMove): RestoreCase {
  return { kind: 'return', move };
}

function restored(cases: readonly RestoreCase[]): RestoreOutcome {
  const leftAlone = cases.flatMap((found) =>
    found.kind === 'leave-alone' ? [{ tap: found.move.tap, why: found.why }] : [],
  );
  return { kind: 'restored', leftAlone };
}
