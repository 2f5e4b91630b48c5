import { existsSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';
import { assertNever } from '../../domain/assert-never.ts';
import type { LedgerEntry, LedgerEvent } from '../../domain/ledger-events.ts';
import { describeError, isShuntError, ShuntError } from '../../platform/shunt-error.ts';
import { chainRows, checkRow, emptyHead, entryOf, type LedgerHead, type LedgerRow } from './chain.ts';
import { whyNotWritable } from './owner.ts';

/** One compare-and-append. */
export interface AppendRequest {
  /** Sequence number of the last entry that the caller knows; 0 for an empty ledger. */
  readonly expectedSeq: number;
  readonly events: readonly LedgerEvent[];
}

export type AppendResult =
  | { readonly kind: 'appended'; readonly entries: readonly LedgerEntry[] }
  /** Somebody else wrote first: read from `expectedSeq + 1`, decide again. */
  | { readonly kind: 'conflict'; readonly headSeq: number };

/** What happened to one request of a group: its result, or the failure that kept it out of the ledger. */
export type GroupOutcome = AppendResult | { readonly kind: 'failed'; readonly error: ShuntError };

/** 'SHNT': tells a ledger from any other SQLite file. */
const applicationId = 0x53484e54;
const schemaVersion = 1;

/** SQLite's primary result codes (sqlite.org/rescode.html). */
const sqliteBusy = 5;
const sqliteReadonly = 8;
const sqliteCorrupt = 11;
const sqliteFull = 13;
const sqliteConstraint = 19;
const sqliteNotADatabase = 26;

/**
 * The ledger's file, synchronously; runs in the worker, and in the offline commands. Every row is part of a hash chain, which is
 * checked whole when the file is opened. Errors: `records-corrupt` (chain), `ledger-failed` (all else; `detail.reason`
 * `disk-full` and `not-writable` keep the store alive, nothing was written).
 */
export class LedgerStore implements Disposable {
  readonly #db: DatabaseSync;
  readonly #path: string;
  #head: LedgerHead;
  #dead: ShuntError | undefined;

  private constructor(db: DatabaseSync, path: string, head: LedgerHead) {
    this.#db = db;
    this.#path = path;
    this.#head = head;
  }

  /** Opens for writing, making the file when there is none. `create: false`: `not-found` instead. `readOnly`: beside a running coordinator. */
  static open(path: string, options: { readonly readOnly?: boolean; readonly create?: boolean } = {}): LedgerStore {
    const readOnly = options.readOnly ?? false;
    if ((readOnly || options.create === false) && !existsSync(path))
      throw new ShuntError('not-found', `open the ledger ${path}: there is no such file`);
    let db: DatabaseSync | undefined;
    try {
      db = new DatabaseSync(path, { readOnly, timeout: 5_000 });
      prepareDatabase(db, readOnly);
      const head = verifyChain(db);
      return new LedgerStore(db, path, head);
    } catch (error) {
      db?.close();
      if (isShuntError(error)) throw error;
      throw new ShuntError('ledger-failed', `open the ledger ${path}`, { cause: error });
    }
  }

  get head(): LedgerHead {
    return this.#head;
  }

  /**
   * Appends a group in one commit: one sync for all. A request that conflicts is left out, the others go in. A group without any event
   * asks whether the disk takes something.
   */
  appendGroup(requests: readonly AppendRequest[], at: string): readonly GroupOutcome[] {
    if (this.#dead) return requests.map(() => ({ kind: 'failed', error: this.#dead! })); // set on the line above
    const before = this.#head;
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      const outcomes = requests.map((request) => this.#appendOne(request, at));
      if (requests.every((request) => request.events.length === 0)) this.#db.exec(writeSomething);
      this.#db.exec('COMMIT');
      return outcomes;
    } catch (error) {
      const failure = this.#fail(error, before);
      return requests.map(() => ({ kind: 'failed', error: failure }));
    }
  }

  /** Entries from `fromSeq` on, oldest first, at most `limit`. */
  read(fromSeq: number, limit: number): readonly LedgerEntry[] {
    const statement = this.#db.prepare(`${selectRows} WHERE seq >= ? ORDER BY seq LIMIT ?`);
    return statement.all(fromSeq, limit).map((row) => entryOf(rowOf(row)));
  }

  /** Hash of one entry; undefined when there is no such entry. */
  hashAt(seq: number): string | undefined {
    const row = this.#db.prepare('SELECT hash FROM ledger WHERE seq = ?').get(seq);
    return row && String(row['hash']);
  }

  /** Fails at the first entry that this version does not know, naming it: the chain vouches that it is as it was written, so a newer version wrote it. */
  requireKnown(): void {
    for (const found of this.#db.prepare(`${selectRows} ORDER BY seq`).iterate()) {
      const row = rowOf(found);
      try {
        entryOf(row);
      } catch (error) {
        const before = row.seq === 1 ? 'no entry before it' : `entries 1 to ${row.seq - 1} can be read`;
        const what = `its chain is intact, but this version cannot read entry ${row.seq}: ${describeError(error)}; ${before}`;
        throw new ShuntError('ledger-failed', `read the ledger: ${what}`);
      }
    }
  }

  /** Copies the ledger, as of one moment, to a new file. */
  async backup(target: string): Promise<void> {
    if (existsSync(target)) throw new ShuntError('already-exists', `back the ledger up to ${target}: the file exists`);
    try {
      await backup(this.#db, target);
    } catch (error) {
      throw new ShuntError('ledger-failed', `back the ledger up to ${target}`, { cause: error });
    }
  }

  [Symbol.dispose](): void {
    if (this.#db.isOpen) this.#db.close();
  }

  #appendOne(request: AppendRequest, at: string): AppendResult {
    const head = readHead(this.#db);
    if (head.seq !== request.expectedSeq) return { kind: 'conflict', headSeq: head.seq };
    const rows = chainRows(head, at, request.events);
    const insert = this.#db.prepare(
      'INSERT INTO ledger (seq, at, format, json, prev_hash, hash) VALUES (?, ?, ?, ?, ?, ?)',
    );
    for (const row of rows) insert.run(row.seq, row.at, row.format, row.json, row.prevHash, row.hash);
    const last = rows.at(-1);
    if (last) this.#head = { seq: last.seq, hash: last.hash };
    return { kind: 'appended', entries: rows.map(entryOf) };
  }

  /** Rolls back and says why. Only a full disk, a busy file or one that it may not write leaves the store usable: after a failed sync nobody knows what is on the disk. */
  #fail(error: unknown, before: LedgerHead): ShuntError {
    const reason = harmlessReason(error);
    try {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      this.#head = reason === undefined ? before : readHead(this.#db);
    } catch (rollbackError) {
      return this.#die(rollbackError);
    }
    if (reason === undefined) return this.#die(error);
    const why = this.#describe(reason, error);
    return new ShuntError('ledger-failed', `append to the ledger ${this.#path}: ${why}`, {
      cause: error,
      detail: { reason },
    });
  }

  #describe(reason: HarmlessReason, error: unknown): string {
    switch (reason) {
      case 'disk-full':
        return 'the disk is full; nothing was written, make room and try again';
      case 'not-writable':
        return whyNotWritable(this.#path);
      case 'busy':
        return describeError(error);
      default:
        return assertNever(reason);
    }
  }

  #die(cause: unknown): ShuntError {
    this.#dead = new ShuntError(
      'ledger-failed',
      `append to the ledger ${this.#path}: the outcome is unknown, restart to read it anew`,
      {
        cause,
        detail: { reason: 'dead' },
      },
    );
    return this.#dead;
  }
}

