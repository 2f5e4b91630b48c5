import { Argument, type Command } from 'commander';
import { versionText } from '../platform/release.ts';
import { addAskCommands } from './ask-commands.ts';
import { completionScript, type Shell, shells } from './completion.ts';
import type { ExitStatus } from './exit-status.ts';
import { addHostCommands } from './host-commands.ts';
import type { CliIo } from './io.ts';
import { addPlanCommands } from './plan-commands.ts';
import { createProgram, groupOf } from './program.ts';
import { addReconcile } from './reconcile-command.ts';
import { addRunCommands } from './run-commands.ts';
import { addSupportBundle } from './support-command.ts';

/** Every command and option of shunt; each command tells `onDone` its exit status. */
export function cliProgram(io: CliIo, onDone: (status: ExitStatus) => void): Command {
  const program = createProgram(io, versionText);
  const root = groupOf(program, io, onDone);
  addPlanCommands(root);
  addRunCommands(root);
  addHostCommands(root);
  addAskCommands(root);
  addReconcile(root);
  addSupportBundle(root);
  addCompletion(program, io);
  return program;
}

function addCompletion(program: Command, io: CliIo): void {
  program
    .command('completion')
    .description('print a completion script')
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(shells))
    .addHelpText(
      'after',
      `
Examples:
  source <(shunt completion bash)
  shunt completion bash > /etc/bash_completion.d/shunt
  shunt completion zsh > ~/.zfunc/_shunt
  shunt completion fish > ~/.config/fish/completions/shunt.fish`,
    )
    .action((shell: Shell) => {
      io.stdout.write(completionScript(shell, program));
    });
}
