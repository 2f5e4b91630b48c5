import type { UnmetCondition } from '../../domain/run-state.ts';
import { describeError } from '../../platform/shunt-error.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';

type Source = Pick<Scheduler, 'ledgerFault'>;

/** Why the ledger takes no entries, if it takes none. */
export function ledgerFaultOf({ ledgerFault }: Source): { readonly ledgerFault?: string } {
  return ledgerFault === undefined ? {} : { ledgerFault: describeError(ledgerFault) };
}

/** Before all else, whoever is asked about: nothing is decided without the ledger. */
export function whyLedgerFails(source: Source): readonly UnmetCondition[] {
  const { ledgerFault } = ledgerFaultOf(source);
  if (ledgerFault === undefined) return [];
  const message =
    'the ledger takes no entries: nothing starts, nothing is committed, what is open comes to rest by itself';
  return [{ kind: 'ledger-failed', message, evidence: ledgerFault, ageMs: 0 }];
}
