import { createHash } from 'node:crypto';
import type { LedgerEntry, LedgerEvent } from '../../domain/ledger-events.ts';
import { ShuntError } from '../../platform/shunt-error.ts';

/** Version of a row's JSON. A newer one is refused, never guessed. */
export const ledgerFormat = 1;

/** `prevHash` of the first row. */
export const genesisHash = '0'.repeat(64);

/** One row as it lies in the database. */
export interface LedgerRow {
  readonly seq: number;
  readonly at: string;
  readonly format: number;
  readonly json: string;
  readonly prevHash: string;
  readonly hash: string;
}

/** Last row's place and hash; what an append builds on. */
export interface LedgerHead {
  readonly seq: number;
  readonly hash: string;
}

export const emptyHead: LedgerHead = { seq: 0, hash: genesisHash };

/** Chains events after `head`. Same arguments, same rows. */
export function chainRows(head: LedgerHead, at: string, events: readonly LedgerEvent[]): readonly LedgerRow[] {
  const rows: LedgerRow[] = [];
  let { seq, hash } = head;
  for (const event of events) {
    const body = { seq: seq + 1, at, format: ledgerFormat, json: JSON.stringify(event), prevHash: hash };
    const row = { ...body, hash: rowHash(body) };
    rows.push(row);
    ({ seq, hash } = row);
  }
  return rows;
}

/** Checks that `row` follows `head`, and returns the new head. Throws `records-corrupt`, naming the row. */
export function checkRow(head: LedgerHead, row: LedgerRow): LedgerHead {
  if (row.seq !== head.seq + 1)
    throw corrupt(row.seq, `row ${head.seq + 1} is missing: row ${row.seq} follows ${head.seq}`);
  if (row.prevHash !== head.hash) throw corrupt(row.seq, `row ${row.seq} does not build on row ${head.seq}`);
  if (row.hash !== rowHash(row)) throw corrupt(row.seq, `row ${row.seq} was changed after it was written`);
  return { seq: row.seq, hash: row.hash };
}

/** Decodes one checked row. Throws `records-corrupt` for a format or an event type that this version does not know. */
export function entryOf(row: LedgerRow): LedgerEntry {
  if (row.format !== ledgerFormat) {
    throw corrupt(row.seq, `row ${row.seq} has format ${row.format}; this version reads format ${ledgerFormat} only`);
  }
  const event: unknown = JSON.parse(row.json);
  if (!isLedgerEvent(event)) throw corrupt(row.seq, `row ${row.seq} holds an event that this version does not know`);
  return { seq: row.seq, at: row.at, event };
}

const eventTypes = {
  'plan-created': true,
  'plan-approved': true,
  'run-started': true,
  'run-extended': true,
  'run-paused': true,
  'run-resumed': true,
  'run-aborted': true,
  'retry-requested': true,
  'host-left': true,
  'operation-skipped': true,
  'revert-requested': true,
  'attempt-opened': true,
  'attempt-granted': true,
  'attempt-phase': true,
  'commit-granted': true,
  'attempt-closed': true,
  'host-resolved': true,
  'ledger-restored': true,
  'ledger-reconciled': true,
  'attempt-adopted': true,
} as const satisfies Record<LedgerEvent['type'], true>;

/** The hash chain vouches for the rest: whoever wrote this row was this program. */
function isLedgerEvent(value: unknown): value is LedgerEvent {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    typeof value.type === 'string' &&
    Object.hasOwn(eventTypes, value.type)
  );
}

function rowHash(row: Omit<LedgerRow, 'hash'>): string {
  return createHash('sha256')
    .update(`${row.prevHash}\n${row.seq}\n${row.at}\n${row.format}\n${row.json}`)
    .digest('hex');
}

function corrupt(seq: number, what: string): ShuntError {
  return new ShuntError('records-corrupt', `read the ledger: ${what}`, { detail: { seq } });
}
