import type { Command } from 'commander';
import { ShuntError } from '../platform/shunt-error.ts';
import { connectOperators, type OperatorsClient } from '../wire/operators-client.ts';
import type { ExitStatus } from './exit-status.ts';
import type { CliIo } from './io.ts';
import { type Style, styleFor } from './style.ts';

export const formats: readonly string[] = ['text', 'json'];

/** Options that every command takes, before or after its own. */
export interface GlobalOptions {
  readonly coordinator: string;
  /** One of {@link formats}; where a command has an option of this name itself, also a file. */
  readonly output: string;
  readonly by: string;
}

/** What a command works with. */
export interface Context {
  readonly io: CliIo;
  readonly style: Style;
  readonly operators: OperatorsClient;
  readonly by: string;
  readonly json: boolean;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
  /** Text for people, or the value as JSON, as was asked for. */
  print(text: string, value: unknown): void;
}

/** Makes the body of a command: its positional arguments and options as commander gives them, its exit status back. */
export type Run = (context: Context, command: Command) => Promise<ExitStatus>;

/** Runs a command against the coordinator, and lets go of everything afterwards. */
export async function runWithContext(io: CliIo, command: Command, run: Run): Promise<ExitStatus> {
  const options = command.optsWithGlobals<GlobalOptions>();
  if (!formats.includes(options.output) && !command.options.some((own) => own.long === '--output')) {
    const allowed = `Allowed choices are ${formats.join(', ')}.`;
    command.error(`error: option '--output <format>' argument '${options.output}' is invalid. ${allowed}`);
  }
  const interrupted = new AbortController();
  using _listener = io.onInterrupt(() => interrupted.abort());
  using operators = connectOperators({ address: checkedAddress(options.coordinator) });
  const json = options.output === 'json';
  const context: Context = {
    io,
    style: styleFor(io.stdout, io.env),
    operators,
    by: options.by,
    json,
    signal: interrupted.signal,
    print: (text, value) => io.stdout.write(`${json ? JSON.stringify(value, undefined, 2) : text}\n`),
  };
  return await run(context, command);
}

function checkedAddress(address: string): string {
  if (/^unix:\/.+|^(\[[0-9a-fA-F:.%]+\]|[^:/[\]]+):\d{1,5}$/.test(address)) return address;
  throw new ShuntError('usage', `--coordinator ${address}: it is unix:/path or host:port`);
}
