import { type ChildOptions, type ChildResult, runChild } from '../platform/child.ts';
import { patience } from './patience.ts';

/** Every exit code is a result. */
const ANY_EXIT_CODE = Array.from({ length: 256 }, (_, code) => code);

export interface RunOptions {
  readonly input?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default 60 s. */
  readonly timeoutMs?: number;
}

/** Runs a command to its end; whatever its exit code, that is the result. */
export function tryRun(argv: readonly string[], options: RunOptions = {}): Promise<ChildResult> {
  return runChild(argv, { ...childOptions(options), okExitCodes: ANY_EXIT_CODE });
}

/** Runs a command and returns its standard output; any exit code but 0 is an error that carries its words. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  return (await runChild(argv, childOptions(options))).stdout;
}

/** Waits until `probe` gives a value; bounded (default 20 s, times {@link patience}). `what` names it in the error. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined> | T | undefined,
  options: { readonly timeoutMs?: number; readonly everyMs?: number } = {},
): Promise<T> {
  const timeoutMs = (options.timeoutMs ?? 20_000) * patience;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 10));
  }
}

function childOptions(options: RunOptions): ChildOptions {
  return {
    timeoutMs: (options.timeoutMs ?? 60_000) * patience,
    outputMaxBytes: 16 * 1024 * 1024,
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.env ? { env: { ...process.env, ...options.env } } : {}),
  };
}

/** Waits for all, also when one fails: nothing goes on working behind the caller's clean-up. Throws the first failure. */
export async function together(tasks: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(tasks);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
