import { Command, InvalidArgumentError, Option } from 'commander';
import { errorTable } from '../domain/errors.ts';
import packageJson from '../package.json' with { type: 'json' };
import { renderConfigSample } from '../platform/config-keys.ts';
import { describeError, isShuntError } from '../platform/shunt-error.ts';
import { configSchema, defaultConfigFile, readConfig, renderEffective } from './config.ts';
import { backupLedger, showLedger, verifyLedger } from './ledger/ledger-commands.ts';
import { runCoordinator } from './run.ts';

const { version } = packageJson;
const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function main(argv: readonly string[]): Promise<number> {
  try {
    let status = 0;
    await program((value) => {
      status = value;
    }).parseAsync([...argv]);
    return status;
  } catch (error) {
    process.stderr.write(`shunt-coordinator: ${describeError(error)}\n`);
    return isShuntError(error) ? errorTable[error.code].exit : 1;
  }
}

function program(exit: (status: number) => void): Command {
  const root = new Command('shunt-coordinator')
    .description('Schedules the waves of a cutover; one per cloud or site.')
    .version(version)
    .showHelpAfterError()
    .addHelpText('after', rootExamples);
  withConfig(root.command('run').description('run until SIGTERM; SIGHUP reads the log level again')).action(
    async (options: CommandOptions) => exit(await run(options)),
  );
  withConfig(
    root.command('check-config').description('print the effective values and where each comes from, or all problems'),
  )
    .option('--sample', 'print a documented configuration file instead')
    .action((options: CommandOptions & { sample?: boolean }) => {
      process.stdout.write(
        options.sample ? renderConfigSample(configSchema, sampleHeader) : renderEffective(load(options)),
      );
    });
  addLedgerCommands(root);
  return root;
}

function addLedgerCommands(root: Command): void {
  const ledger = root
    .command('ledger')
    .description('look at the ledger; also beside a running coordinator')
    .addHelpText('after', ledgerExamples);
  withStateDir(ledger.command('verify').description('check the whole hash chain; exit 5 when it is broken')).action(
    (options: CommandOptions) => verifyLedger(load(options).value.stateDir, print),
  );
  withStateDir(ledger.command('show').description('print entries, oldest first'))
    .option('--from <seq>', 'first entry', wholeNumber, 1)
    .option('--limit <n>', 'entries at most', wholeNumber, 1_000_000_000)
    .addOption(
      new Option('--output <format>', 'text or json (an object a line)').choices(['text', 'json']).default('text'),
    )
    .action((options: CommandOptions & { from: number; limit: number; output: string }) =>
      showLedger(
        load(options).value.stateDir,
        { fromSeq: options.from, limit: options.limit, json: options.output === 'json' },
        print,
      ),
    );
  withStateDir(
    ledger.command('backup <file>').description('copy the ledger as of now to a new file, and check the copy'),
  ).action((file: string, options: CommandOptions) => backupLedger(load(options).value.stateDir, file, print));
}

interface CommandOptions {
  readonly config?: string;
  readonly site?: string;
  readonly stateDir?: string;
  readonly listen?: string;
  readonly socket?: string;
  readonly nb?: string;
  readonly nats?: string;
  readonly http?: string;
  readonly logLevel?: string;
}

function withStateDir(command: Command): Command {
  return command
    .option('--config <file>', `configuration file (default ${defaultConfigFile})`)
    .option('--state-dir <dir>', 'where the ledger lies');
}

function withConfig(command: Command): Command {
  return withStateDir(command)
    .option('--site <name>', 'name of this site')
    .option('--listen <host:port>', "gRPC for agents and operators; '' for none")
    .option('--socket <path>', "gRPC on a unix socket of mode 0600; '' for none")
    .option('--nb <remotes>', 'OVN Northbound, e.g. tcp:10.0.0.1:6641,tcp:10.0.0.2:6641')
    .option('--nats <urls>', 'NATS servers, separated by commas')
    .option('--http <host:port>', "/metrics, /healthz, /readyz; '' for none")
    .option('--log-level <level>', 'trace, debug, info, warn, error');
}

function load(options: CommandOptions) {
  const flags = {
    site: options.site,
    stateDir: options.stateDir,
    listen: options.listen,
    socket: options.socket,
    nb: options.nb,
    'nats.servers': options.nats?.split(','),
    'http.listen': options.http,
    'log.level': options.logLevel,
  };
  return readConfig(options.config, flags, process.env);
}

async function run(options: CommandOptions): Promise<number> {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());
  return await runCoordinator({
    loaded: load(options),
    version,
    rereadLevel: () => load(options).value.log.level,
    signal: stop.signal,
  });
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('expected a whole number');
  return value;
}

const sampleHeader = `Configuration of shunt-coordinator, ${defaultConfigFile}.
Flags > environment (SHUNT_…) > this file > defaults. Unknown keys are refused.`;

const rootExamples = `
Examples:
  shunt-coordinator run
  shunt-coordinator run --config ./coordinator.yaml --nb tcp:10.0.0.1:6641 --log-level debug
  shunt-coordinator check-config
  shunt-coordinator check-config --sample > /etc/shunt/coordinator.yaml
  shunt-coordinator ledger verify

Exit status: 0 done or stopped by a signal, 1 usage, configuration or start failed, 5 the ledger is broken.`;

const ledgerExamples = `
Examples:
  shunt-coordinator ledger show --from 100 --output json
  shunt-coordinator ledger backup /var/backups/shunt-$(date +%F).sqlite`;

// last: everything above it is defined by now
process.exitCode = await main(process.argv);
