import type { AttemptEvent } from '../../domain/attempt/attempt-machine.ts';
import { isOpen, type Phase } from '../../domain/phases.ts';
import type { RevertRecord } from './journal-records.ts';

/** Why an open attempt goes back when somebody has had the lock, whatever they wrote down. */
export const lockTaken = 'somebody took the lock of this agent';

/** What a note of somebody else means to an attempt. One that was cut short is gone on with by whoever reads it. */
export function elsewhere(note: Exclude<RevertRecord, { type: 'resolved' }>): AttemptEvent {
  switch (note.type) {
    case 'revert-began':
      return { type: 'revert-began-elsewhere', why: `${note.by} began to take it back and did not come to the end` };
    case 'revert-done':
      return { type: 'reverted-elsewhere', why: note.why };
    case 'revert-failed':
      return { type: 'revert-failed-elsewhere', why: note.why, repair: note.repair };
  }
}

/** The same to an agent that lives, and has this attempt in this phase. */
export function answerTo(note: RevertRecord, phase: Phase): AttemptEvent {
  if (note.type === 'resolved') {
    const { rest, why } = note;
    return phase === 'stuck' || rest === 'to' ? { type: 'resolved', rest, why } : { type: 'reverted-elsewhere', why };
  }
  // What we were at ourselves we take back ourselves: they may have failed for want of what we have.
  if (note.type === 'revert-failed' && isOpen(phase)) return { type: 'revert-word', why: lockTaken };
  return elsewhere(note);
}
