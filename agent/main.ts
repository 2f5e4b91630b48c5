import { Command, InvalidArgumentError } from 'commander';
import { errorTable } from '../domain/errors.ts';
import { describeError, isShuntError } from '../platform/shunt-error.ts';
import { moveByHand } from './by-hand.ts';
import { type AgentFlags, defaultConfigFile, loadAgentConfig } from './config.ts';
import { version } from './version.ts';

interface HandFlags extends AgentFlags {
  readonly once?: string;
  readonly port?: string;
  readonly mac?: string;
  readonly ips?: string;
  readonly bridge?: string;
  readonly vm?: string;
  readonly epoch?: number;
}

const stop = new AbortController();

function withConfig(command: Command): Command {
  return command
    .option('--config <file>', `configuration file (default: ${defaultConfigFile}, if there)`)
    .option('--mode <mode>', 'passive or active')
    .option('--site <name>', 'name of the site')
    .option('--state-dir <dir>', 'directory of journal and spool')
    .option('--socket <path>', 'local socket')
    .option('--coordinator <address>', 'host:port or unix:/path')
    .option('--ovs-db <endpoint>', 'unix:/path or tcp:host:port')
    .option('--ovs-run-dir <dir>', 'directory of the OpenFlow sockets')
    .option('--integration-bridge <name>', 'integration bridge')
    .option('--nats <urls>', 'NATS servers, comma separated')
    .option('--http <listen>', 'host:port of metrics and health')
    .option('--log-level <level>', 'least level that is logged')
    .option('--deadman <kind>', 'auto, process or systemd');
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('a whole number above 0');
  return value;
}

function byHand(program: Command, op: 'cut' | 'uncut', description: string): void {
  withConfig(program.command(op).description(description))
    .requiredOption('--once <tap>', 'the tap to move')
    .option('--port <uuid>', "the guest's port (iface-id)")
    .option('--mac <mac>', "the guest's MAC")
    .option('--ips <list>', "the guest's addresses, comma separated")
    .option('--bridge <name>', 'its legacy bridge')
    .option('--vm <uuid>', 'its instance')
    .option('--epoch <n>', 'number that marks our rows', positive)
    .action((flags: HandFlags) => hand(op, flags));
}

async function hand(op: 'cut' | 'uncut', flags: HandFlags): Promise<void> {
  const { value: config } = loadAgentConfig(flags, process.env);
  const request = {
    op,
    tap: flags.once ?? '',
    ips: flags.ips?.split(',').filter((ip) => ip !== '') ?? [],
    epoch: flags.epoch ?? 0,
    ...(flags.port === undefined ? {} : { portId: flags.port }),
    ...(flags.mac === undefined ? {} : { mac: flags.mac }),
    ...(flags.bridge === undefined ? {} : { bridge: flags.bridge }),
    ...(flags.vm === undefined ? {} : { vm: flags.vm }),
  };
  console.log(JSON.stringify(await moveByHand(request, config, stop.signal)));
}

function build(): Command {
  const program = new Command('shunt-agent')
    .description("Shunt's agent: one per hypervisor")
    .version(version)
    .showHelpAfterError();
  byHand(program, 'cut', 'move one tap to the integration bridge by hand: no journal, no coordinator');
  byHand(program, 'uncut', 'move one tap back to its legacy bridge by hand');
  return program;
}

process.once('SIGINT', () => stop.abort());
process.once('SIGTERM', () => stop.abort());

try {
  await build().parseAsync();
} catch (error) {
  console.error(`shunt-agent: ${describeError(error)}`);
  process.exitCode = isShuntError(error) ? errorTable[error.code].exit : 1;
}
