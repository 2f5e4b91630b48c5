import { existsSync } from 'node:fs';
import { type JsonRecord, readRecords } from '../platform/records.ts';
import { describeError, isShuntError, ShuntError } from '../platform/shunt-error.ts';
import { journaledEpochs, journalPath, readAttempt, revertPath } from './journal/attempt-journal.ts';
import { troubleOf } from './journal/troubles.ts';

export interface JournalShowRequest {
  readonly stateDir: string;
  /** Absent: one line an attempt. */
  readonly epoch?: number;
  readonly output: 'text' | 'json';
}

/** Prints what the journal holds: all attempts, or every record of one. Of a damaged file what is good, and where that ends. */
export function showJournal({ stateDir, epoch, output }: JournalShowRequest, print: (line: string) => void): void {
  const json = output === 'json';
  if (epoch !== undefined) {
    for (const record of recordsOf(stateDir, epoch)) print(json ? JSON.stringify(record) : recordText(record));
    return;
  }
  for (const known of journaledEpochs(stateDir))
    print(json ? JSON.stringify(summary(stateDir, known)) : summaryText(stateDir, known));
}

/** All records of one attempt, those that a revert beside the agent wrote last; what is wrong with the files stands where it is found. */
function recordsOf(stateDir: string, epoch: number): readonly JsonRecord[] {
  if (!journaledEpochs(stateDir).includes(epoch))
    throw new ShuntError('not-found', `there is no journal of attempt ${epoch} in ${stateDir}`);
  const { state, phase } = troubleOf(stateDir, epoch) ?? {};
  return [
    ...fileRecords(journalPath(stateDir, epoch)),
    ...(existsSync(revertPath(stateDir, epoch)) ? fileRecords(revertPath(stateDir, epoch)) : []),
    ...(state === 'unreadable' ? [{ type: 'unreadable', why: phase }] : []),
  ];
}

function fileRecords(path: string): readonly JsonRecord[] {
  const { records, tornBytes, corruptAt } = readRecords(path, { onCorruption: 'stop' });
  return [
    ...records,
    ...(tornBytes > 0 ? [{ type: 'torn', path, bytes: tornBytes }] : []),
    ...(corruptAt === undefined ? [] : [{ type: 'damaged', path, atByte: corruptAt }]),
  ];
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
    const deadline = new Date(replayed.deadline.wallMs).toISOString();
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
    const phase = troubleOf(stateDir, epoch)?.state ?? 'resolved';
    return { epoch, phase, direction: '', taps: 0, deadline: '', why: describeError(error) };
  }
}

function summaryText(stateDir: string, epoch: number): string {
  const { phase, direction, taps, deadline, why } = summary(stateDir, epoch);
  const because = why === undefined ? '' : `: ${why}`;
  return deadline === ''
    ? `${epoch} ${phase}${because}`
    : `${epoch} ${direction} ${phase}, ${taps} taps, deadline ${deadline}${because}`;
}