/** What kept a ledger from opening is damage; anything else says nothing of what is in it. */
export function isDamaged(error: unknown): boolean {
  if (isShuntError(error, 'records-corrupt')) return true;
  const code = isShuntError(error) ? resultCode(error.cause) : undefined;
  return code === sqliteCorrupt || code === sqliteNotADatabase;
}

type HarmlessReason = 'disk-full' | 'not-writable' | 'busy';

/** Why nothing was written, where that is known; undefined: it is not. */
function harmlessReason(error: unknown): HarmlessReason | undefined {
  switch (resultCode(error)) {
    case sqliteFull:
      return 'disk-full';
    case sqliteReadonly:
      return 'not-writable';
    case sqliteBusy:
    case sqliteConstraint:
      return 'busy';
    default:
      return undefined;
  }
}

/** What changes nothing, and needs as much of the disk as an entry does. */
const writeSomething = `PRAGMA user_version = ${schemaVersion}`;

const selectRows = 'SELECT seq, at, format, json, prev_hash AS prevHash, hash FROM ledger';

function prepareDatabase(db: DatabaseSync, readOnly: boolean): void {
  const tables = Number(db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n'] ?? 0);
  const found = pragma(db, 'application_id');
  if (tables > 0 && found !== applicationId)
    throw new ShuntError('ledger-failed', "open the ledger: the file is another program's database");
  if (tables === 0 && readOnly) throw new ShuntError('ledger-failed', 'open the ledger: the file is empty');
  const version = pragma(db, 'user_version');
  if (version > schemaVersion) {
    throw new ShuntError(
      'ledger-failed',
      `open the ledger: it was written by a newer version (schema ${version}, this one knows ${schemaVersion})`,
    );
  }
  if (readOnly) return;
  db.exec('PRAGMA journal_mode = WAL');
  db.exec('PRAGMA synchronous = FULL');
  if (tables > 0) return;
  db.exec(`BEGIN IMMEDIATE;
    CREATE TABLE ledger (
      seq INTEGER PRIMARY KEY, at TEXT NOT NULL, format INTEGER NOT NULL, json TEXT NOT NULL,
      prev_hash TEXT NOT NULL, hash TEXT NOT NULL
    ) STRICT;
    PRAGMA application_id = ${applicationId};
    PRAGMA user_version = ${schemaVersion};
    COMMIT;`);
}

function verifyChain(db: DatabaseSync): LedgerHead {
  let head = emptyHead;
  for (const row of db.prepare(`${selectRows} ORDER BY seq`).iterate()) head = checkRow(head, rowOf(row));
  return head;
}

function readHead(db: DatabaseSync): LedgerHead {
  const row = db.prepare('SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1').get();
  return row ? { seq: Number(row['seq']), hash: String(row['hash']) } : emptyHead;
}

function rowOf(row: Record<string, unknown>): LedgerRow {
  return {
    seq: Number(row['seq']),
    at: String(row['at']),
    format: Number(row['format']),
    json: String(row['json']),
    prevHash: String(row['prevHash']),
    hash: String(row['hash']),
  };
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
}

/** A primary code, or an extended one where it differs in meaning: a file that was moved away below us (SQLITE_READONLY_DBMOVED) is not just unwritable. */
function resultCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return undefined;
  if (typeof error.errcode !== 'number') return undefined;
  const primary = error.errcode & 0xff;
  return primary === sqliteReadonly ? error.errcode : primary;
}
