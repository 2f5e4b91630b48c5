import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { ShuntError } from './shunt-error.ts';

export interface ChildOptions {
  /** Default 30 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Bound for stdout and for stderr, each; more is an error. Default 1 MiB. */
  readonly outputMaxBytes?: number;
  /** Default [0]. */
  readonly okExitCodes?: readonly number[];
}

export interface ChildResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

const graceMs = 1_000;
const stderrTailChars = 500;

/**
 * Runs a program to its end, without a shell. Fails with `child-failed` (exit status, signal, not found, too much output; the end of
 * its stderr is in the message), `timed-out` or `cancelled`; the program is gone when this settles.
 */
export async function runChild(argv: readonly string[], options: ChildOptions = {}): Promise<ChildResult> {
  const [program, ...args] = argv;
  if (program === undefined) throw new TypeError('an empty argv');
  if (options.signal?.aborted)
    throw new ShuntError('cancelled', `running ${argv.join(' ')}`, { cause: options.signal.reason });
  const child = spawn(program, args, { env: options.env, cwd: options.cwd, stdio: ['pipe', 'pipe', 'pipe'] });
  const stop = new Stopper(child);
  const timer = setTimeout(() => stop.because('timed-out'), options.timeoutMs ?? 30_000);
  const onAbort = (): void => stop.because('cancelled');
  options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const outputMaxBytes = options.outputMaxBytes ?? 1024 * 1024;
    const stdout = collect(child.stdout, outputMaxBytes, stop);
    const stderr = collect(child.stderr, outputMaxBytes, stop);
    child.stdin.on('error', () => undefined); // EPIPE: it did not want our input; its exit status tells the rest
    child.stdin.end(options.input ?? '');
    const { code, signal, error } = await ended(child);
    return judge({ argv, code, signal, error, stopped: stop.reason, stdout: stdout(), stderr: stderr() }, options);
  } finally {
    clearTimeout(timer);
    stop.clear();
    options.signal?.removeEventListener('abort', onAbort);
  }
}

type StopReason = 'timed-out' | 'cancelled' | 'too-much-output';

/** Ends the child once, politely first; remembers the first reason. */
class Stopper {
  reason: StopReason | undefined;
  readonly #child: ChildProcess;
  #timer: NodeJS.Timeout | undefined;

  constructor(child: ChildProcess) {
    this.#child = child;
  }

  because(reason: StopReason): void {
    if (this.reason !== undefined) return;
    this.reason = reason;
    this.#child.kill('SIGTERM');
    this.#timer = setTimeout(() => {
      this.#child.kill('SIGKILL');
      // A grandchild may hold the pipes open: without this we would wait for it.
      this.#child.stdout?.destroy();
      this.#child.stderr?.destroy();
    }, graceMs);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}

function collect(stream: Readable, maxBytes: number, stop: Stopper): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    if (bytes + chunk.length > maxBytes) return stop.because('too-much-output');
    bytes += chunk.length;
    chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error: Error | undefined;
}

function ended(child: ChildProcess): Promise<Ending> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      if (child.pid === undefined) resolve({ code: null, signal: null, error });
    });
    child.once('close', (code, signal) => resolve({ code, signal, error: undefined }));
  });
}

interface Outcome extends Ending {
  readonly argv: readonly string[];
  readonly stopped: StopReason | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

function judge(outcome: Outcome, options: ChildOptions): ChildResult {
  const { argv, code, signal, error, stopped, stdout, stderr } = outcome;
  const doing = `running ${argv.join(' ')}`;
  const tail = stderr.trim().slice(-stderrTailChars);
  const detail = { argv, exitCode: code, signal, stderr: tail };
  if (stopped === 'timed-out' || stopped === 'cancelled') {
    throw new ShuntError(stopped, doing, {
      detail,
      cause: options.signal?.aborted ? options.signal.reason : undefined,
    });
  }
  if (stopped === 'too-much-output')
    throw new ShuntError('child-failed', `${doing}: it wrote more than allowed`, { detail });
  if (error !== undefined) throw new ShuntError('child-failed', doing, { cause: error, detail });
  if (code === null || !(options.okExitCodes ?? [0]).includes(code)) {
    const how = code === null ? `ended by ${signal}` : `exit status ${code}`;
    throw new ShuntError('child-failed', `${doing}: ${how}${tail === '' ? '' : `: ${tail}`}`, { detail });
  }
  return { stdout, stderr, exitCode: code };
}
