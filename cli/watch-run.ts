import type { RunView } from '../domain/run-state.ts';
import { blackoutTable } from './blackout-text.ts';
import type { Context } from './context.ts';
import { type ExitStatus, exitStatusOfRun, interruptedStatus } from './exit-status.ts';
import { type FollowEnd, follow } from './follow.ts';
import { progressFor } from './progress.ts';
import { attemptsOf, runHeadline, troubleText } from './run-text.ts';

export interface WatchOptions {
  readonly runId?: string;
  /** Milliseconds; for ever when absent. */
  readonly timeoutMs?: number;
  /** Default: when the run is at rest. */
  readonly isOver?: (view: RunView) => boolean;
  /** Default: of the whole run. */
  readonly exitStatus?: (view: RunView) => ExitStatus;
  /** With JSON: each view as a line; otherwise the last one only. */
  readonly everyView?: boolean;
}

/** Nothing is open, and nothing will start without somebody's word. */
export function isAtRest(view: RunView): boolean {
  const open = attemptsOf(view).some((attempt) => attempt.outcome === undefined);
  return view.state !== 'running' && !open;
}

/** Shows a run until it is over; Ctrl-C leaves it alone and says how to come back. */
export async function watchRun(context: Context, options: WatchOptions): Promise<ExitStatus> {
  const { io, operators } = context;
  const progress = progressFor(context);
  const isOver = options.isOver ?? isAtRest;
  let last: RunView | undefined;
  const end = await follow(context, {
    // Whoever came without a number stays with the run that was shown first.
    open: (signal) => operators.watchRun(runRef(last?.id ?? options.runId), signal),
    onItem(view) {
      last = view;
      if (context.json && options.everyView) io.stdout.write(`${JSON.stringify(view)}\n`);
      progress.show(view);
      return isOver(view);
    },
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  });
  if (end !== 'over') return tellHowToComeBack(context, end, last?.id ?? options.runId);
  if (last) tellEnd(context, last, options.everyView === true);
  return last ? (options.exitStatus ?? exitStatusOfRun)(last) : 1;
}

export function runRef(runId: string | undefined): { runId?: string } {
  return runId === undefined ? {} : { runId };
}

function tellEnd(context: Context, view: RunView, everyView: boolean): void {
  const { style } = context;
  if (context.json && everyView) return;
  const attempts = attemptsOf(view);
  const parts = ['', runHeadline(view, style), troubleText(attempts, style), blackoutTable(attempts, style)];
  context.print(parts.filter((part, index) => index === 0 || part !== '').join('\n'), view);
}

function tellHowToComeBack({ io }: Context, end: FollowEnd, runId: string | undefined): ExitStatus {
  const run = runId === undefined ? 'the run' : `run ${runId}`;
  const why = end === 'timed-out' ? ' (--timeout)' : '';
  io.stderr.write(`\nshunt: stopped watching${why}; ${run} goes on, nothing was changed.\n`);
  io.stderr.write(`  back to it:  shunt watch${runId === undefined ? '' : ` ${runId}`}\n`);
  io.stderr.write('  to stop it:  shunt pause\n');
  return end === 'timed-out' ? 1 : interruptedStatus;
}
