import { isOpen } from '../../domain/phases.ts';
import { describeError, isShuntError } from '../../platform/shunt-error.ts';
import { journaledEpochs, readAttempt, readReverts } from './attempt-journal.ts';
import type { RevertRecord } from './journal-records.ts';
import type { ReplayedAttempt } from './replay.ts';

/** An attempt of this host that is not at rest, as its journal tells. */
export interface Trouble {
  readonly epoch: number;
  readonly state: 'open' | 'stuck' | 'unreadable';
  /** Its phase, or why it cannot be read. */
  readonly phase: string;
  /** Absent: it cannot be read. */
  readonly replayed?: ReplayedAttempt;
}

/**
 * Every attempt that never came to rest, oldest first. Only the newest can be under way: what is older was left behind when a journal could not be read or
 * written, and waits for somebody's word.
 */
export function readTroubles(stateDir: string): readonly Trouble[] {
  return journaledEpochs(stateDir).flatMap((epoch) => troubleOf(stateDir, epoch) ?? []);
}

export function troubleOf(stateDir: string, epoch: number): Trouble | undefined {
  try {
    const replayed = readAttempt(stateDir, epoch);
    if (replayed === undefined) return undefined; // no good first line: nothing was touched
    const { phase } = replayed.attempt;
    if (phase === 'stuck') return { epoch, state: 'stuck', phase, replayed };
    return isOpen(phase) ? { epoch, state: 'open', phase, replayed } : undefined;
  } catch (error) {
    if (!isShuntError(error)) throw error;
    return unreadable(stateDir, epoch, describeError(error));
  }
}

/** What was written beside it says more: a revert of it may have failed, or an operator have looked after it, whatever is left of the journal. */
function unreadable(stateDir: string, epoch: number, why: string): Trouble | undefined {
  const last = lastNote(stateDir, epoch);
  if (last?.type === 'resolved') return undefined;
  if (last?.type === 'revert-failed')
    return { epoch, state: 'stuck', phase: `stuck, and its journal cannot be read: ${why}` };
  return { epoch, state: 'unreadable', phase: why };
}

function lastNote(stateDir: string, epoch: number): RevertRecord | undefined {
  try {
    return readReverts(stateDir, epoch).at(-1);
  } catch (error) {
    if (!isShuntError(error)) throw error;
    return undefined;
  }
}

/** For people: what is the matter with it, and what to do. */
export function troubleText({ epoch, state, phase }: Trouble): string {
  const hint = `when the taps of this host are in their places: shunt host resolve HOST, or shunt-agent resolve --attempt ${epoch} here`;
  switch (state) {
    case 'stuck':
      return `attempt ${epoch} is stuck: shunt-agent journal show --attempt ${epoch} prints the repair; ${hint}`;
    case 'open':
      return `attempt ${epoch} never came to rest (${phase}); ${hint}`;
    case 'unreadable':
      return `the journal of attempt ${epoch} cannot be read (${phase}): nobody takes its taps back. Look at the taps of this host yourself; when they are in their places: shunt-agent resolve --attempt ${epoch} --force here, then shunt host resolve HOST`;
  }
}
