import type { HostView } from '../domain/run-state.ts';
import { hostReport, hostTable } from './host-text.ts';
import { timeoutOf, timeoutOption } from './option-values.ts';
import type { Group } from './program.ts';
import { type HostOrder, order, orderAndWait } from './watch-order.ts';

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
  addOrders(host);
  addResolve(host);
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

function addResolve(host: Group): void {
  host
    .command('resolve HOST', 'out of stuck: its agent looks, and when every tap is at rest the fleet may go on')
    .requiredOption('--why <text>', 'what was wrong and what was done, for the ledger')
    .option(
      '--gone',
      'the hypervisor is no more, or was installed anew: nobody is asked (not while an agent is there that could look)',
    )
    .examples([
      "shunt host resolve hv3 --why 'ovs-vswitchd would not start: package reinstalled'",
      "shunt host resolve hv3 --gone --why 'mainboard dead, guests evacuated'",
    ])
    .note(resolveNote)
    .does(async (context, command) => {
      const { why, gone = false } = command.opts<{ why: string; gone?: boolean }>();
      const request = { host: command.args[0] ?? '', why, gone, by: context.by };
      const view = await context.operators.resolveHost(request, context.signal);
      context.print(resolvedText(view), view);
      return 0;
    });
}

function resolvedText({ hostname, attempt, plug }: HostView): string {
  const { epoch, outcome } = attempt ?? {};
  return `${hostname} is not stuck any more: attempt ${epoch} ended ${outcome}, plug ${plug}
nothing else was started; a paused run goes on with:  shunt resume`;
}

const resolveNote = `
While a hypervisor is stuck nothing goes forward anywhere. \`shunt host show HOST\` prints the commands that repair it; this is the only
way on after that. A tap that is not at rest is named, with the commands once more, and nothing changes (exit status 5).`;

const orders: readonly (Pick<HostOrder, 'verb'> & Readonly<Record<'about' | 'wait' | 'said', string>>)[] = [
  {
    verb: 'revert',
    about: 'take back its open attempt, or the newest operation that stands: from the target to staged or legacy',
    wait: 'exit status 0 it is back, 1 it had committed before, 3 it stays, 4 blocked, 5 stuck',
    said: 'goes back',
  },
  {
    verb: 'unstage',
    about: 'take its staged taps back to their legacy plug',
    wait: 'exit status 0 done, 3 it stays staged, 4 blocked, 5 stuck',
    said: 'unstages',
  },
  {
    verb: 'finish',
    about: 'take the legacy leg away from its shunted taps; they stay on OVN',
    wait: 'exit status 0 done, 3 it went back, 4 blocked, 5 stuck',
    said: 'finishes',
  },
  {
    verb: 'collapse',
    about: 'plug its finished taps directly into the integration bridge',
    wait: 'exit status 0 done, 3 it went back, 4 blocked, 5 stuck',
    said: 'collapses',
  },
];

function addOrders(host: Group): void {
  for (const { verb, about, wait, said } of orders) {
    host
      .command(`${verb} HOST`, about)
      .option('--why <text>', 'for the ledger', 'asked by the operator')
      .option('--wait', `stay until it is at rest; ${wait}`)
      .option(...timeoutOption)
      .examples([`shunt host ${verb} hv3 --wait`, `shunt host ${verb} hv3 --why 'packet loss seen by tenants'`])
      .note(verb === 'revert' ? revertNote : overlayNote)
      .does(async (context, command) => {
        const { why, wait: stay } = command.opts<{ why: string; wait?: boolean }>();
        const name = command.args[0] ?? '';
        if (stay) return orderAndWait(context, { host: name, why, verb, ...timeoutOf(command) });
        const view = await order(context, { host: name, why, verb });
        context.print(isCalledBack(view, verb) ? askedText(view) : startedText(view, said), view);
        return 0;
      });
  }
}

/** An attempt was open already: it may have committed before it hears of this. A new one has just been opened. */
function isCalledBack({ attempt }: HostView, verb: HostOrder['verb']): boolean {
  if (verb !== 'revert' || attempt === undefined || attempt.outcome !== undefined) return false;
  return attempt.direction === 'forward' || attempt.phase !== 'idle';
}

function askedText({ hostname, attempt }: HostView): string {
  return `${hostname} is asked to go back in attempt ${attempt?.epoch}; it may have committed before it hears of it, and its run pauses then
what became of it:  shunt host show ${hostname}`;
}

function startedText({ hostname }: HostView, said: string): string {
  return `${hostname} ${said}; to look at it:  shunt host show ${hostname}`;
}

const revertNote = `
Without --wait the answer says what was asked, not what became of it: an open attempt may have committed before it hears of this. Then
\`shunt host show HOST\` says so, and its run pauses: \`shunt host revert HOST\` once more takes it back.`;

const overlayNote = `
On an overlay this is refused while it would cut guests off from others; then a plan does it for all of them
(goal: legacy, finished or collapsed).`;
