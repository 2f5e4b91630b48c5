import type { LedgerEntry } from '../../domain/ledger-events.ts';
import type { AppendRequest, AppendResult } from './ledger-store.ts';

/** From the program to the ledger's worker thread. */
export type WorkerRequest =
  | { readonly id: number; readonly type: 'append'; readonly request: AppendRequest; readonly at: string }
  | { readonly id: number; readonly type: 'read'; readonly fromSeq: number; readonly limit: number }
  | { readonly id: number; readonly type: 'close' };

/** A failure as it crosses the thread; classes do not. */
export interface WorkerFailure {
  readonly code: 'ledger-failed' | 'records-corrupt' | 'not-found';
  readonly message: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** From the worker. `opened` comes once, before all else, or `open-failed` and the worker ends. */
export type WorkerReply =
  | { readonly type: 'opened'; readonly headSeq: number }
  | { readonly type: 'open-failed'; readonly failure: WorkerFailure }
  | { readonly id: number; readonly type: 'append'; readonly result: AppendResult }
  | { readonly id: number; readonly type: 'read'; readonly entries: readonly LedgerEntry[] }
  | { readonly id: number; readonly type: 'closed' }
  | { readonly id: number; readonly type: 'failed'; readonly failure: WorkerFailure };
