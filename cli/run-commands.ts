import type { RunView } from '../domain/run-state.ts';
import type { Context } from './context.ts';
import { type ExitStatus, exitStatusOfAttempt } from './exit-status.ts';
import { timeoutOf, timeoutOption, wholeNumber } from './option-values.ts';
import type { Group } from './program.ts';
import { attemptState, attemptsOf, runHeadline, runReport } from './run-text.ts';
import { runRef, watchRun } from './watch-run.ts';

const waitText =
  'stay until it is at rest, with progress; exit status 0 done, 2 paused, 3 reverted, 4 blocked, 5 stuck';

export function addRunCommands(program: Group): void {
  const wave = program.group('wave', 'run a plan, wave by wave');
  addWaveStart(wave);
  wave
    .command('status [RUN]', 'hypervisors of a run, troubles, blackout of each guest; no RUN: the newest')
    .examples(['shunt wave status', 'shunt wave status r-1 --output json'])
    .does(async (context, command) => {
      const view = await context.operators.getRun(runRef(command.args[0]), context.signal);
      context.print(runReport(view, context.style), view);
      return 0;
    });
  addSteering(program);
  addRetry(program);
  program
    .command('watch [RUN]', 'show a run until it is at rest; Ctrl-C leaves it alone; no RUN: the newest')
    .option(...timeoutOption)
    .examples(['shunt watch', 'shunt watch r-1 --output json'])
    .does((context, command) =>
      watchRun(context, { ...runRef(command.args[0]), ...timeoutOf(command), everyView: true }),
    );
}

function addWaveStart(wave: Group): void {
  wave
    .command('start PLAN', 'start the next wave of an approved plan; returns at once unless --wait')
    .option('--wave <n>', 'through this wave', wholeNumber)
    .option('--all', 'through the last wave')
    .option('--wait', waitText)
    .option(...timeoutOption)
    .examples(['shunt wave start p-1 --wait', 'shunt wave start p-1 --wave 3', 'shunt wave start p-1 --all'])
    .does(async (context, command) => {
      const options = command.opts<{ wave?: number; all?: boolean; wait?: boolean }>();
      if (options.wave !== undefined && options.all) command.error('error: --wave and --all exclude each other');
      const request = {
        planId: command.args[0] ?? '',
        all: options.all === true,
        by: context.by,
        ...(options.wave === undefined ? {} : { wave: options.wave }),
      };
      const view = await context.operators.startWave(request, context.signal);
      return options.wait ? watchRun(context, { runId: view.id, ...timeoutOf(command) }) : tellStarted(context, view);
    });
}

function tellStarted(context: Context, view: RunView): ExitStatus {
  context.print(`${runHeadline(view, context.style)}\nto follow it:  shunt watch ${view.id}`, view);
  return 0;
}

function addSteering(program: Group): void {
  program
    .command('pause [RUN]', 'start nothing more; what is open comes to rest by itself')
    .option('--why <text>', 'for those who find it paused', 'asked by the operator')
    .examples(['shunt pause', "shunt pause --why 'switch maintenance'"])
    .does(async (context, command) => {
      const { why } = command.opts<{ why: string }>();
      const request = { ...runRef(command.args[0]), why, by: context.by };
      const view = await context.operators.pauseRun(request, context.signal);
      context.print(pausedText(context, view), view);
      return 0;
    });
  program
    .command('resume [RUN]', 'let a paused run go on; makes no new attempt where one failed (see retry)')
    .option('--wait', waitText)
    .option(...timeoutOption)
    .examples(['shunt resume', 'shunt resume --wait'])
    .does(async (context, command) => {
      const view = await context.operators.resumeRun({ ...runRef(command.args[0]), by: context.by }, context.signal);
      const { wait } = command.opts<{ wait?: boolean }>();
      return wait ? watchRun(context, { runId: view.id, ...timeoutOf(command) }) : tellStarted(context, view);
    });
  program
    .command('abort [RUN]', 'end a run for good; what is open comes to rest, what is moved stays moved')
    .examples(['shunt abort', 'shunt abort r-1'])
    .does(async (context, command) => {
      const view = await context.operators.abortRun({ ...runRef(command.args[0]), by: context.by }, context.signal);
      context.print(pausedText(context, view), view);
      return 0;
    });
}

/** What is still open comes to rest by itself: by whom, and where it is. */
function pausedText(context: Context, view: RunView): string {
  const open = attemptsOf(view).filter((attempt) => attempt.outcome === undefined);
  const lines = open.map(
    (attempt) =>
      `  ${attempt.hostname} attempt ${attempt.epoch} ${attemptState(attempt, context.style)}, opened ${attempt.openedAt}`,
  );
  const head = open.length === 0 ? 'Nothing is open.' : 'Still open, and coming to rest by themselves:';
  return [runHeadline(view, context.style), head, ...lines].join('\n');
}

function addRetry(program: Group): void {
  program
    .command('retry HOST', 'make a new attempt where the last one was reverted or blocked')
    .option('--wait', waitText)
    .option(...timeoutOption)
    .examples(['shunt retry hv3', 'shunt retry hv3 --wait'])
    .does(async (context, command) => {
      const host = command.args[0] ?? '';
      const view = await context.operators.retryHost({ host, by: context.by }, context.signal);
      const paused = view.state === 'paused' ? '\nthe run is paused; to let it start:  shunt resume' : '';
      if (command.opts<{ wait?: boolean }>().wait) return waitForRetry(context, { host, view, ...timeoutOf(command) });
      context.print(`a new attempt on ${host} will be made in run ${view.id}${paused}`, view);
      return 0;
    });
}

interface Retried {
  readonly host: string;
  /** As it was when the retry was accepted. */
  readonly view: RunView;
  readonly timeoutMs?: number;
}

/** The end of a newer attempt than the one that was there; or of the run, which then never makes it. */
function waitForRetry(context: Context, { host, view, timeoutMs }: Retried): Promise<ExitStatus> {
  const attemptIn = (shown: RunView) =>
    attemptsOf(shown).find((attempt) => attempt.systemId === host || attempt.hostname === host);
  const before = attemptIn(view);
  // The accepted retry may be open already.
  const old = before?.outcome === undefined ? (before?.epoch ?? 0) - 1 : before.epoch;
  const newer = (shown: RunView) => {
    const attempt = attemptIn(shown);
    return attempt !== undefined && attempt.epoch > old ? attempt : undefined;
  };
  return watchRun(context, {
    runId: view.id,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    isOver: (shown) => newer(shown)?.outcome !== undefined || (newer(shown) === undefined && shown.state !== 'running'),
    exitStatus: (shown) => {
      const attempt = newer(shown);
      return attempt ? exitStatusOfAttempt(attempt) : 2;
    },
  });
}
