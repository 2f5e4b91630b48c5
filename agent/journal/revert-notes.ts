import { open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isDonePhase } from '../../domain/attempt/operation-phases.ts';
import type { Phase } from '../../domain/phases.ts';
import type { Logger } from '../../platform/log.ts';
import type { WriteFaults } from '../../platform/record-writer.ts';
import { decodeRecords, encodeRecord } from '../../platform/records.ts';
import { describeError, isShuntError, ShuntError } from '../../platform/shunt-error.ts';
import { openRevertNotes, readReverts, revertPath } from './attempt-journal.ts';
import type { RevertRecord } from './journal-records.ts';

/** A disk that hangs is waited for so long, before what is open is taken back without notes. */
const hangingDiskMs = 1_000;

export interface RevertBeginning {
  readonly stateDir: string;
  readonly epoch: number;
  readonly phase: Phase;
  readonly by: string;
  readonly faults?: WriteFaults | undefined;
}

/**
 * What a revert writes beside the journal. What is done the agent keeps in its place until it reads otherwise: there nothing may be moved before that is
 * written. What is open goes back whatever the disk does, full or hanging: its agent takes it up for having been robbed of its lock, or for being late.
 */
export class RevertNotes {
  readonly #beginning: RevertBeginning;
  /** Whether the first note was written; pending for as long as the disk hangs. */
  readonly #began: Promise<boolean>;

  private constructor(beginning: RevertBeginning, began: Promise<boolean>) {
    this.#beginning = beginning;
    this.#began = began;
  }

  /** Writes down that it begins. Fails with `journal-failed` where that has to come first, and cannot. */
  static async begin(beginning: RevertBeginning): Promise<RevertNotes> {
    if (isDonePhase(beginning.phase)) {
      writeAhead(beginning);
      return new RevertNotes(beginning, Promise.resolve(true));
    }
    const began = writeBeside(beginning);
    if ((await firstOf(began)) === 'hangs')
      console.error(`shunt-agent: the disk of ${beginning.stateDir} does not answer: taking it back without notes`);
    return new RevertNotes(beginning, began);
  }

  /** Writes down how it ended; waits for a disk that hangs. One that does not take it changes nothing. */
  async end(record: RevertRecord): Promise<void> {
    const { stateDir, epoch, faults } = this.#beginning;
    const began = await this.#began;
    try {
      using notes = openRevertNotes(stateDir, epoch, faults);
      for (const one of began ? [record] : [beginningOf(this.#beginning), record]) notes.append({ ...one });
      notes.sync();
    } catch (error) {
      console.error(`shunt-agent: ${describeError(error)}`);
    }
  }
}

function beginningOf({ by }: RevertBeginning): RevertRecord {
  return { format: 1, type: 'revert-began', by };
}

function writeAhead(beginning: RevertBeginning): void {
  const { stateDir, epoch, phase, faults } = beginning;
  try {
    using notes = openRevertNotes(stateDir, epoch, faults);
    notes.append({ ...beginningOf(beginning) });
    notes.sync();
  } catch (cause) {
    const doing = `writing down that attempt ${epoch}, which is ${phase}, is taken back (nothing was moved; make room in ${stateDir} and try again)`;
    throw new ShuntError('journal-failed', doing, { cause });
  }
}

/** The same on threads that may hang without us. False: it failed, which is told. */
async function writeBeside(beginning: RevertBeginning): Promise<boolean> {
  const { stateDir, epoch, faults } = beginning;
  const path = revertPath(stateDir, epoch);
  const record = { ...beginningOf(beginning) };
  try {
    faults?.at('before', record);
    await using notes = await open(path, 'a', 0o600);
    const { validBytes, tornBytes } = decodeRecords(await readFile(path), path);
    if (tornBytes > 0) await notes.truncate(validBytes); // a good line behind half a one would make the file unreadable
    await notes.appendFile(encodeRecord(record));
    await notes.sync();
    await using folder = await open(dirname(path), 'r');
    await folder.sync();
    faults?.at('after', record);
    return true;
  } catch (error) {
    console.error(`shunt-agent: going on without notes: ${describeError(error)}`);
    return false;
  }
}

async function firstOf(began: Promise<boolean>): Promise<boolean | 'hangs'> {
  const { promise, resolve } = Promise.withResolvers<'hangs'>();
  const timer = setTimeout(() => resolve('hangs'), hangingDiskMs);
  try {
    return await Promise.race([began, promise]);
  } finally {
    clearTimeout(timer);
  }
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
