import { isDonePhase } from '../domain/attempt/operation-phases.ts';
import type { AttemptMoves } from '../domain/rewire/plan-attempt.ts';
import { remainingMs, sleep, systemClock } from '../platform/clock.ts';
import type { WriteFaults } from '../platform/record-writer.ts';
import { describeError, ShuntError } from '../platform/shunt-error.ts';
import { deadManGraceMs } from './cutover/deadline.ts';
import { type RestoreOutcome, restore } from './cutover/restore.ts';
import { type Host, openHost } from './host/host.ts';
import { openByHand } from './host/open-by-hand.ts';
import { readAttempt } from './journal/attempt-journal.ts';
import type { ReplayedAttempt } from './journal/replay.ts';
import { RevertNotes } from './journal/revert-notes.ts';
import { refuseSuperseded } from './journal/superseded.ts';
import type { WayBack } from './way-back.ts';

export interface RevertRequest {
  readonly epoch: number;
  /**
   * `expired`: only if the attempt is open and past its deadline; waits for that (the dead man). `open`: only if it is open (after a boot). `always`: also when
   * it is committed.
   */
  readonly when: 'expired' | 'open' | 'always';
  /** Who does it, for the notes. */
  readonly by: string;
  /** Other than 30 s in tests. */
  readonly openWithinMs?: number;
  /** What stands in the way of writing notes, in tests. */
  readonly faults?: WriteFaults | undefined;
}

export type RevertResult =
  | { readonly kind: 'nothing-to-do'; readonly why: string }
  | { readonly kind: 'reverted'; readonly leftAlone: readonly { readonly tap: string; readonly why: string }[] }
  | { readonly kind: 'stuck'; readonly why: string; readonly repair: readonly string[] };

const stealTimeoutMs = 30_000;

/**
 * Undoes one attempt from its journal, with Open vSwitch's database and the kernel and nothing else. Takes the agent's lock away from
 * it: from then on its transactions are refused. Safe beside an agent, or another of its kind, that does the same.
 */
export async function revertAttempt(request: RevertRequest, way: WayBack, signal: AbortSignal): Promise<RevertResult> {
  if (request.when === 'expired') await expiry(request.epoch, way, signal);
  const replayed = requireAttempt(way, request.epoch);
  const idle = nothingToDo(replayed, request);
  if (idle !== undefined) return { kind: 'nothing-to-do', why: idle };
  const settings = way.settings(replayed.header.settings, isDonePhase(replayed.attempt.phase));
  const byHand = request.when === 'always';
  await using host = await (byHand
    ? openByHand(settings, { signal, withinMs: request.openWithinMs })
    : openHost(settings, signal));
  await host.ovs.takeLock({ steal: true, signal: AbortSignal.any([signal, AbortSignal.timeout(stealTimeoutMs)]) });
  // Whoever had the lock may have committed, or gone back, until this moment; from now on it cannot.
  const now = requireAttempt(way, request.epoch);
  const since = nothingToDo(now, request);
  if (since !== undefined) return { kind: 'nothing-to-do', why: since };
  refuseSuperseded(way.stateDir, now);
  const { epoch, by, faults } = request;
  const { stateDir } = way;
  const notes = await RevertNotes.begin({ stateDir, epoch, phase: now.attempt.phase, by, faults });
  const outcome = await undo(now, host, signal);
  if (outcome.kind === 'restored') await synced(host, signal);
  return await conclude(outcome, notes, request);
}

/** Waits until the deadline has passed and the living agent has had its time. */
async function expiry(epoch: number, way: WayBack, signal: AbortSignal): Promise<void> {
  // It may be put off while we wait.
  for (;;) {
    const leftMs = remainingMs(requireAttempt(way, epoch).deadline, systemClock.now());
    if (leftMs <= 0) return;
    await sleep(leftMs + deadManGraceMs, signal);
  }
}

function requireAttempt({ stateDir }: WayBack, epoch: number): ReplayedAttempt {
  const replayed = readAttempt(stateDir, epoch);
  if (replayed !== undefined) return replayed;
  throw new ShuntError(
    'not-found',
    `there is no journal of attempt ${epoch} in ${stateDir}: nothing was touched by it`,
  );
}

function nothingToDo({ attempt }: ReplayedAttempt, { when }: RevertRequest): string | undefined {
  if (attempt.phase === 'reverted') return `attempt ${attempt.epoch} has gone back already`;
  if (attempt.phase === 'prepared') return `attempt ${attempt.epoch} was never armed: nothing was touched by it`;
  if (isDonePhase(attempt.phase) && when !== 'always') return `attempt ${attempt.epoch} is ${attempt.phase}`;
  return undefined;
}

function undo({ header }: ReplayedAttempt, host: Host, signal: AbortSignal): Promise<RestoreOutcome> {
  const { epoch, operation = 'cut', direction } = header.grant;
  const request: AttemptMoves = { epoch, operation, direction, moves: header.moves };
  const nothing = () => undefined;
  return restore(
    request,
    { ...host, clock: systemClock, checkpoint: nothing, onStage: nothing, onGone: nothing },
    signal,
  );
}

/** Guests are back already: a disk that does not take it must not make that a failure. */
async function synced({ ovs }: Host, signal: AbortSignal): Promise<void> {
  try {
    await ovs.sync(signal);
  } catch (error) {
    console.error(`shunt-agent: Open vSwitch's database is not synced: ${describeError(error)}`);
  }
}

/** The lock is held until that is written: whoever has it next reads it. */
async function conclude(
  outcome: RestoreOutcome,
  notes: RevertNotes,
  { by, when }: RevertRequest,
): Promise<RevertResult> {
  if (outcome.kind === 'failed') {
    await notes.end({ type: 'revert-failed', why: outcome.why, repair: outcome.repair });
    return { kind: 'stuck', why: outcome.why, repair: outcome.repair };
  }
  const why = `reverted by ${by}`;
  // Beside an agent that may be at it still, somebody has to look again. After a boot there is none.
  await notes.end(when === 'open' ? { format: 1, type: 'resolved', rest: 'from', why } : { type: 'revert-done', why });
  return { kind: 'reverted', leftAlone: outcome.leftAlone };
}
