import { join } from 'node:path';
import { southboundRemote } from './central.ts';
import { run, together } from './command.ts';
import type { Datapath } from './datapath.ts';
import { accessOf, underlayMtu } from './fabric.ts';
import { inNetns, ipBatch, scriptIn } from './netns.ts';
import { applyArpProtection } from './neutron-arp-protection.ts';
import { firewallRules } from './neutron-firewall.ts';
import { deepenQueues, dropBehindSwitch, runDirEnv, type SwitchPlace, startSwitch, vsctl } from './open-vswitch.ts';
import { furnishOverlays } from './overlay.ts';
import { packagedNiceness, startDaemon } from './processes.ts';
import { hypervisorDir, pathsOf } from './run-dir.ts';
import { bridgedNetworks, integrationBridgeOf, isOpenVSwitchSource } from './sources/lab-source.ts';
import { installAgentFlows, legacySwitchArguments } from './sources/ml2-ovs.ts';
import { furnishSource } from './sources/plan-source.ts';
import { type LabHypervisor, type LabNetwork, providerNetworks, type Topology } from './topology.ts';
import { PROVIDER_NIC, uplinkCommands } from './uplinks.ts';

export function hypervisorPlace(lab: string, hypervisor: Pick<LabHypervisor, 'name' | 'netns'>): SwitchPlace {
  return { lab, name: hypervisor.name, netns: hypervisor.netns, dir: hypervisorDir(lab, hypervisor.name) };
}

/** The legacy side: NICs, a bridge and a leg for every network, the firewall. Guests and the switch come after it. */
export async function furnishHypervisor(topology: Topology, hypervisor: LabHypervisor): Promise<void> {
  const sysctl = (key: string, value: number) => `echo ${value} > /proc/sys/net/${key}`;
  await scriptIn(hypervisor.netns, [
    sysctl('ipv6/conf/default/disable_ipv6', 1), // host sides of taps have no IPv6 address, as libvirt does it
    sysctl('bridge/bridge-nf-call-iptables', 1),
    sysctl('bridge/bridge-nf-call-ip6tables', 1),
    'ip -batch - <<END',
    'link set lo up',
    `address add ${hypervisor.managementIp}/24 dev eth0`,
    'link set eth0 up',
    'link set eth1 up',
    'link set eth2 up',
    ...bridgedNetworks(topology).flatMap((network) => legacyNetwork(topology, network)),
    'END',
  ]);
  await furnishSource(topology, hypervisor);
  await together([
    run(inNetns(hypervisor.netns, ['iptables-restore']), { input: firewallRules(topology, hypervisor, 4) }),
    applyArpProtection(topology, hypervisor),
    run(inNetns(hypervisor.netns, ['ip6tables-restore']), { input: firewallRules(topology, hypervisor, 6) }),
  ]);
}

/**
 * As the linuxbridge agent makes it; where it would enslave `eth2.<vlan>`, a leg leads into the provider bridge. An overlay's VXLAN device
 * comes later, with the underlay's address.
 */
function legacyNetwork(topology: Topology, network: LabNetwork): string[] {
  const snooping = network.snooping ? ' mcast_snooping 1 mcast_querier 1' : '';
  const bridge = [
    `link add ${network.bridge} mtu ${network.mtu} type bridge forward_delay 0 stp_state 0${snooping}`,
    `link set ${network.bridge} up`,
  ];
  if (network.kind === 'overlay') return bridge;
  return [...bridge, ...uplinkCommands(topology, network)];
}

/** The target side: Open vSwitch with provider, underlay and (empty) integration bridge, and ovn-controller. */
export async function startHypervisorSwitch(topology: Topology, hypervisor: LabHypervisor): Promise<void> {
  const place = hypervisorPlace(topology.name, hypervisor);
  await startSwitch(place, topology.datapath);
  await vsctl(place, bridgeArguments(topology, hypervisor));
  await installAgentFlows(topology, hypervisor);
  await underlay[topology.datapath](topology, hypervisor);
  await furnishOverlays(topology, hypervisor);
  startController(topology, hypervisor);
}

