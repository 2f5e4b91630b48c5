import type { LedgerEvent } from '../../../domain/ledger-events.ts';

export function paused(why: string): LedgerEvent {
  return { type: 'run-paused', runId: 'run-1', by: 'ada', why };
}
