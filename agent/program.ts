import { Command, InvalidArgumentError, Option } from 'commander';
import { versionText } from '../platform/release.ts';
import { type AgentFlags, defaultConfigFile } from './config.ts';

export interface HandFlags extends AgentFlags {
  readonly once: string;
  readonly port?: string;
  readonly mac?: string;
  readonly ips?: string;
  readonly bridge?: string;
  readonly vm?: string;
  readonly epoch?: number;
}

export interface RevertFlags extends AgentFlags {
  readonly attempt?: number;
  readonly ifExpired?: boolean;
  readonly once?: string;
}

export interface ResolveFlags extends AgentFlags {
  readonly attempt: number;
  readonly by?: string;
  readonly why?: string;
  readonly force: boolean;
}

export interface AdoptFlags extends AgentFlags {
  readonly nic?: string;
  readonly bridge: string;
  readonly vlan?: readonly (number | 'flat')[];
  readonly ask?: readonly string[];
  readonly unproven?: boolean;
  readonly apply?: boolean;
  readonly confirmWithin: number;
  readonly confirm?: boolean;
  readonly back?: boolean;
  readonly ifExpired?: number;
}

export interface SupportFlags extends AgentFlags {
  readonly output?: string;
  readonly hideAddresses?: boolean;
  readonly log?: string;
}

export type Output = { readonly output: 'text' | 'json' };

/** What each command does; the definitions below it alone make help, manual page and completion. */
export interface AgentActions {
  run(flags: AgentFlags): Promise<void>;
  checkConfig(flags: AgentFlags & { readonly sample?: boolean }): void;
  status(flags: AgentFlags & Output): Promise<void>;
  atRest(flags: AgentFlags & Output & { readonly wait: number }): Promise<void>;
  revert(flags: RevertFlags): Promise<void>;
  settle(flags: AgentFlags & Output & { readonly wait: number }): Promise<void>;
  resolve(flags: ResolveFlags & Output): Promise<void>;
  showJournal(flags: AgentFlags & Output & { readonly attempt?: number }): void;
  hand(op: 'cut' | 'uncut', flags: HandFlags): Promise<void>;
  adopt(flags: AdoptFlags & Output): Promise<void>;
  supportBundle(flags: SupportFlags): Promise<void>;
}

/** Every command and option of shunt-agent. */
export function agentProgram(does: AgentActions): Command {
  const program = new Command('shunt-agent')
    .description(
      "Shunt's agent: one on each hypervisor. Passive until told otherwise: it looks, reports, and changes nothing.",
    )
    .version(versionText)
    .showHelpAfterError()
    .addHelpText('after', examples);
  withConfig(program.command('run').description('run until SIGTERM; SIGHUP reads the log level again')).action(
    does.run,
  );
  withConfig(
    program
      .command('check-config')
      .description('print the effective values and where each comes from, or all problems'),
  )
    .option('--sample', 'print a documented configuration file instead')
    .action(does.checkConfig);
  withConfig(withOutput(program.command('status').description('ask the agent that runs on this host'))).action(
    does.status,
  );
  addAtRest(program, does);
  addRevert(program, does);
  addSettle(program, does);
  addResolve(program, does);
  const journal = program.command('journal').description('look at the journal');
  withConfig(withOutput(journal.command('show').description('list attempts, or the records of one')))
    .option('--attempt <epoch>', 'one attempt', positive)
    .action(does.showJournal);
  addAdopt(program, does);
  addSupportBundle(program, does);
  byHand(program, 'cut', 'move one tap to the integration bridge by hand: no journal, no coordinator', does);
  byHand(program, 'uncut', 'move one tap back to its legacy bridge by hand', does);
  return program;
}

const examples = `
Examples:
  shunt-agent check-config --sample > /etc/shunt/agent.yaml
  shunt-agent status
  shunt-agent at-rest --wait 300
  shunt-agent journal show --attempt 7
  shunt-agent revert --attempt 7
  shunt-agent support-bundle --output /tmp/hv7.tar.gz
  shunt-agent resolve --attempt 7 --why 'repaired by hand'
  shunt-agent adopt --nic eth1 --bridge br-ex`;

function addSupportBundle(program: Command, does: AgentActions): void {
  withConfig(program.command('support-bundle'))
    .description('gather what somebody needs who was not there, without secrets; also of an agent that does not run')
    .option('--output <file>', 'where it goes (default shunt-agent-<host>-<time>.tar.gz here)')
    .option('--hide-addresses', 'take MAC and IP addresses out too: each becomes a word of its own')
    .option('--log <file>', "its log, instead of the unit's journal")
    .action(does.supportBundle);
}

