import { isOpen } from '../../domain/phases.ts';
import { deadlineAfter, remainingMs } from '../../platform/clock.ts';
import { describeError, ShuntError } from '../../platform/shunt-error.ts';
import type { DeadMan, JournalRecord } from '../journal/journal-records.ts';
import type { AttemptWork } from './attempt-context.ts';
import { armDeadMan, disarmDeadMan } from './dead-man.ts';

/** The living agent goes first: the dead man gives it this much after the deadline. */
export const deadManGraceMs = 1_500;
/** The dead man of an open attempt is looked after this often. */
export const deadManLookMs = 500;
/** A deadline that is put off is put off by the soak and this, and never by more than the attempt was given at first. */
const extensionMs = 10_000;

/** Sets a dead man who goes back when so much time has passed, and the living agent had its own. */
export function deadManAfter({ context, grant }: AttemptWork, leftMs: number): Promise<DeadMan> {
  const argv = context.revertCommand(grant.epoch);
  return armDeadMan({ kind: context.deadMan, epoch: grant.epoch, afterMs: leftMs + deadManGraceMs, argv });
}

/**
 * Puts the deadline off. The new one counts from when it is in the journal: a dead man who comes at the old one reads it there and waits; where it
 * cannot be written, or no other dead man be had, the attempt goes back.
 */
export async function extend(work: AttemptWork): Promise<void> {
  const { context, grant, deadMan: former, deadline: old } = work;
  const now = context.clock.now();
  const forMs = Math.min(grant.deadlineMs, grant.soakMs + extensionMs);
  const leftMs = old === undefined ? 0 : remainingMs(old, now);
  const deadline = deadlineAfter(Math.max(forMs, leftMs), now);
  const next = await deadManAfter(work, remainingMs(deadline, context.clock.now()));
  try {
    record(work, { type: 'dead-man', deadMan: next });
    work.deadMan = next;
    work.post({ type: 'extended', deadline });
  } finally {
    if (!work.attempt.extended) await disarm(work, next); // it goes back, and the former answers for it
  }
  if (!work.attempt.extended) {
    work.deadMan = former;
    return;
  }
  work.deadline = deadline;
  work.watchDeadline();
  context.onState(work);
  // Not waited for: what is put off is time to look, and a bus that hangs would eat it.
  if (former !== undefined) void disarm(work, former);
}

/** Ends a dead man of this attempt, or tells why not. */
export function disarm({ context, grant }: AttemptWork, deadMan: DeadMan): Promise<void> {
  return disarmDeadMan(deadMan, (message) => context.logger.warn({ epoch: grant.epoch }, message));
}

/** The dead man of an open attempt is gone, and nobody of us ended him: another one, or the way back. */
export async function armAnew(work: AttemptWork): Promise<void> {
  const { context, grant, deadline } = work;
  const leftMs = deadline === undefined ? 0 : remainingMs(deadline, context.clock.now());
  if (leftMs <= 0) return; // whoever goes first goes back
  const message = `the dead man of attempt ${grant.epoch} was ended by somebody`;
  try {
    const deadMan = await deadManAfter(work, leftMs);
    if (!isOpen(work.attempt.phase)) return await disarm(work, deadMan); // it has come to rest meanwhile
    work.deadMan = deadMan;
    record(work, { type: 'dead-man', deadMan });
    tell(work, `${message}: another one is armed`);
  } catch (error) {
    tell(work, `${message}, and another one cannot be had: going back`);
    work.post({ type: 'step-failed', code: 'deadman-failed', why: `${message}: ${describeError(error)}` });
  }
}

function record({ journal, grant }: AttemptWork, line: JournalRecord): void {
  if (journal === undefined) throw new ShuntError('journal-failed', `attempt ${grant.epoch} has no journal`);
  journal.append(line);
}

function tell({ context, grant }: AttemptWork, message: string): void {
  const host = context.host.identity.systemId;
  context.onFinding({ kind: 'dead-man-gone', severity: 'warning', host, message }, grant.epoch);
}
