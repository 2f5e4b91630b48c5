import { Command, Option } from 'commander';
import { formats, type Run, runWithContext } from './context.ts';
import type { ExitStatus } from './exit-status.ts';
import type { CliIo } from './io.ts';

/** Where the program's parts add their commands. */
export interface Group {
  group(name: string, description: string): Group;
  /** `usage`: name, then positional arguments in capitals, optional ones in brackets. */
  command(usage: string, description: string): CommandBuilder;
}

export interface CommandBuilder {
  /** `value`: the default, or what makes the value of the text. */
  option(flags: string, description: string, value?: string | ((text: string) => unknown)): CommandBuilder;
  requiredOption(flags: string, description: string): CommandBuilder;
  examples(lines: readonly string[]): CommandBuilder;
  note(text: string): CommandBuilder;
  does(run: Run): void;
}

const defaultCoordinator = 'unix:/run/shunt/coordinator/coordinator.sock';

/** The root of the program. */
export function createProgram(io: CliIo, version: string): Command {
  return new Command('shunt')
    .description('Moves hypervisors from a legacy network to OVN, wave by wave, and back.')
    .version(version)
    .addOption(
      new Option('--coordinator <address>', 'unix:/path or host:port; also SHUNT_COORDINATOR').default(
        io.env['SHUNT_COORDINATOR'] || defaultCoordinator,
      ),
    )
    .addOption(
      new Option('--output <format>', 'text or json')
        .choices(formats)
        .default('text')
        .argParser((text) => text), // judged by the command: one of them names a file by it
    )
    .addOption(new Option('--by <name>', 'who does it, for the ledger').default(`${io.user}@${io.hostname}`))
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
    })
    .exitOverride()
    .showHelpAfterError('(see --help)');
}

/** Adds commands below `parent`; each one ends by telling `onDone` its exit status. */
export function groupOf(parent: Command, io: CliIo, onDone: (status: ExitStatus) => void): Group {
  return {
    group: (name, description) => groupOf(parent.command(name).description(description), io, onDone),
    command: (usage, description) => builderOf(addCommand(parent, usage, description), io, onDone),
  };
}

function addCommand(parent: Command, usage: string, description: string): Command {
  const [name = '', ...args] = usage.split(' ');
  const command = parent.command(name).description(description);
  for (const arg of args) command.argument(arg.startsWith('[') ? arg.toLowerCase() : `<${arg.toLowerCase()}>`);
  return command;
}

function builderOf(command: Command, io: CliIo, onDone: (status: ExitStatus) => void): CommandBuilder {
  const builder: CommandBuilder = {
    option(flags, description, value) {
      if (typeof value === 'function') command.option(flags, description, value);
      else command.option(flags, description, value);
      return builder;
    },
    requiredOption(flags, description) {
      command.requiredOption(flags, description);
      return builder;
    },
    examples(lines) {
      command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`);
      return builder;
    },
    note(text) {
      command.addHelpText('after', text.trimEnd());
      return builder;
    },
    does(run) {
      command.action(async () => onDone(await runWithContext(io, command, run)));
    },
  };
  return builder;
}
