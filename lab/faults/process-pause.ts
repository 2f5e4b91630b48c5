import { readFileSync } from 'node:fs';
import { until } from '../command.ts';
import { type ProcessRecord, signalProcess } from '../processes.ts';
import { type Fault, standingFault } from './fault.ts';

/** Stops a process in its tracks (SIGSTOP), sockets open and silent, as a host that swaps or a debugger does. */
export async function pauseProcess(process: ProcessRecord): Promise<Fault> {
  if (!signalProcess(process, 'SIGSTOP')) throw new Error(`${process.name} is not running`);
  await until(`${process.name} to stop`, () => (isStopped(process.pid) ? true : undefined));
  return standingFault(`${process.name} is paused`, async () => signalProcess(process, 'SIGCONT'));
}

/** Whether it was stopped by a signal. proc(5): the state is the first field after the name in brackets. */
export function isStopped(pid: number): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
}