function addAtRest(program: Command, does: AgentActions): void {
  withConfig(withOutput(program.command('at-rest')))
    .description('tell from the journal whether an attempt is open here, and which taps are kept on the target')
    .option('--wait <seconds>', 'wait so long for an open attempt to come to rest', positive, 0)
    .addHelpText('after', '\nExit status: 0 at rest, 2 an attempt is open, 5 stuck or not to be read, 1 failed.')
    .action(does.atRest);
}

function addRevert(program: Command, does: AgentActions): void {
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
      flags.once === undefined ? does.revert(flags) : does.hand('uncut', { ...flags, once: flags.once }),
    );
}

/** After that a boot goes on, and the agent goes back when it starts. */
const settleWaitS = 60;

function addSettle(program: Command, does: AgentActions): void {
  withConfig(withOutput(program.command('settle')))
    .description('at boot, before ovn-controller and guests: take back what was open when this host went down')
    .option('--wait <seconds>', "wait so long for Open vSwitch's database", positive, settleWaitS)
    .addHelpText('after', '\nExit status: 0 nothing is left open, 5 stuck, 1 failed.')
    .action(does.settle);
}

function addResolve(program: Command, does: AgentActions): void {
  withConfig(withOutput(program.command('resolve')))
    .description('say that a stuck attempt was looked after by hand: it looks, changes nothing, and the host may go on')
    .requiredOption('--attempt <epoch>', 'the attempt', positive)
    .option('--why <text>', 'what was done, for the journal')
    .option('--by <name>', 'who says so; default: you')
    .option('--force', 'without looking: for a journal that cannot be read', false)
    .addHelpText('after', '\nExit status: 0 it is at rest, 5 it is not, and the repair is printed, 1 failed.')
    .action(does.resolve);
}

function addAdopt(program: Command, does: AgentActions): void {
  withConfig(withOutput(program.command('adopt')))
    .description(
      "bring a NIC's uplinks (eth1.100 in brq…, or the NIC itself) under the provider bridge, one after the other",
    )
    .option('--nic <name>', 'the NIC, or the bond')
    .option('--bridge <name>', 'provider bridge of Open vSwitch; made if it is not there', 'br-ex')
    .option('--vlan <list>', 'only these VLANs, comma separated; flat: the NIC itself. Default: all', vlanList)
    .option('--ask <addresses>', 'hosts beyond the wire that must answer before and after, comma separated', commaList)
    .option('--unproven', 'go on where nobody beyond the wire answers', false)
    .option('--apply', 'do it; without this only the plan is printed', false)
    .option('--confirm-within <seconds>', 'it goes back by itself unless it is confirmed by then', positive, 120)
    .option('--confirm', 'keep the adoption that was made')
    .option('--back', 'take the newest adoption back')
    .addOption(new Option('--if-expired <id>', 'what the dead man calls').argParser(positive).hideHelp())
    .addHelpText('after', adoptHelp)
    .action(does.adopt);
}

const adoptHelp = `
Without --nic, --confirm and --back: lists the adoptions of this host.
Exit status: 0 done (or only planned), 3 it went back, 4 refused, 5 stuck, 1 failed.

Example:
  shunt-agent adopt --nic eth1 --bridge br-ex --ask 203.0.113.1
  shunt-agent adopt --nic eth1 --bridge br-ex --ask 203.0.113.1 --apply
  shunt-agent adopt --confirm`;

function commaList(text: string): readonly string[] {
  return text.split(',').filter((part) => part !== '');
}

function vlanList(text: string): readonly (number | 'flat')[] {
  return commaList(text).map((part) => {
    if (part === 'flat') return part;
    const vlan = Number(part);
    if (!Number.isInteger(vlan) || vlan < 1 || vlan > 4094) throw new InvalidArgumentError('1 to 4094, or flat');
    return vlan;
  });
}

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

function byHand(program: Command, op: 'cut' | 'uncut', description: string, does: AgentActions): void {
  withConfig(program.command(op).description(description))
    .requiredOption('--once <tap>', 'the tap to move')
    .option('--port <uuid>', "the guest's port (iface-id)")
    .option('--mac <mac>', "the guest's MAC")
    .option('--ips <list>', "the guest's addresses, comma separated")
    .option('--bridge <name>', 'its legacy bridge')
    .option('--vm <uuid>', 'its instance')
    .option('--epoch <n>', 'number that marks our rows', positive)
    .action((flags: HandFlags) => does.hand(op, flags));
}
