import { isDonePhase } from '../../domain/attempt/operation-phases.ts';
import type { Phase } from '../../domain/phases.ts';
import type { Logger } from '../../platform/log.ts';
import type { RecordWriter, WriteFaults } from '../../platform/record-writer.ts';
import { describeError, isShuntError, ShuntError } from '../../platform/shunt-error.ts';
import { openRevertNotes, readReverts } from './attempt-journal.ts';
import type { RevertRecord } from './journal-records.ts';

interface Beginning {
  readonly epoch: number;
  readonly phase: Phase;
  readonly by: string;
  readonly faults?: WriteFaults | undefined;
}

/**
 * Writes down that a revert begins. A full disk must not keep guests from coming back: what is open goes back without notes, as its agent would have
 * it. What is done the agent keeps in its place until it reads otherwise: `journal-failed`, and nothing may be moved.
 */
export function beginRevertNotes(stateDir: string, { epoch, phase, by, faults }: Beginning): RecordWriter | undefined {
  let notes: RecordWriter | undefined;
  try {
    notes = openRevertNotes(stateDir, epoch, faults);
    notes.append({ format: 1, type: 'revert-began', by });
    notes.sync();
  } catch (cause) {
    if (isDonePhase(phase)) {
      notes?.[Symbol.dispose]();
      const doing = `writing down that attempt ${epoch}, which is ${phase}, is taken back (nothing was moved; make room in ${stateDir} and try again)`;
      throw new ShuntError('journal-failed', doing, { cause });
    }
    console.error(`shunt-agent: going on without notes: ${describeError(cause)}`);
  }
  return notes;
}

/** What somebody else wrote beside the journal. Where it cannot be read that is told, and nothing is known. */
export function notesOf(stateDir: string, epoch: number, logger: Pick<Logger, 'error'>): readonly RevertRecord[] {
  try {
    return readReverts(stateDir, epoch);
  } catch (error) {
    if (!isShuntError(error)) throw error;
    logger.error({ epoch, code: error.code }, describeError(error));
    return [];
  }
}
