import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { runChild } from '../../platform/child.ts';
import { describeError, ShuntError } from '../../platform/shunt-error.ts';
import { withoutFailpoint } from '../journal/failpoint.ts';
import type { DeadMan } from '../journal/journal-records.ts';
import { systemdReachesUs } from './service-manager.ts';

export interface DeadManOrder {
  readonly kind: 'auto' | 'process' | 'systemd';
  readonly epoch: number;
  readonly afterMs: number;
  /** The command that goes back. */
  readonly argv: readonly string[];
}

/** Tells the timers of one attempt from each other. */
let armed = 0;
/** Shows in the process list, and tells our dead man from whatever got its pid later. */
const processTitle = 'shunt-deadman';
/** What `revert --attempt` ends with when it went back. */
const revertedExitCode = 3;

/** Sets something beside us that goes back at the deadline, whatever becomes of this process; `deadman-failed` when it cannot be had. */
export async function armDeadMan(order: DeadManOrder): Promise<DeadMan> {
  try {
    const systemd = order.kind === 'systemd' || (order.kind === 'auto' && (await systemdReachesUs()));
    return systemd ? await armTimer(order) : await armProcess(order);
  } catch (cause) {
    throw new ShuntError('deadman-failed', `arming the dead man of attempt ${order.epoch}`, { cause });
  }
}

/**
 * The hypervisor is at rest: nothing is due any more. Ending one that has ended is no error, and one that cannot be ended is told, and nothing else: when he
 * comes he reads in the journal what is left to do. Never fails.
 */
export async function disarmDeadMan(deadMan: DeadMan, tell: (message: string) => void = say): Promise<void> {
  try {
    await end(deadMan);
  } catch (error) {
    tell(`a dead man could not be ended; he reads the journal when he comes: ${describeError(error)}`);
  }
}

function say(message: string): void {
  console.error(`shunt-agent: ${message}`);
}

async function end(deadMan: DeadMan): Promise<void> {
  switch (deadMan.kind) {
    case 'process':
      if (startTicksOf(deadMan.pid) !== deadMan.startTicks) return;
      try {
        process.kill(-deadMan.pid, 'SIGKILL'); // its own session: sh and its sleep
      } catch {
        // It ended between the look and the signal.
      }
      return;
    case 'systemd':
      await runChild(['systemctl', 'stop', `${deadMan.unit}.timer`], { okExitCodes: [0, 1, 5], timeoutMs: 10_000 });
  }
}

/** Whether he would still come. systemd keeps the file of a transient timer for as long as the timer. */
export function isDeadManThere(deadMan: DeadMan): boolean {
  switch (deadMan.kind) {
    case 'process':
      return startTicksOf(deadMan.pid) === deadMan.startTicks;
    case 'systemd':
      return existsSync(`/run/systemd/transient/${deadMan.unit}.timer`);
  }
}

async function armProcess(order: DeadManOrder): Promise<DeadMan> {
  const seconds = (order.afterMs / 1_000).toFixed(3);
  const script = 'sleep "$1"; shift; exec "$@"';
  const child = spawn('/bin/sh', ['-c', script, `${processTitle}-${order.epoch}`, seconds, ...order.argv], {
    detached: true, // setsid: the end of our session is not its own
    stdio: 'ignore',
    cwd: '/',
    env: withoutServiceVariables(process.env),
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  child.unref();
  const startTicks = child.pid === undefined ? undefined : startTicksOf(child.pid);
  if (child.pid === undefined || startTicks === undefined) throw new Error('it ended at once');
  return { kind: 'process', pid: child.pid, startTicks };
}

async function armTimer(order: DeadManOrder): Promise<DeadMan> {
  armed += 1; // an attempt may have several, one after the other
  const unit = `shunt-deadman-${order.epoch}-${process.pid}-${armed}`;
  const seconds = (order.afterMs / 1_000).toFixed(3);
  const how = [
    `--unit=${unit}`,
    `--description=Shunt: attempt ${order.epoch} goes back unless it is settled`,
    '--collect',
    '--quiet',
    `--on-active=${seconds}s`,
    '--timer-property=AccuracySec=100ms',
    `--property=SuccessExitStatus=${revertedExitCode}`,
  ];
  await runChild(['systemd-run', ...how, ...order.argv], { timeoutMs: 10_000 });
  return { kind: 'systemd', unit };
}

function withoutServiceVariables(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { NOTIFY_SOCKET: _socket, WATCHDOG_USEC: _usec, WATCHDOG_PID: _pid, ...rest } = env;
  return withoutFailpoint(rest);
}

/** When the process began, in clock ticks since boot (proc(5), field 22): with the pid it names one process for ever. */
function startTicksOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
