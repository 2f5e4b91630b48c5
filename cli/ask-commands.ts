import { docsOfCondition } from '../domain/docs-anchors.ts';
import { formatDuration } from '../domain/planning/duration.ts';
import type { UnmetCondition } from '../domain/run-state.ts';
import { isShuntError } from '../platform/shunt-error.ts';
import type { CoordinatorStatus, EventView, Swept, WhyTarget } from '../wire/operators-api.ts';
import type { Context } from './context.ts';
import { indent } from './error-text.ts';
import type { ExitStatus } from './exit-status.ts';
import { follow } from './follow.ts';
import { wholeNumber } from './option-values.ts';
import type { Group } from './program.ts';
import { attemptState } from './run-text.ts';
import type { Style } from './style.ts';
import { renderFacts } from './table.ts';

/** Entries that `events` shows of the past, unless told otherwise. */
const eventsShown = 50;

export function addAskCommands(program: Group): void {
  program
    .command('why [TARGET]', 'why a hypervisor, a run or a wave (RUN/N) does not go on now; no TARGET: the newest run')
    .examples(['shunt why hv3', 'shunt why', 'shunt why r-1', 'shunt why r-1/2'])
    .does(async (context, command) => {
      const conditions = await askWhy(context, command.args[0]);
      context.print(whyText(conditions, context.style), conditions);
      return 0;
    });
  program
    .command('events', 'what the ledger has written down; with JSON one object a line')
    .option('--follow', 'and what comes, until Ctrl-C')
    .option('--since <seq>', `after this entry; 0 is the beginning (default: the last ${eventsShown})`, wholeNumber)
    .examples(['shunt events', 'shunt events --follow', 'shunt events --since 0 --output json'])
    .does((context, command) => showEvents(context, command.opts()));
  program
    .command(
      'sweep',
      'remove from OVN NB what attempts left there: grace rules at once, probe ports when nothing is open',
    )
    .examples(['shunt sweep', 'shunt sweep --output json'])
    .does(async (context) => {
      const swept = await context.operators.sweep({ by: context.by }, context.signal);
      context.print(sweptText(swept), swept);
      return 0;
    });
  program
    .command('status', 'the coordinator: connections, open attempts, what is stuck')
    .examples(['shunt status', 'shunt status --output json'])
    .does(async (context) => {
      const status = await context.operators.status(context.signal);
      context.print(statusText(status, context.style), status);
      return 0;
    });
}

/** Hypervisors first: that is what is asked about; a name that is none may be a run's. */
async function askWhy({ operators, signal }: Context, target: string | undefined): Promise<readonly UnmetCondition[]> {
  const ask = (what: WhyTarget) => operators.why({ target: what }, signal);
  if (target === undefined) return ask({ kind: 'run' });
  const [, runId, wave] = /^(.+)\/(\d{1,6})$/.exec(target) ?? [];
  if (runId !== undefined) return ask({ kind: 'run', runId, wave: Number(wave) });
  try {
    return await ask({ kind: 'host', host: target });
  } catch (error) {
    if (!isShuntError(error, 'not-found')) throw error;
    return await ask({ kind: 'run', runId: target }).catch(() => {
      throw error; // it was most likely meant to be a hypervisor
    });
  }
}

function sweptText({ graceGroups, probePorts, probesKept }: Swept): string {
  const probes = probesKept ? 'probe ports stay: an attempt or a run is open' : `${probePorts} probe ports`;
  return `Removed from OVN NB: grace rules of ${graceGroups} attempts; ${probes}.`;
}

function whyText(conditions: readonly UnmetCondition[], style: Style): string {
  if (conditions.length === 0) return 'Nothing is in the way.';
  const blocks = conditions.map((condition, index) => {
    const evidence =
      condition.evidence === ''
        ? ''
        : `\n${indent(style.dim(`   ${condition.evidence}, ${formatDuration(condition.ageMs)} ago`))}`;
    const more = docsOfCondition(condition.kind);
    const where = more === undefined ? condition.kind : `${condition.kind}, ${more}`;
    return `${index + 1}. ${condition.message} ${style.dim(`[${where}]`)}${evidence}`;
  });
  return blocks.join('\n');
}

async function showEvents(context: Context, options: { follow?: boolean; since?: number }): Promise<ExitStatus> {
  const { io, operators, signal } = context;
  let sinceSeq = options.since ?? Math.max(0, (await operators.status(signal)).lastSeq - eventsShown);
  const show = (event: EventView) => {
    sinceSeq = event.seq;
    io.stdout.write(`${context.json ? JSON.stringify(event) : eventLine(event, context.style)}\n`);
    return false;
  };
  if (!options.follow) {
    for await (const event of operators.events({ sinceSeq, follow: false }, signal)) show(event);
    return 0;
  }
  // Ctrl-C is the way to end it, not a failure.
  await follow(context, { open: (until) => operators.events({ sinceSeq, follow: true }, until), onItem: show });
  return 0;
}

function eventLine(event: EventView, style: Style): string {
  return `${String(event.seq).padStart(6)}  ${style.dim(event.at)}  ${event.message}`;
}

function ledgerText({ lastSeq, ledgerFault }: CoordinatorStatus, style: Style): string {
  const fault = ledgerFault === undefined ? '' : style.red(`; it takes no more, so nothing starts: ${ledgerFault}`);
  return `${lastSeq} entries${fault}`;
}

function statusText(status: CoordinatorStatus, style: Style): string {
  const yes = (is: boolean) => (is ? 'connected' : style.red('not connected'));
  const stuck = status.stuckHosts.join(', ');
  const facts = renderFacts([
    ['coordinator', `${status.coordinatorId}, site ${status.site}, version ${status.version}`],
    ['agents', `${status.agentsConnected} connected`],
    ['OVN NB', yes(status.nbConnected)],
    ['NATS', yes(status.natsConnected)],
    ['ledger', ledgerText(status, style)],
    ...(status.readOnly === undefined ? [] : [['read-only', style.red(status.readOnly)] as [string, string]]),
    ['stuck', stuck === '' ? 'none' : style.red(`${stuck}: nothing goes forward anywhere`)],
    ['open', status.openAttempts.length === 0 ? 'none' : String(status.openAttempts.length)],
  ]);
  const open = status.openAttempts.map(
    (attempt) =>
      `  ${attempt.hostname} attempt ${attempt.epoch} ${attemptState(attempt, style)}, opened ${attempt.openedAt}`,
  );
  const reconcile = status.readOnly === undefined ? [] : ['nothing is started or ordered; now:  shunt reconcile'];
  return [facts, ...open, ...reconcile].join('\n');
}
