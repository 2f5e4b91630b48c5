import { hostReport, hostTable } from './host-text.ts';
import { timeoutOf, timeoutOption } from './option-values.ts';
import type { Group } from './program.ts';
import { revertAndWait } from './watch-revert.ts';

export function addHostCommands(program: Group): void {
  const host = program.group('host', 'hypervisors, by hostname or system-id');
  host
    .command('list', 'all hypervisors: agent, plug, newest attempt, holds')
    .examples(['shunt host list', 'shunt host list --output json'])
    .does(async (context) => {
      const hosts = await context.operators.listHosts(context.signal);
      context.print(
        hosts.length === 0 ? 'No hypervisors: no agent has connected yet.' : hostTable(hosts, context.style),
        hosts,
      );
      return 0;
    });
  host
    .command('show HOST', 'one hypervisor: taps, holds, findings, blackout of each guest, repair commands')
    .examples(['shunt host show hv3'])
    .does(async (context, command) => {
      const shown = await context.operators.getHost({ host: command.args[0] ?? '' }, context.signal);
      context.print(hostReport(shown, context.style), shown);
      return 0;
    });
  addRevert(host);
  host
    .command('leave HOST', 'let its run go on without it')
    .requiredOption('--why <text>', 'for those who look for it later')
    .examples(["shunt host leave hv7 --why 'disk is being replaced'"])
    .does(async (context, command) => {
      const { why } = command.opts<{ why: string }>();
      const request = { host: command.args[0] ?? '', why, by: context.by };
      const view = await context.operators.leaveHost(request, context.signal);
      context.print(`run ${view.id} goes on without ${request.host}`, view);
      return 0;
    });
}

function addRevert(host: Group): void {
  host
    .command(
      'revert HOST',
      'take a hypervisor back to its legacy plug: its open attempt, or a new one when it was committed',
    )
    .option('--why <text>', 'for the ledger', 'asked by the operator')
    .option('--wait', 'stay until it is at rest; exit status 0 it is back, 3 it stays, 4 blocked, 5 stuck')
    .option(...timeoutOption)
    .examples(['shunt host revert hv3 --wait', "shunt host revert hv3 --why 'packet loss seen by tenants'"])
    .does(async (context, command) => {
      const { why, wait } = command.opts<{ why: string; wait?: boolean }>();
      const name = command.args[0] ?? '';
      if (wait) return revertAndWait(context, { host: name, why, ...timeoutOf(command) });
      const view = await context.operators.revertHost({ host: name, why, by: context.by }, context.signal);
      context.print(`${view.hostname} goes back; to look at it:  shunt host show ${view.hostname}`, view);
      return 0;
    });
}
