import type { HostView } from '../domain/run-state.ts';
import type { EventView } from '../wire/operators-api.ts';
import type { Context } from './context.ts';
import { type ExitStatus, exitStatusOfRevert, interruptedStatus } from './exit-status.ts';
import { type FollowEnd, follow } from './follow.ts';
import { hostReport } from './host-text.ts';

export interface RevertOptions {
  readonly host: string;
  readonly why: string;
  readonly timeoutMs?: number;
}

/** Asks a hypervisor to go back and waits for the end of the attempt that takes it there. */
export async function revertAndWait(context: Context, options: RevertOptions): Promise<ExitStatus> {
  const { operators, signal, by } = context;
  let seenSeq = (await operators.status(signal)).lastSeq;
  const asked = await operators.revertHost({ host: options.host, why: options.why, by }, signal);
  const { systemId, hostname } = asked;
  let host = asked;
  // The open attempt that is called back, or a new one with direction `back`: not an earlier one.
  const isBack = () => host.attempt?.outcome !== undefined && host.attempt.epoch >= (asked.attempt?.epoch ?? 0);
  const endsRevert = async (event: EventView): Promise<boolean> => {
    if (event.host !== systemId) return false;
    if (!context.json) tell(context, event);
    if (event.type !== 'attempt-closed') return false;
    host = await operators.getHost({ host: systemId }, signal);
    return isBack();
  };
  const end = await follow(context, {
    open: (following) => operators.events({ sinceSeq: seenSeq, follow: true }, following),
    async onItem(event) {
      const over = await endsRevert(event);
      seenSeq = event.seq; // only now: what could not be judged is read again
      return over;
    },
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  });
  return end === 'over' ? tellEnd(context, host) : tellHowToComeBack(context, end, hostname);
}

function tell({ io, style }: Context, event: EventView): void {
  io.stdout.write(`${style.dim(event.at)}  ${event.message}\n`);
}

function tellEnd(context: Context, host: HostView): ExitStatus {
  context.print(`\n${hostReport(host, context.style)}`, host);
  return exitStatusOfRevert(host.attempt);
}

function tellHowToComeBack({ io }: Context, end: FollowEnd, hostname: string): ExitStatus {
  const why = end === 'timed-out' ? ' (--timeout)' : '';
  io.stderr.write(`\nshunt: stopped watching${why}; ${hostname} goes on going back.\n`);
  io.stderr.write(`  look at it:  shunt host show ${hostname}\n`);
  return end === 'timed-out' ? 1 : interruptedStatus;
}
