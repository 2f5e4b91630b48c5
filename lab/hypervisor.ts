import { join } from 'node:path';
import { southboundRemote } from './central.ts';
import { run, together } from './command.ts';
import type { Datapath } from './datapath.ts';
import { accessOf, UNDERLAY_MTU } from './fabric.ts';
import { inNetns, ipBatch, scriptIn } from './netns.ts';
import { firewallRules } from './neutron-firewall.ts';
import { dropBehindSwitch, runDirEnv, type SwitchPlace, startSwitch, vsctl } from './open-vswitch.ts';
import { startDaemon } from './processes.ts';
import { hypervisorDir, pathsOf } from './run-dir.ts';
import type { LabHypervisor, LabNetwork, Topology } from './topology.ts';

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
    ...topology.networks.flatMap(legacyNetwork),
    'END',
  ]);
  await together([
    run(inNetns(hypervisor.netns, ['iptables-restore']), { input: firewallRules(topology, hypervisor, 4) }),
    run(inNetns(hypervisor.netns, ['ip6tables-restore']), { input: firewallRules(topology, hypervisor, 6) }),
  ]);
}

/** As the linuxbridge agent makes it; where it would enslave `eth2.<vlan>`, a leg leads into the provider bridge. */
function legacyNetwork(network: LabNetwork): string[] {
  return [
    `link add ${network.bridge} mtu ${network.mtu} type bridge forward_delay 0 stp_state 0`,
    `link set ${network.bridge} up`,
    `link add ${network.uplink} mtu ${network.mtu} type veth peer name ${network.leg} mtu ${network.mtu}`,
    `link set ${network.uplink} master ${network.bridge} up`,
    `link set ${network.leg} up`,
  ];
}

/** The target side: Open vSwitch with provider, underlay and (empty) integration bridge, and ovn-controller. */
export async function startHypervisorSwitch(topology: Topology, hypervisor: LabHypervisor): Promise<void> {
  const place = hypervisorPlace(topology.name, hypervisor);
  await startSwitch(place, topology.datapath);
  await vsctl(place, bridgeArguments(topology, hypervisor));
  await underlay[topology.datapath](topology, hypervisor);
  startController(topology, hypervisor);
}

/** Where the address of the tunnels lives. The kernel's Geneve uses any; vswitchd's own needs one on a bridge of its own that has the NIC. */
const underlay = {
  system: async (_topology, { netns, underlayIp }) => {
    await ipBatch(netns, [`address add ${underlayIp}/24 dev eth1`, 'link set br-ex up']);
  },
  netdev: async ({ networks }, { netns, underlayIp }) => {
    await together([
      ipBatch(netns, [
        `address add ${underlayIp}/24 dev br-phy`,
        `link set br-phy mtu ${UNDERLAY_MTU} up`,
        'link set br-ex up',
      ]),
      dropBehindSwitch(netns, ['eth1', 'eth2', ...networks.map((n) => n.leg)]),
    ]);
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
    'ovn-bridge': 'br-int',
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
    ...bridge('br-int', 'secure'),
    ...bridge('br-ex', 'standalone'),
    ...(datapath === 'netdev' ? [...bridge('br-phy', 'standalone'), '--', 'add-port', 'br-phy', 'eth1'] : []),
    ...['--', 'add-port', 'br-ex', 'eth2'],
    ...topology.networks.flatMap((n) => ['--', 'add-port', 'br-ex', n.leg, ...accessOf(n)]),
  ];
}

/** Starts (or starts again) a hypervisor's ovn-controller. */
export function startController(topology: Topology, hypervisor: LabHypervisor): void {
  const place = hypervisorPlace(topology.name, hypervisor);
  startDaemon(pathsOf(topology.name), topology.name, {
    name: `${hypervisor.name}-controller`,
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
