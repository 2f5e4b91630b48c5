import { Command, InvalidArgumentError, Option } from 'commander';
import { errorTable } from '../domain/errors.ts';
import { renderConfigSample } from '../platform/config-keys.ts';
import { describeError, isShuntError } from '../platform/shunt-error.ts';
import { moveByHand } from './by-hand.ts';
import { type AgentFlags, agentConfigSchema, defaultConfigFile, loadAgentConfig, renderEffective } from './config.ts';
import { showJournal } from './journal-show.ts';
import { type RevertResult, revertAttempt } from './revert.ts';
import { runAgent } from './run.ts';
import { statusText } from './status/agent-status.ts';
import { askStatus } from './status/status-socket.ts';
import { version } from './version.ts';

interface HandFlags extends AgentFlags {
  readonly once: string;
  readonly port?: string;
  readonly mac?: string;
  readonly ips?: string;
  readonly bridge?: string;
  readonly vm?: string;
  readonly epoch?: number;
}

interface RevertFlags extends AgentFlags {
  readonly attempt?: number;
  readonly ifExpired?: boolean;
  readonly once?: string;
}

type Output = { readonly output: 'text' | 'json' };

const stop = new AbortController();
const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

process.once('SIGINT', () => stop.abort());
process.once('SIGTERM', () => stop.abort());

function build(): Command {
  const program = new Command('shunt-agent')
    .description(
      "Shunt's agent: one on each hypervisor. Passive until told otherwise: it looks, reports, and changes nothing.",
    )
    .version(version)
    .showHelpAfterError()
    .addHelpText('after', examples);
  withConfig(program.command('run').description('run until SIGTERM; SIGHUP reads the log level again')).action(run);
  withConfig(
    program
      .command('check-config')
      .description('print the effective values and where each comes from, or all problems'),
  )
    .option('--sample', 'print a documented configuration file instead')
    .action(checkConfig);
  withConfig(withOutput(program.command('status').description('ask the agent that runs on this host'))).action(status);
  withConfig(
    program
      .command('revert')
      .description('undo an attempt from its journal: needs Open vSwitch and the kernel, no agent'),
  )
    .option('--attempt <epoch>', 'the attempt', positive)
    .option('--if-expired', 'only if it is open after its deadline; waits for that')
    .option('--once <tap>', 'the same as uncut --once')
    .option('--mac <mac>', "with --once: the guest's MAC")
    .option('--ips <list>', "with --once: the guest's addresses, comma separated")
    .option('--bridge <name>', 'with --once: its legacy bridge')
    .addHelpText('after', '\nExit status: 0 nothing to do (or moved by hand), 3 reverted, 5 stuck, 1 failed.')
    .action((flags: RevertFlags) =>
      flags.once === undefined ? revert(flags) : hand('uncut', { ...flags, once: flags.once }),
    );
  const journal = program.command('journal').description('look at the journal');
  withConfig(withOutput(journal.command('show').description('list attempts, or the records of one')))
    .option('--attempt <epoch>', 'one attempt', positive)
    .action(show);
  byHand(program, 'cut', 'move one tap to the integration bridge by hand: no journal, no coordinator');
  byHand(program, 'uncut', 'move one tap back to its legacy bridge by hand');
  return program;
}

const examples = `
Examples:
  shunt-agent check-config --sample > /etc/shunt/agent.yaml
  shunt-agent status
  shunt-agent journal show --attempt 7
  shunt-agent revert --attempt 7`;

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

function withOutput(command: Command): Command {
  return command.addOption(new Option('--output <format>', 'text or json').choices(['text', 'json']).default('text'));
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

async function run(flags: AgentFlags): Promise<void> {
  const { value: config } = loadAgentConfig(flags, process.env);
  const rereadLogLevel = () => loadAgentConfig(flags, process.env).value.log.level;
  await runAgent({ config, rereadLogLevel, signal: stop.signal });
}

function checkConfig(flags: AgentFlags & { readonly sample?: boolean }): void {
  const sampleHeader = `Shunt agent. Flags come before variables (SHUNT_…), variables before this file.`;
  process.stdout.write(
    flags.sample
      ? renderConfigSample(agentConfigSchema, sampleHeader)
      : renderEffective(loadAgentConfig(flags, process.env)),
  );
}

async function status(flags: AgentFlags & Output): Promise<void> {
  const { value: config } = loadAgentConfig(flags, process.env);
  const answer = await askStatus(config.socket);
  print(flags.output === 'json' ? JSON.stringify(answer) : statusText(answer));
}

async function revert(flags: RevertFlags): Promise<void> {
  if (flags.attempt === undefined) throw new InvalidArgumentError('which attempt? --attempt EPOCH');
  const { value: config } = loadAgentConfig(flags, process.env);
  const result = await revertAttempt(
    { epoch: flags.attempt, ifExpired: flags.ifExpired ?? false },
    config,
    stop.signal,
  );
  print(JSON.stringify(result));
  process.exitCode = revertExit[result.kind];
}

const revertExit = { 'nothing-to-do': 0, 'reverted': 3, 'stuck': 5 } as const satisfies Record<
  RevertResult['kind'],
  number
>;

function show(flags: AgentFlags & Output & { readonly attempt?: number }): void {
  const { stateDir } = loadAgentConfig(flags, process.env).value;
  showJournal(
    { stateDir, output: flags.output, ...(flags.attempt === undefined ? {} : { epoch: flags.attempt }) },
    print,
  );
}

async function hand(op: 'cut' | 'uncut', flags: HandFlags): Promise<void> {
  const { value: config } = loadAgentConfig(flags, process.env);
  const request = {
    op,
    tap: flags.once,
    ips: flags.ips?.split(',').filter((ip) => ip !== '') ?? [],
    epoch: flags.epoch ?? 0,
    ...(flags.port === undefined ? {} : { portId: flags.port }),
    ...(flags.mac === undefined ? {} : { mac: flags.mac }),
    ...(flags.bridge === undefined ? {} : { bridge: flags.bridge }),
    ...(flags.vm === undefined ? {} : { vm: flags.vm }),
  };
  print(JSON.stringify(await moveByHand(request, config, stop.signal)));
}

try {
  await build().parseAsync();
} catch (error) {
  process.stderr.write(`shunt-agent: ${describeError(error)}\n`);
  process.exitCode = isShuntError(error) ? errorTable[error.code].exit : 1;
}
