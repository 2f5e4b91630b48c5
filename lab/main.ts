/** `npm run lab -- up|down|status|exec|check|guest|vm|sweep`: a cloud of your own, as root. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { checkLab } from './check.ts';
import { type Datapath, datapaths } from './datapath.ts';
import { downLab, sweepLabs } from './down.ts';
import { addGuestCommand } from './guest-command.ts';
import { inNetnsWithSys, listNamespaces } from './netns.ts';
import { runDirEnv } from './open-vswitch.ts';
import { requirePackages } from './packages.ts';
import { isAlive, readProcesses } from './processes.ts';
import { hypervisorDir, pathsOf } from './run-dir.ts';
import { type LabSource, labSources } from './sources/lab-source.ts';
import { isOwned, listLabs, readLabState, requireLabState, statusOf } from './state.ts';
import { statusText } from './status-text.ts';
import { LIMITS, type TapKind } from './topology.ts';
import { upLab } from './up.ts';
import { type Uplinks, uplinkKinds } from './uplink-kinds.ts';
import { addVmCommand } from './vm-command.ts';

const DEFAULT_NAME = 'shunt';

interface Named {
  readonly name: string;
}

interface UpFlags extends Named {
  readonly hosts: number;
  readonly guests: number;
  readonly networks: number;
  readonly overlays: number;
  readonly mtu: number;
  readonly snooping: boolean;
  readonly vlanTransparent: boolean;
  readonly tap: TapKind;
  readonly source: LabSource;
  readonly uplinks: Uplinks;
  readonly datapath?: Datapath;
  readonly services: boolean;
  readonly servicesLegacy: boolean;
  readonly programs: boolean;
  readonly keepOnFailure: boolean;
}

const program = new Command('lab')
  .enablePositionalOptions()
  .description('Builds a cloud on Linux bridges, with OVN ready beside it, in network namespaces. Needs root.')
  .addHelpText(
    'after',
    `
Examples:
  npm run lab -- up --name one --hosts 3 --guests 8 --networks 2
  npm run lab -- status --name one --output json
  npm run lab -- exec --name one g1-1 ping -c 3 10.100.0.1
  npm run lab -- guest migrate --name one g1-1 --to hv2
  npm run lab -- exec --name one hv1 ovs-vsctl show
  npm run lab -- exec --name one central ovn-nbctl show
  npm run lab -- down --name one

Exit status: 0 done; 1 failed or wrong use; 2 the check found an unreachable guest; exec: the command's own.`,
  );

command('up', 'build a lab; it stays until down')
  .option('--hosts <n>', 'hypervisors', count(1, LIMITS.hostsMax), 3)
  .option('--guests <n>', 'guests on each hypervisor', count(0, LIMITS.guestsMax), 8)
  .option('--networks <n>', 'provider networks: VLANs, the last one flat', count(0, LIMITS.networksMax), 2)
  .option('--overlays <n>', 'tenant networks: VXLAN here, Geneve there', count(0, LIMITS.networksMax), 0)
  .option('--mtu <bytes>', 'of provider networks', count(1330, LIMITS.mtuMax), 1500)
  .option('--snooping', 'multicast snooping in both worlds', false)
  .option('--vlan-transparent', "the flat network lets guests' tags pass", false)
  .addOption(
    new Option('--source <kind>', 'what the legacy world is made of').choices(labSources).default('linux-bridge'),
  )
  .addOption(
    new Option('--uplinks <kind>', 'veth legs, or eth2.N and no NIC in OVS').choices(uplinkKinds).default('leg'),
  )
  .addOption(new Option('--tap <kind>', 'how guests are plugged').choices(['veth', 'tap']).default('veth'))
  .addOption(new Option('--datapath <kind>', 'who forwards: vswitchd itself, or the kernel').choices(datapaths))
  .option('--services-legacy', 'dnsmasq and radvd on the Linux bridges, in qdhcp and qrouter namespaces', false)
  .option('--no-services', 'without Prometheus, coordinator and agents')
  .option('--no-programs', 'without coordinator and agents')
  .option('--keep-on-failure', 'leave what was built when it fails, to be looked at', false)
  .addHelpText('after', '\nExample:\n  npm run lab -- up --name one --hosts 3 --guests 8 --networks 2 --tap tap')
  .action(async (flags: UpFlags) => {
    if (flags.servicesLegacy) await requirePackages('guests');
    const startedMs = performance.now();
    await upLab({
      ...flags,
      onFailure: flags.keepOnFailure ? 'leave' : 'down',
      onProgress: (step) => say(`${step} …`),
    });
    say(
      `lab ${flags.name} is up after ${((performance.now() - startedMs) / 1000).toFixed(1)} s; npm run lab -- status --name ${flags.name}`,
    );
  });

command('down', 'remove a lab, whole or half-built')
  .option('--keep-logs <folder>', "copy the daemons' logs there first")
  .action(async (flags: Named & { keepLogs?: string }) => {
    const { name } = flags;
    const state = readLabState(name);
    if (!state && !existsSync(pathsOf(name).dir) && listNamespaces(name).length === 0)
      return say(`there is no lab ${name}`);
    if (state?.phase === 'building' && isOwned(state) && state.owner.kind === 'process') {
      throw new Error(`lab ${name} is being built by process ${state.owner.pid}: end that first`);
    }
    await downLab(name, flags.keepLogs ? { keepLogs: flags.keepLogs } : {});
    say(`lab ${name} is gone`);
  });

program
  .command('status')
  .description('what a lab is made of; without --name: which labs there are')
  .option('--name <name>', 'name of the lab')
  .addOption(new Option('--output <format>').choices(['text', 'json']).default('text'))
  .action((flags: Partial<Named> & { output: 'text' | 'json' }) => {
    const name = flags.name ?? onlyLab();
    if (name === undefined) return say(listLabs().join('\n') || 'there are no labs');
    const state = requireLabState(name);
    if (flags.output === 'json') return say(JSON.stringify(statusOf(state), null, 2));
    say(statusText(state, readProcesses(pathsOf(name)).filter(isAlive)));
  });

command('exec', 'run a command in a namespace: g1-1, hv1, central, fabric, gw-net1, ext-net1')
  .argument('<where>')
  .argument('<command...>')
  .passThroughOptions()
  .addHelpText('after', '\nExample:\n  npm run lab -- exec --name one hv1 ovs-vsctl show')
  .action(async (where: string, argv: string[], flags: Named) => {
    process.exitCode = await execCommand(flags.name, where, argv);
  });

command('check', 'ping from a sample of guests: gateway, ext host, guests of other hypervisors').action(
  async ({ name }: Named) => {
    const results = await checkLab(requireLabState(name));
    const silent = results.filter((r) => !r.ok);
    for (const { from, to, ip } of silent) say(`${from} does not reach ${to} (${ip})`);
    say(`${results.length - silent.length} of ${results.length} pings answered`);
    if (silent.length > 0) process.exitCode = 2;
  },
);

program
  .command('sweep')
  .description('remove labs whose owner is gone')
  .action(async () => {
    const { swept, failed } = await sweepLabs();
    say(swept.length > 0 ? `swept: ${swept.join(' ')}` : 'no lab without an owner was removed');
    for (const failure of failed) process.stderr.write(`lab: not swept: ${failure}\n`);
    if (failed.length > 0) process.exitCode = 1;
  });

addGuestCommand(program);
addVmCommand(program);

function command(name: string, description: string): Command {
  return program.command(name).description(description).option('--name <name>', 'name of the lab', DEFAULT_NAME);
}

function count(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max) throw new InvalidArgumentError(`${min} to ${max}.`);
    return value;
  };
}

/** The lab that is meant when there is just one. */
function onlyLab(): string | undefined {
  const labs = listLabs();
  return labs.length === 1 ? labs[0] : undefined;
}

/** With the terminal passed through, and OVS's and OVN's tools finding the daemons of the place. */
function execCommand(lab: string, where: string, argv: readonly string[]): Promise<number> {
  const { nb, sb, centralRundir, fabricRundir } = pathsOf(lab);
  const netns = `${lab}-${where}`;
  if (!listNamespaces(lab).includes(netns))
    throw new Error(`lab ${lab} has no namespace '${where}': ${listNamespaces(lab).join(' ')}`);
  const dir = where === 'central' ? centralRundir : where === 'fabric' ? fabricRundir : hypervisorDir(lab, where);
  const env = { ...process.env, ...runDirEnv(dir), OVN_NB_DB: `unix:${nb}`, OVN_SB_DB: `unix:${sb}` };
  const [file = '', ...args] = inNetnsWithSys(netns, argv);
  const child = spawn(file, args, { stdio: 'inherit', env });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

await program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`lab: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
