import { Command, InvalidArgumentError, Option } from 'commander';
import { versionText } from '../platform/release.ts';
import { defaultConfigFile } from './config.ts';

export interface CommandOptions {
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

export interface SupportOptions extends CommandOptions {
  readonly output?: string;
  readonly hideAddresses?: boolean;
  readonly log?: string;
  readonly salt?: string;
}

/** What each command does; the definitions below it alone make help, manual page and completion. */
export interface CoordinatorActions {
  run(options: CommandOptions): Promise<void>;
  checkConfig(options: CommandOptions & { readonly sample?: boolean }): void;
  sweep(options: CommandOptions & { readonly all?: boolean }): Promise<void>;
  supportBundle(options: SupportOptions): Promise<void>;
  verifyLedger(options: CommandOptions & { readonly backup?: string }): void | Promise<void>;
  showLedger(
    options: CommandOptions & { readonly from: number; readonly limit: number; readonly output: string },
  ): void | Promise<void>;
  backupLedger(file: string, options: CommandOptions): void | Promise<void>;
  restoreLedger(file: string, options: CommandOptions & { readonly force?: boolean }): void | Promise<void>;
}

/** Every command and option of shunt-coordinator. */
export function coordinatorProgram(does: CoordinatorActions): Command {
  const root = new Command('shunt-coordinator')
    .description('Schedules the waves of a cutover; one per cloud or site.')
    .version(versionText)
    .showHelpAfterError()
    .addHelpText('after', rootExamples);
  withConfig(root.command('run').description('run until SIGTERM; SIGHUP reads the log level again')).action(does.run);
  withConfig(
    root.command('check-config').description('print the effective values and where each comes from, or all problems'),
  )
    .option('--sample', 'print a documented configuration file instead')
    .action(does.checkConfig);
  withConfig(
    root
      .command('sweep')
      .description('remove grace rules from OVN NB whose time is over; works without a running coordinator'),
  )
    .option('--all', 'also those whose time is not over')
    .action(does.sweep);
  withConfig(
    root
      .command('support-bundle')
      .description(
        "gather what somebody needs who was not there, without secrets; also of a coordinator that doesn't run",
      ),
  )
    .option('--output <file>', 'where it goes (default shunt-coordinator-<host>-<time>.tar.gz here)')
    .option('--hide-addresses', 'take MAC and IP addresses out too: each becomes a word of its own')
    .option('--log <file>', "its log, instead of the unit's journal")
    .addOption(new Option('--salt <text>', 'for `shunt support-bundle`, which joins two bundles').hideHelp())
    .action(does.supportBundle);
  addLedgerCommands(root, does);
  return root;
}

function addLedgerCommands(root: Command, does: CoordinatorActions): void {
  const ledger = root
    .command('ledger')
    .description('look at the ledger (also beside a running coordinator), back it up, restore it')
    .addHelpText('after', ledgerExamples);
  withStateDir(
    ledger
      .command('verify')
      .description('check the whole hash chain; exit 5 when it is broken, or holds what this version does not know'),
  )
    .option('--backup <file>', 'also that this backup is a part of it: exit 5 when the newest entries were cut off')
    .action(does.verifyLedger);
  withStateDir(ledger.command('show').description('print entries, oldest first'))
    .option('--from <seq>', 'first entry', wholeNumber, 1)
    .option('--limit <n>', 'entries at most', wholeNumber, 1_000_000_000)
    .addOption(
      new Option('--output <format>', 'text or json (an object a line)').choices(['text', 'json']).default('text'),
    )
    .action(does.showLedger);
  withStateDir(
    ledger.command('backup <file>').description('copy the ledger as of now to a new file, and check the copy'),
  ).action(does.backupLedger);
  withStateDir(
    ledger
      .command('restore <file>')
      .description('put a backup in the place of the ledger, while no coordinator runs on it; the old one is kept'),
  )
    .option(
      '--force',
      'also when the present ledger is intact and has entries that the backup has not, or cannot be opened',
    )
    .action(does.restoreLedger);
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

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('expected a whole number');
  return value;
}

const rootExamples = `
Examples:
  shunt-coordinator run
  shunt-coordinator run --config ./coordinator.yaml --nb tcp:10.0.0.1:6641 --log-level debug
  shunt-coordinator check-config
  shunt-coordinator check-config --sample > /etc/shunt/coordinator.yaml
  shunt-coordinator sweep
  shunt-coordinator support-bundle --hide-addresses
  shunt-coordinator ledger verify

Exit status: 0 done or stopped by a signal, 1 usage, configuration or start failed, 5 the ledger is broken.`;

const ledgerExamples = `
Examples:
  shunt-coordinator ledger show --from 100 --output json
  shunt-coordinator ledger backup /var/backups/shunt-$(date +%F).sqlite
  shunt-coordinator ledger verify --backup /var/backups/shunt-2026-03-01.sqlite
  shunt-coordinator ledger restore /var/backups/shunt-2026-03-01.sqlite

A restored ledger lacks what agents have done since: the coordinator is read-only until \`shunt reconcile --apply\`.`;
