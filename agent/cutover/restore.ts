import type { RewireFacts } from '../../domain/rewire/moves.ts';
import {
  type AttemptMoves,
  isRestored,
  leftAloneIn,
  type RestoreView,
  viewRepair,
  viewRestore,
  viewSteps,
} from '../../domain/rewire/plan-attempt.ts';
import type { RewireStep } from '../../domain/rewire/steps.ts';
import { sleep } from '../../platform/clock.ts';
import { describeError, isShuntError } from '../../platform/shunt-error.ts';
import { readFacts } from '../host/read-facts.ts';
import type { ExecutorDependencies } from './execution.ts';
import { dropStaleFlows } from './overlapping-flows.ts';
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
  request: AttemptMoves,
  deps: ExecutorDependencies,
  signal: AbortSignal,
): Promise<RestoreOutcome> {
  let why = '';
  let view: RestoreView | undefined;
  for (let round = 1; round <= roundsMax; round += 1) {
    try {
      await ensureLock(deps, signal);
      await deps.ovs.flush(AbortSignal.any([signal, AbortSignal.timeout(reachWaitMs)]));
      view = viewRestore(request, currentFacts(request, deps));
      if (round > 1 && isRestored(view)) return await restored(view, request, deps, signal);
      const errors = await executeBatches(viewSteps(view, request, batchSize), deps, signal);
      why = errors.join('; ');
      view = viewRestore(request, currentFacts(request, deps));
      if (errors.length === 0 && isRestored(view)) return await restored(view, request, deps, signal);
    } catch (error) {
      why = describeError(error);
    }
    if (round < roundsMax) await sleep(roundPauseMs * round, signal);
  }
  signal.throwIfAborted(); // broken off in its last round: whoever did goes on, and what became of this one says nothing
  return {
    kind: 'failed',
    why: why === '' ? 'taps are not where they were' : why,
    repair: viewRepair(view, request),
  };
}

async function ensureLock(deps: ExecutorDependencies, signal: AbortSignal): Promise<void> {
  if (deps.ovs.lockHeld) return;
  await deps.ovs.takeLock({ steal: false, signal: AbortSignal.any([signal, AbortSignal.timeout(lockWaitMs)]) });
}

function currentFacts({ moves }: AttemptMoves, deps: ExecutorDependencies): RewireFacts {
  return readFacts(deps.ovs, deps.netlink.links(), moves);
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

async function restored(
  view: RestoreView,
  { moves }: AttemptMoves,
  deps: ExecutorDependencies,
  signal: AbortSignal,
): Promise<RestoreOutcome> {
  await dropStaleFlows(moves, deps, signal);
  return { kind: 'restored', leftAlone: leftAloneIn(view) };
}
