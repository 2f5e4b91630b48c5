import { type Command, CommanderError } from 'commander';
import { errorTable } from '../domain/errors.ts';
import packageJson from '../package.json' with { type: 'json' };
import { isShuntError, ShuntError } from '../platform/shunt-error.ts';
import { addAskCommands } from './ask-commands.ts';
import { bashCompletion } from './completion.ts';
import type { GlobalOptions } from './context.ts';
import { errorJson, errorText } from './error-text.ts';
import { type ExitStatus, interruptedStatus } from './exit-status.ts';
import { addHostCommands } from './host-commands.ts';
import type { CliIo } from './io.ts';
import { addPlanCommands } from './plan-commands.ts';
import { processIo } from './process-io.ts';
import { createProgram, groupOf } from './program.ts';
import { addRunCommands } from './run-commands.ts';
import { styleFor } from './style.ts';

/** The whole program but its process: arguments after the program's name in, exit status out. Never throws. */
export async function main(argv: readonly string[], io: CliIo): Promise<ExitStatus> {
  let status: ExitStatus = 0;
  const program = createProgram(io, packageJson.version);
  const root = groupOf(program, io, (ended) => {
    status = ended;
  });
  addPlanCommands(root);
  addRunCommands(root);
  addHostCommands(root);
  addAskCommands(root);
  addCompletion(program, io);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    return failed(error, program, io);
  }
}

function addCompletion(program: Command, io: CliIo): void {
  program
    .command('completion')
    .description('print a completion script')
    .argument('<shell>', 'bash')
    .addHelpText(
      'after',
      '\nExamples:\n  source <(shunt completion bash)\n  shunt completion bash > /etc/bash_completion.d/shunt',
    )
    .action((shell: string, _, command: Command) => {
      if (shell !== 'bash') command.error(`error: no completion for '${shell}'; there is one for bash`);
      io.stdout.write(bashCompletion(program));
    });
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
