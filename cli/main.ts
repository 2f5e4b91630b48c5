import { type Command, CommanderError } from 'commander';
import { errorTable } from '../domain/errors.ts';
import { isShuntError, ShuntError } from '../platform/shunt-error.ts';
import { cliProgram } from './commands.ts';
import type { GlobalOptions } from './context.ts';
import { errorJson, errorText } from './error-text.ts';
import { type ExitStatus, interruptedStatus } from './exit-status.ts';
import type { CliIo } from './io.ts';
import { processIo } from './process-io.ts';
import { styleFor } from './style.ts';

/** The whole program but its process: arguments after the program's name in, exit status out. Never throws. */
export async function main(argv: readonly string[], io: CliIo): Promise<ExitStatus> {
  let status: ExitStatus = 0;
  const program = cliProgram(io, (ended) => {
    status = ended;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    return failed(error, program, io);
  }
}

function failed(error: unknown, program: Command, io: CliIo): ExitStatus {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1; // commander has said what is wrong
  const { output, coordinator } = program.opts<GlobalOptions>();
  const told = isShuntError(error, 'coordinator-unavailable')
    ? new ShuntError(error.code, `no answer from the coordinator at ${coordinator}`, { cause: error })
    : error;
  const text = output === 'json' ? errorJson(told) : errorText(told, styleFor(io.stderr, io.env));
  io.stderr.write(`${text}\n`);
  if (!isShuntError(error)) return 1;
  return error.code === 'cancelled' ? interruptedStatus : errorTable[error.code].exit;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2), processIo());
