import type { HostVerb } from '../domain/run/host-commands.ts';
import type { HostView } from '../domain/run-state.ts';
import type { EventView } from '../wire/operators-api.ts';
import type { Context } from './context.ts';
import { type ExitStatus, exitStatusOfRevert, exitStatusOfVerb, interruptedStatus } from './exit-status.ts';
import { type FollowEnd, follow } from './follow.ts';
import { hostReport } from './host-text.ts';

export interface HostOrder {
  readonly host: string;
  readonly why: string;
  readonly verb: 'revert' | HostVerb;
}

/** Orders a hypervisor to do something; it has not done it yet when this returns. */
export function order({ operators, signal, by }: Context, { host, why, verb }: HostOrder): Promise<HostView> {
  return verb === 'revert'
    ? operators.revertHost({ host, why, by }, signal)
    : operators.operateHost({ host, why, by, verb }, signal);
}

/** Orders a hypervisor to do something and waits for the end of the attempt that does it. */
export async function orderAndWait(
  context: Context,
  options: HostOrder & { readonly timeoutMs?: number },
): Promise<ExitStatus> {
  const { operators, signal } = context;
  let seenSeq = (await operators.status(signal)).lastSeq;
  const asked = await order(context, options);
  const { systemId, hostname } = asked;
  let host = asked;
  // The open attempt that is called back, or a new one: not an earlier one.
  const isOver = () => host.attempt?.outcome !== undefined && host.attempt.epoch >= (asked.attempt?.epoch ?? 0);
  const endsIt = async (event: EventView): Promise<boolean> => {
    if (event.host !== systemId) return false;
    if (!context.json) tell(context, event);
    if (event.type !== 'attempt-closed') return false;
    host = await operators.getHost({ host: systemId }, signal);
    return isOver();
  };
  const end = await follow(context, {
    open: (following) => operators.events({ sinceSeq: seenSeq, follow: true }, following),
    async onItem(event) {
      const over = await endsIt(event);
      seenSeq = event.seq; // only now: what could not be judged is read again
      return over;
    },
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  });
  if (end !== 'over') return tellHowToComeBack(context, end, options.verb, hostname);
  context.print(`\n${hostReport(host, context.style)}`, host);
  return options.verb === 'revert' ? exitStatusOfRevert(host.attempt) : exitStatusOfVerb(host.attempt);
}

function tell({ io, style }: Context, event: EventView): void {
  io.stdout.write(`${style.dim(event.at)}  ${event.message}\n`);
}

function tellHowToComeBack({ io }: Context, end: FollowEnd, verb: HostOrder['verb'], hostname: string): ExitStatus {
  const why = end === 'timed-out' ? ' (--timeout)' : '';
  const doing = verb === 'revert' ? 'going back' : `with its ${verb}`;
  io.stderr.write(`\nshunt: stopped watching${why}; ${hostname} goes on ${doing}.\n`);
  io.stderr.write(`  look at it:  shunt host show ${hostname}\n`);
  return end === 'timed-out' ? 1 : interruptedStatus;
}
