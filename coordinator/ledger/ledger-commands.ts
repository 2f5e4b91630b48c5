import type { LedgerEntry } from '../../domain/ledger-events.ts';
import { describeError, isShuntError, ShuntError } from '../../platform/shunt-error.ts';
import { eventView } from '../../wire/event-view.ts';
import { ledgerPath } from './ledger.ts';
import { LedgerStore } from './ledger-store.ts';

/** Where a command's lines go. */
export type Print = (line: string) => void;

/** Entries read from the file at once. */
const chunk = 1_000;

/**
 * `ledger verify`: reads the whole chain (also beside a running coordinator). Throws `records-corrupt`, naming the row, where it is broken; `ledger-failed` where
 * it holds what this version does not know. `backup`: also that this backup is a part of it, which tells whether its newest entries were cut off.
 */
export function verifyLedger(stateDir: string, print: Print, backup?: string): void {
  const path = ledgerPath(stateDir);
  using store = openChecked(path);
  print(`${path}: ${store.head.seq} entries, the chain is intact, head ${store.head.hash}`);
  if (backup !== undefined) verifyContains(store, path, backup, print);
  try {
    store.requireKnown();
  } catch (cause) {
    const now = 'nothing is damaged, and no backup is needed: run the version that wrote it';
    throw new ShuntError('ledger-failed', `verify the ledger ${path}: ${describeError(cause)}; ${now}`);
  }
}

function verifyContains(store: LedgerStore, path: string, backup: string, print: Print): void {
  using other = LedgerStore.open(backup, { readOnly: true });
  const { head } = other;
  if (head.seq === 0 || store.hashAt(head.seq) === head.hash) {
    print(`${backup}: ${head.seq} entries, all of them in it; ${store.head.seq - head.seq} are newer`);
    return;
  }
  const lacks = store.hashAt(head.seq) === undefined && other.hashAt(store.head.seq) === store.head.hash;
  const what = lacks
    ? `it lacks the ${head.seq - store.head.seq} newest entries of ${backup}`
    : `it is not the continuation of ${backup}: they have different histories`;
  throw new ShuntError('records-corrupt', `verify the ledger ${path}: its chain is intact, but ${what}`);
}

function openChecked(path: string): LedgerStore {
  try {
    return LedgerStore.open(path, { readOnly: true });
  } catch (cause) {
    if (!isShuntError(cause, 'records-corrupt')) throw cause;
    const good = Number(cause.detail['seq'] ?? 1) - 1;
    const before = good < 1 ? 'no entry before it' : `entries 1 to ${good} are intact`;
    const now = 'stop the coordinator and put a backup in its place: shunt-coordinator ledger restore FILE';
    throw new ShuntError('records-corrupt', `verify the ledger ${path}: ${cause.message}; ${before}; ${now}`);
  }
}

/** `ledger show`: entries from `fromSeq` on, a sentence or a JSON object a line. */
export function showLedger(
  stateDir: string,
  options: {
    readonly fromSeq: number;
    readonly limit: number;
    readonly json: boolean;
    /** At most so many of the end. */
    readonly newest?: number;
  },
  print: Print,
): void {
  using store = LedgerStore.open(ledgerPath(stateDir), { readOnly: true });
  let seq = Math.max(options.fromSeq, store.head.seq - (options.newest ?? store.head.seq) + 1);
  let left = options.limit;
  while (left > 0) {
    const entries = store.read(seq, Math.min(chunk, left));
    for (const entry of entries) print(options.json ? JSON.stringify(entry) : sentence(entry));
    const last = entries.at(-1);
    if (!last || entries.length < Math.min(chunk, left)) return;
    seq = last.seq + 1;
    left -= entries.length;
  }
}

/** `ledger backup`: a copy as of one moment, checked after it was made. Throws `already-exists` rather than overwrite. */
export async function backupLedger(stateDir: string, target: string, print: Print): Promise<void> {
  using store = LedgerStore.open(ledgerPath(stateDir), { readOnly: true });
  await store.backup(target);
  using copy = LedgerStore.open(target, { readOnly: true });
  print(`${target}: ${copy.head.seq} entries, the chain is intact, head ${copy.head.hash}`);
}

function sentence(entry: LedgerEntry): string {
  const view = eventView(entry);
  return `${String(view.seq).padStart(6)}  ${view.at}  ${view.type.padEnd(16)}  ${view.message}`;
}
