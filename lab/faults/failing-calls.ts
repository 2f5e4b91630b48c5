import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { until } from '../command.ts';
import { type Fault, standingFault } from './fault.ts';

/** Which system calls fail, by strace(1)'s `inject`. */
export interface FailingCalls {
  /** E.g. `fdatasync`, `write`, `openat`. */
  readonly call: string;
  /** Default EIO. */
  readonly error?: string;
  /**
   * The first that fails, and whether the later ones do too: `3` only the third, `3+` from the third on; default `1+`. strace counts in each
   * thread by itself, and Node's file calls go to one of four: only `1+` is sure there.
   */
  readonly when?: string;
  /** Only calls on this path. */
  readonly path?: string;
}

/** Lets calls of a running process fail until the fault is removed. */
export async function failCalls(pid: number, calls: FailingCalls): Promise<Fault> {
  const child = spawn('strace', [...straceArguments(calls), '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-2000)));
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('close', () => resolve());
  });
  const attached = () => {
    if (child.exitCode !== null) throw new Error(`strace ended: ${words.trim()}`);
    return isTraced(pid, child.pid) ? true : undefined;
  };
  await until(`strace to hold process ${pid}`, attached);
  return standingFault(`${calls.call} of process ${pid} fails with ${calls.error ?? 'EIO'}`, () => {
    child.kill('SIGTERM'); // it lets go of the process first
    return ended;
  });
}

/** A command that runs another one whose calls fail; for what must fail from its start on. */
export function withFailingCalls(calls: FailingCalls, argv: readonly string[]): readonly string[] {
  return ['strace', ...straceArguments(calls), '--', ...argv];
}

function straceArguments({ call, error = 'EIO', when = '1+', path }: FailingCalls): readonly string[] {
  const only = path === undefined ? [] : ['-P', path];
  return [
    '-f',
    '-qqq',
    '-o',
    '/dev/null',
    ...only,
    '-e',
    `trace=${call}`,
    '-e',
    `inject=${call}:error=${error}:when=${when}`,
  ];
}

/** All threads: strace takes them one after the other. */
function isTraced(pid: number, tracer: number | undefined): boolean {
  return readdirSync(`/proc/${pid}/task`).every((thread) => {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
    return Number(/^TracerPid:\t(\d+)$/m.exec(status)?.[1]) === tracer;
  });
}
