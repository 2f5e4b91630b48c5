import { type ChildProcess, spawn } from 'node:child_process';

export interface ProgramOptions {
  readonly cwd: string;
  /** The program and all its children are killed after this long. */
  readonly limitMs: number;
  readonly env?: NodeJS.ProcessEnv;
  /**
   * `collect` gives stdout and stderr back as one text, `show` passes them on to the terminal, `stderr` both to our stderr, `stdout` gives stdout back
   * and passes stderr on.
   */
  readonly console?: 'collect' | 'show' | 'stderr' | 'stdout';
  readonly signal?: AbortSignal;
}

export interface ProgramResult {
  /** Exit status; 128 + signal number as a shell would say; 124 when the limit was reached, 127 when it did not start. */
  readonly status: number;
  readonly output: string;
}

const outputs = {
  collect: ['pipe', 'pipe'],
  show: ['inherit', 'inherit'],
  stderr: [2, 2],
  stdout: ['pipe', 'inherit'],
} as const;

/** Output kept of one program; what is beyond is dropped from the front. */
const outputBytesMax = 4 * 1024 * 1024;

/** Runs a program in a process group of its own, so that its end is the end of all it started. Never rejects. */
export async function runProgram(
  command: string,
  args: readonly string[],
  { cwd, limitMs, env = process.env, console: mode = 'collect', signal }: ProgramOptions,
): Promise<ProgramResult> {
  const child = spawn(command, args, {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', ...outputs[mode]],
  });
  const collected: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => keep(collected, chunk));
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    killGroup(child, 'SIGKILL');
  }, limitMs);
  const stop = () => killGroup(child, 'SIGTERM');
  const onSignal = onceSignalled(child);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const status = await ended(child);
    const output = Buffer.concat(collected).toString('utf8');
    if (!late) return { status, output };
    return { status: 124, output: `${output}\n${command}: killed after ${Math.round(limitMs / 1000)} s\n` };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    onSignal.dispose();
  }
}

function keep(collected: Buffer[], chunk: Buffer): void {
  collected.push(chunk);
  let bytes = collected.reduce((sum, part) => sum + part.length, 0);
  while (bytes > outputBytesMax && collected.length > 1) bytes -= collected.shift()?.length ?? 0;
}

/** A group of its own does not get the terminal's Ctrl-C: pass it on. */
function onceSignalled(child: ChildProcess): { dispose(): void } {
  const pass = (name: NodeJS.Signals) => killGroup(child, name);
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of names) process.on(name, pass);
  return {
    dispose() {
      for (const name of names) process.off(name, pass);
    },
  };
}

function killGroup(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    // ESRCH: it has ended between our look and our kill.
  }
}

const signalNumbers: Partial<Record<NodeJS.Signals, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once('error', () => resolve(127));
    child.once('close', (code, name) => resolve(code ?? 128 + ((name && signalNumbers[name]) ?? 0)));
  });
}
