import { mkdirSync, readdirSync, rmSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Attempt } from '../../domain/attempt/attempt-machine.ts';
import { isOpen } from '../../domain/phases.ts';
import { RecordWriter, type WriteFaults } from '../../platform/record-writer.ts';
import { type JsonRecord, readRecords } from '../../platform/records.ts';
import { isShuntError, ShuntError } from '../../platform/shunt-error.ts';
import {
  type AttemptHeader,
  decodeHeader,
  decodeRecord,
  decodeRevertRecord,
  type JournalRecord,
  type RevertRecord,
} from './journal-records.ts';
import { type ReplayedAttempt, replay } from './replay.ts';

const journalName = /^(\d{10})\.journal$/;
const journalsKept = 64;

/** One file an attempt: `<stateDir>/attempts/<epoch, 10 digits>.journal`. */
export function attemptsDir(stateDir: string): string {
  return join(stateDir, 'attempts');
}

export function journalPath(stateDir: string, epoch: number): string {
  return join(attemptsDir(stateDir), `${String(epoch).padStart(10, '0')}.journal`);
}

/** Epochs that have a journal, oldest first. */
export function journaledEpochs(stateDir: string): readonly number[] {
  let names: readonly string[];
  try {
    names = readdirSync(attemptsDir(stateDir));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw new ShuntError('journal-failed', `reading ${attemptsDir(stateDir)}`, { cause });
  }
  return names
    .flatMap((name) => journalName.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b);
}

/**
 * Reads and replays one attempt; a torn tail is ignored. A journal that never got its first line gives undefined: nothing was touched. One whose first
 * line is damaged while good ones follow is `records-corrupt`: something was.
 */
export function readAttempt(stateDir: string, epoch: number): ReplayedAttempt | undefined {
  const path = journalPath(stateDir, epoch);
  // Everything that a way back needs was synced before the rest was written: damage later in the file must not stop it.
  const { records: all, corruptAt, beyond } = readRecords(path, { onCorruption: 'stop' });
  const [first, ...rest] = all;
  if (first === undefined) {
    if (corruptAt === undefined) return undefined;
    throw new ShuntError('records-corrupt', `reading ${path}: its first line is damaged, good ones follow`);
  }
  const records = rest.map((record) => decodeRecord(record, path));
  return replay(decodeHeader(first, path), records, readReverts(stateDir, epoch), ours(beyond, path));
}

/** What stands behind damage need not be a record of a journal's at all. */
function ours(beyond: readonly JsonRecord[], path: string): readonly JournalRecord[] {
  return beyond.flatMap((record) => {
    try {
      return [decodeRecord(record, path)];
    } catch (error) {
      if (isShuntError(error, 'records-corrupt')) return [];
      throw error;
    }
  });
}

/** The newest attempt, if it needs an agent that holds the lock. One that cannot be read may. */
export function newestOpen(stateDir: string): number | undefined {
  const newest = journaledEpochs(stateDir).at(-1);
  if (newest === undefined) return undefined;
  try {
    const phase = readAttempt(stateDir, newest)?.attempt.phase;
    return phase !== undefined && (isOpen(phase) || phase === 'stuck') ? newest : undefined;
  } catch (error) {
    if (error instanceof ShuntError) return newest;
    throw error;
  }
}

/** The file beside it, for who is not the agent. */
export function revertPath(stateDir: string, epoch: number): string {
  return `${journalPath(stateDir, epoch)}.revert`;
}

/** What a `revert` beside the agent wrote; empty when there was none. */
export function readReverts(stateDir: string, epoch: number): readonly RevertRecord[] {
  const path = revertPath(stateDir, epoch);
  try {
    return readRecords(path, { onCorruption: 'stop' }).records.map((record) => decodeRevertRecord(record, path));
  } catch (error) {
    if (
      error instanceof ShuntError &&
      error.cause instanceof Error &&
      'code' in error.cause &&
      error.cause.code === 'ENOENT'
    )
      return [];
    throw error;
  }
}

/** The notes of a `revert` that is not the agent's own; a second one goes on in the same file. */
export function openRevertNotes(stateDir: string, epoch: number, faults?: WriteFaults): RecordWriter {
  const path = revertPath(stateDir, epoch);
  try {
    return RecordWriter.create(path, { faults });
  } catch (error) {
    if (isShuntError(error, 'already-exists')) return RecordWriter.reopen(path, { faults }).writer;
    throw error;
  }
}

