import { hostname, userInfo } from 'node:os';
import { errorTable } from '../domain/errors.ts';
import { renderConfigSample } from '../platform/config-keys.ts';
import { createLogger } from '../platform/log.ts';
import { ovsdbTlsFiles } from '../platform/ovsdb-tls-config.ts';
import { version } from '../platform/release.ts';
import { serviceExitStatus } from '../platform/service-exit.ts';
import { describeError, isShuntError } from '../platform/shunt-error.ts';
import { configSchema, defaultConfigFile, readConfig, renderEffective } from './config.ts';
import { sweepGrace } from './grace/sweep-command.ts';
import { backupLedger, showLedger, verifyLedger } from './ledger/ledger-commands.ts';
import { restoreLedger } from './ledger/restore-ledger.ts';
import { type CommandOptions, coordinatorProgram, type SupportOptions } from './program.ts';
import { runCoordinator } from './run.ts';
import { supportBundle } from './support/support-command.ts';

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function main(argv: readonly string[]): Promise<number> {
  try {
    let status = 0;
    const program = coordinatorProgram({
      run: async (options) => {
        status = await run(options);
      },
      checkConfig: (options) =>
        process.stdout.write(
          options.sample ? renderConfigSample(configSchema, sampleHeader) : renderEffective(load(options)),
        ),
      sweep,
      supportBundle: support,
      verifyLedger: (options) => verifyLedger(stateDirOf(options), print, options.backup),
      showLedger: (options) =>
        showLedger(
          stateDirOf(options),
          { fromSeq: options.from, limit: options.limit, json: options.output === 'json' },
          print,
        ),
      backupLedger: (file, options) => backupLedger(stateDirOf(options), file, print),
      restoreLedger: (file, options) => {
        const what = { file, force: options.force === true, by: whoAmI(), at: new Date().toISOString() };
        restoreLedger(stateDirOf(options), what, print);
      },
    });
    await program.parseAsync([...argv]);
    return status;
  } catch (error) {
    process.stderr.write(`shunt-coordinator: ${describeError(error)}\n`);
    return isShuntError(error) ? errorTable[error.code].exit : 1;
  }
}

async function sweep(options: CommandOptions & { readonly all?: boolean }): Promise<void> {
  const config = load(options).value;
  const logger = createLogger({ name: 'shunt-coordinator', level: config.log.level, fields: { site: config.site } });
  const what = { nb: config.nb, tls: ovsdbTlsFiles(config.nbTls), logger, all: options.all === true };
  print(`grace rules of ${await sweepGrace(what)} attempts were removed`);
}

async function support(options: SupportOptions): Promise<void> {
  const at = new Date().toISOString();
  const request = {
    output: options.output ?? `shunt-coordinator-${hostname()}-${at.replaceAll(/[^0-9TZ]/g, '')}.tar.gz`,
    hideAddresses: options.hideAddresses === true,
    load: () => load(options),
    at,
    signal: AbortSignal.timeout(supportTimeoutMs),
    ...(options.log === undefined ? {} : { log: options.log }),
    ...(options.salt === undefined ? {} : { salt: options.salt }),
    ...(options.config === undefined ? {} : { configFile: options.config }),
  };
  await supportBundle(request, print);
}

/** All that it asks has bounds of its own; this one ends what has none. */
const supportTimeoutMs = 120_000;

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

/** For the ledger. A container's user may have no entry in passwd. */
function whoAmI(): string {
  try {
    return `${process.env['SUDO_USER'] || userInfo().username}@${hostname()}`;
  } catch {
    return `uid${process.getuid?.() ?? ''}@${hostname()}`;
  }
}

function stateDirOf(options: CommandOptions): string {
  return load(options).value.stateDir;
}

async function run(options: CommandOptions): Promise<number> {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());
  try {
    return await runCoordinator({
      loaded: load(options),
      version,
      rereadLevel: () => load(options).value.log.level,
      signal: stop.signal,
    });
  } catch (error) {
    process.stderr.write(`shunt-coordinator: ${describeError(error)}\n`);
    return serviceExitStatus(error);
  }
}

const sampleHeader = `Configuration of shunt-coordinator, ${defaultConfigFile}.
Flags > environment (SHUNT_…) > this file > defaults. Unknown keys are refused.`;

// last: everything above it is defined by now
process.exitCode = await main(process.argv);
