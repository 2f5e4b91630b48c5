import type { HostDifference } from '../domain/run/reconcile.ts';
import type { Reconciled } from '../wire/operators-api.ts';
import type { Group } from './program.ts';
import type { Style } from './style.ts';
import { renderTable } from './table.ts';

export function addReconcile(program: Group): void {
  program
    .command('reconcile', 'what agents know more than a ledger that was restored from a backup; and take it over')
    .option('--apply', 'take it over: numbers, outcomes, where taps are; then the coordinator goes on')
    .option('--why <text>', 'for the ledger', 'asked by the operator')
    .examples(['shunt reconcile', "shunt reconcile --apply --why 'disk of ctl1 lost, ledger of last night'"])
    .note(note)
    .does(async (context, command) => {
      const { apply = false, why } = command.opts<{ apply?: boolean; why: string }>();
      const answer = await context.operators.reconcile({ apply, why, by: context.by }, context.signal);
      context.print(reconciledText(answer, context.style), answer);
      return answer.readOnly === undefined ? 0 : 4;
    });
}

const columns = ['HOST', 'THE LEDGER SAYS', 'ITS AGENT SAYS', 'PLUG', 'RECONCILING'].map((head) => ({ head }));

const verdicts = {
  adopt: 'takes over what its agent says',
  wait: 'waits until it is at rest',
  unheard: 'nobody can compare',
} as const satisfies Record<HostDifference['verdict'], string>;

function reconciledText({ readOnly, differences, applied }: Reconciled, style: Style): string {
  const rows = differences.map((one) => [one.hostname, one.ledger, one.agent, one.plug, verdicts[one.verdict]]);
  const table = rows.length === 0 ? [] : ['', renderTable(columns, rows, style)];
  if (applied && readOnly === undefined) {
    return [
      'The agents’ word is in the ledger now. Runs that were running are paused: look, then shunt resume.',
      ...table,
    ].join('\n');
  }
  if (readOnly === undefined) return 'The ledger is as new as its agents: there is nothing to reconcile.';
  const head = style.red(`The ledger is behind: ${readOnly}.`);
  const next = applied
    ? 'Some was taken over; still read-only. When the others are at rest:  shunt reconcile --apply'
    : 'Nothing was changed; the coordinator is read-only. To take it over:  shunt reconcile --apply --why …';
  return [head, ...table, '', next].join('\n');
}

const note = `
While the ledger is behind, nothing is started, ordered or written. Exit status: 0 the coordinator is not read-only (any more), 4 it is.`;
