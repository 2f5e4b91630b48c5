import type { LedgerEntry } from '../../domain/ledger-events.ts';
import { eventView } from '../../wire/event-view.ts';
import { ledgerPath } from './ledger.ts';
import { LedgerStore } from './ledger-store.ts';

/** Where a command's lines go. */
export type Print = (line: string) => void;

/** Entries read from the file at once. */
const chunk = 1_000;

/** `ledger verify`: reads the whole chain (also beside a running coordinator). Throws `records-corrupt`, naming the row. */
export function verifyLedger(stateDir: string, print: Print): void {
  using store = LedgerStore.open(ledgerPath(stateDir), { readOnly: true });
  print(`${ledgerPath(stateDir)}: ${store.head.seq} entries, the chain is intact, head ${store.head.hash}`);
}

/** `ledger show`: entries from `fromSeq` on, a sentence or a JSON object a line. */
export function showLedger(
  stateDir: string,
  options: { readonly fromSeq: number; readonly limit: number; readonly json: boolean },
  print: Print,
): void {
  using store = LedgerStore.open(ledgerPath(stateDir), { readOnly: true });
  let seq = options.fromSeq;
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