/** Writes where an attempt came to rest beside its journal, which could not take it; `journal-failed` where that does not go either. */
export function writeRestNote(stateDir: string, attempt: Attempt): void {
  const { epoch, phase, why = 'its journal could not be written', repair } = attempt;
  const began: RevertRecord = { format: 1, type: 'revert-began', by: 'the agent' };
  const notes: readonly RevertRecord[] =
    phase === 'stuck'
      ? [began, { type: 'revert-failed', why, repair }]
      : [{ format: 1, type: 'resolved', rest: 'from', why }]; // looked at and proved: nobody need look again
  writeNotes(stateDir, epoch, notes);
}

/** Writes lines of somebody who is not the agent's journal, synced, or fails with `journal-failed`. */
export function writeNotes(stateDir: string, epoch: number, records: readonly RevertRecord[]): void {
  guarded(`writing how attempt ${epoch} ended`, () => {
    mkdirSync(attemptsDir(stateDir), { recursive: true, mode: 0o700 }); // the word on an attempt whose files are gone
    using notes = openRevertNotes(stateDir, epoch);
    for (const record of records) notes.append({ ...record });
    notes.sync();
  });
}

/** The write-ahead journal of the attempt under way. A failed write or sync is final. */
export class AttemptJournal implements Disposable {
  readonly #writer: RecordWriter;

  private constructor(writer: RecordWriter) {
    this.#writer = writer;
  }

  /** Makes the file with its first line on disk, or fails with `journal-failed` and leaves no file. */
  static create(stateDir: string, header: AttemptHeader, faults?: WriteFaults): AttemptJournal {
    return guarded(`opening the journal of attempt ${header.grant.epoch}`, () => {
      mkdirSync(attemptsDir(stateDir), { recursive: true, mode: 0o700 });
      const path = journalPath(stateDir, header.grant.epoch);
      const writer = RecordWriter.create(path, { faults });
      try {
        writer.append({ ...header });
        writer.sync();
        return new AttemptJournal(writer);
      } catch (error) {
        writer[Symbol.dispose]();
        rmSync(path, { force: true }); // nothing was touched: it must not be taken for an attempt that was begun
        throw error;
      }
    });
  }

  /** Goes on with the file of an attempt that this agent was in when it ended. `tornBytes` of a half line were cut off. */
  static reopen(
    stateDir: string,
    epoch: number,
    faults?: WriteFaults,
  ): { readonly journal: AttemptJournal; readonly tornBytes: number } {
    return guarded(`opening the journal of attempt ${epoch}`, () => {
      const { writer, tornBytes } = RecordWriter.reopen(journalPath(stateDir, epoch), { faults });
      return { journal: new AttemptJournal(writer), tornBytes };
    });
  }

  /** Survives `kill -9`, not a power cut: after that another boot id makes the agent go back from the first line alone. */
  append(record: JournalRecord): void {
    guarded('writing the journal', () => this.#writer.append({ ...record }));
  }

  sync(): void {
    guarded('syncing the journal', () => this.#writer.sync());
  }

  [Symbol.dispose](): void {
    this.#writer[Symbol.dispose]();
  }
}

/**
 * Removes the oldest journals beyond the bound, but none of `claiming`, and none that a kept one needs: without the attempt that took a tap back, the one that
 * had moved it would claim it again.
 */
export function pruneJournals(stateDir: string, claiming: ReadonlySet<number>): void {
  const epochs = journaledEpochs(stateDir);
  const kept = new Set<string>();
  for (const epoch of epochs.slice(0, Math.max(0, epochs.length - journalsKept))) {
    const taps = tapsOf(stateDir, epoch);
    const isNeeded = taps === undefined ? kept.size > 0 : taps.some((tap) => kept.has(tap));
    if (isNeeded || claiming.has(epoch)) {
      for (const tap of taps ?? []) kept.add(tap);
      continue;
    }
    unlinkSync(journalPath(stateDir, epoch));
    rmSync(revertPath(stateDir, epoch), { force: true });
  }
}

/** Undefined: it cannot be read. */
function tapsOf(stateDir: string, epoch: number): readonly string[] | undefined {
  try {
    return readAttempt(stateDir, epoch)?.header.moves.map(({ tap }) => tap) ?? [];
  } catch (error) {
    if (isShuntError(error)) return undefined;
    throw error;
  }
}

function guarded<T>(doing: string, body: () => T): T {
  try {
    return body();
  } catch (cause) {
    throw new ShuntError('journal-failed', doing, { cause });
  }
}
