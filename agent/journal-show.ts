import { readRecords } from '../platform/records.ts';
import { isShuntError } from '../platform/shunt-error.ts';
import { journaledEpochs, journalPath, readAttempt } from './journal/attempt-journal.ts';

export interface JournalShowRequest {
  readonly stateDir: string;
  /** Absent: one line an attempt. */
  readonly epoch?: number;
  readonly output: 'text' | 'json';
}

/** Prints what the journal holds: all attempts, or every record of one. */
export function showJournal({ stateDir, epoch, output }: JournalShowRequest, print: (line: string) => void): void {
  if (epoch !== undefined) {
    for (const record of readRecords(journalPath(stateDir, epoch), { onCorruption: 'stop' }).records) {
      print(output === 'json' ? JSON.stringify(record) : recordText(record));
    }
    return;
  }
  for (const known of journaledEpochs(stateDir))
    print(output === 'json' ? JSON.stringify(summary(stateDir, known)) : summaryText(stateDir, known));
}

function recordText(record: Readonly<Record<string, unknown>>): string {
  const { type, ...rest } = record;
  const text = JSON.stringify(rest);
  return `${String(type).padEnd(10)} ${text.length > 400 ? `${text.slice(0, 400)}…` : text}`;
}

function summary(stateDir: string, epoch: number) {
  try {
    const replayed = readAttempt(stateDir, epoch);
    if (replayed === undefined) return { epoch, phase: 'empty', direction: '', taps: 0, deadline: '' };
    const { header, attempt } = replayed;
    const deadline = new Date(header.deadline.wallMs).toISOString();
    return {
      epoch,
      phase: attempt.phase,
      direction: attempt.direction,
      taps: header.moves.length,
      deadline,
      why: attempt.why,
      repair: attempt.repair,
    };
  } catch (error) {
    if (!isShuntError(error)) throw error;
    return { epoch, phase: 'unreadable', direction: '', taps: 0, deadline: '', why: error.message };
  }
}

function summaryText(stateDir: string, epoch: number): string {
  const { phase, direction, taps, deadline, why } = summary(stateDir, epoch);
  return `${epoch} ${direction} ${phase}, ${taps} taps, deadline ${deadline}${why === undefined ? '' : `: ${why}`}`;
}
