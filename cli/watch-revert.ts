import type { HostView } from '../domain/run-state.ts';
import type { EventView } from '../wire/operators-api.ts';
import type { Context } from './context.ts';
import { type ExitStatus, exitStatusOfRevert, interruptedStatus } from './exit-status.ts';
import { follow } from './follow.ts';
import { hostReport } from './host-text.ts';

export interface RevertOptions {
  readonly host: string;
  readonly why: string;
  readonly timeoutMs?: number;
}

/**
 * Asks a hypervisor to go back and waits for the end of the attempt that takes it there. The ledger tells: what was asked comes
 * before what ended because of it, so an end from before cannot be mistaken for ours.
 */
export async function revertAndWait(context: Context, options: RevertOptions): Promise<ExitStatus> {
  const { operators, signal, by } = context;
  let seenSeq = (await operators.status(signal)).lastSeq;
  const { systemId, hostname } = await operators.revertHost({ host: options.host, why: options.why, by }, signal);
  let asked = false;
  const end = await follow(context, {
    open: (following) => operators.events({ sinceSeq: seenSeq, follow: true }, following),
    onItem(event) {
      seenSeq = event.seq;
      if (event.host !== systemId) return false;
      if (!context.json) tell(context, event);
      asked ||= event.type === 'revert-requested';
      return asked && event.type === 'attempt-closed';
    },
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  });
  if (end === 'interrupted') return tellHowToComeBack(context, hostname);
  return tellEnd(context, await operators.getHost({ host: systemId }, signal));
}

function tell({ io, style }: Context, event: EventView): void {
  io.stdout.write(`${style.dim(event.at)}  ${event.message}\n`);
}

function tellEnd(context: Context, host: HostView): ExitStatus {
  context.print(`\n${hostReport(host, context.style)}`, host);
  return exitStatusOfRevert(host.attempt);
}

function tellHowToComeBack({ io }: Context, hostname: string): ExitStatus {
  io.stderr.write(`\nshunt: stopped watching; ${hostname} goes on going back.\n`);
  io.stderr.write(`  look at it:  shunt host show ${hostname}\n`);
  return interruptedStatus;
}