/** Where the address of the tunnels lives. The kernel's Geneve uses any; vswitchd's own needs one on a bridge of its own that has the NIC. */
const underlay = {
  system: async (_topology, { netns, underlayIp }) => {
    await ipBatch(netns, [`address add ${underlayIp}/24 dev eth1`, 'link set br-ex up']);
  },
  netdev: async (topology, hypervisor) => {
    const { netns, underlayIp } = hypervisor;
    await together([
      ipBatch(netns, [
        `address add ${underlayIp}/24 dev br-phy`,
        `link set br-phy mtu ${underlayMtu(topology)} up`,
        'link set br-ex up',
      ]),
      dropBehindSwitch(netns, ['eth1', ...nicOf(topology), ...legsOf(topology).map((n) => n.leg)]),
    ]);
    await deepenQueues(hypervisorPlace(topology.name, hypervisor));
  },
} satisfies Record<Datapath, (topology: Topology, hypervisor: LabHypervisor) => Promise<void>>;

function bridgeArguments(topology: Topology, hypervisor: LabHypervisor): string[] {
  const { datapath } = topology;
  const externalIds = {
    'system-id': hypervisor.systemId,
    hostname: hypervisor.hostname,
    'ovn-remote': southboundRemote(topology),
    'ovn-encap-type': 'geneve',
    'ovn-encap-ip': hypervisor.underlayIp,
    'ovn-bridge': integrationBridgeOf(topology),
    'ovn-bridge-datapath-type': datapath,
    'ovn-bridge-mappings': 'physnet1:br-ex',
  };
  const bridge = (name: string, failMode: string) =>
    `-- add-br ${name} -- set bridge ${name} datapath_type=${datapath} fail-mode=${failMode}`.split(' ');
  return [
    'set',
    'Open_vSwitch',
    '.',
    ...Object.entries(externalIds).map(([key, value]) => `external_ids:${key}="${value}"`),
    ...bridge(integrationBridgeOf(topology), 'secure'),
    ...bridge('br-ex', isOpenVSwitchSource(topology) ? 'secure' : 'standalone'),
    ...(datapath === 'netdev' ? [...bridge('br-phy', 'standalone'), '--', 'add-port', 'br-phy', 'eth1'] : []),
    ...nicOf(topology).flatMap((nic) => ['--', 'add-port', 'br-ex', nic]),
    ...legsOf(topology).flatMap((n) => ['--', 'add-port', 'br-ex', n.leg, ...accessOf(n)]),
    ...legacySwitchArguments(topology),
  ];
}

/** Networks whose Linux bridge has a leg to the provider bridge. */
function legsOf(topology: Topology): readonly LabNetwork[] {
  return isOpenVSwitchSource(topology) || topology.uplinks === 'nic' ? [] : providerNetworks(topology);
}

/** The NIC, where the provider bridge has it from the beginning. */
function nicOf({ uplinks }: Topology): readonly string[] {
  return uplinks === 'nic' ? [] : [PROVIDER_NIC];
}

/** Starts (or starts again) a hypervisor's ovn-controller. */
export function startController(topology: Topology, hypervisor: LabHypervisor): void {
  const place = hypervisorPlace(topology.name, hypervisor);
  startDaemon(pathsOf(topology.name), topology.name, {
    name: `${hypervisor.name}-controller`,
    niceness: packagedNiceness,
    argv: inNetns(place.netns, [
      'ovn-controller',
      `unix:${join(place.dir, 'db.sock')}`,
      `--pidfile=${join(place.dir, 'ovn-controller.pid')}`,
      '--no-chdir',
      '-vconsole:info',
    ]),
    env: runDirEnv(place.dir),
  });
}
