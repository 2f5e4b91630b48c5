import { join } from 'node:path';
import { run } from '../command.ts';
import { inNetns } from '../netns.ts';
import { runDirEnv } from '../open-vswitch.ts';
import { hypervisorDir } from '../run-dir.ts';
import type { LabHypervisor, LabNetwork, Topology } from '../topology.ts';
import { isOpenVSwitchSource, localVlanOf } from './lab-source.ts';

/** Every flow of neutron-openvswitch-agent carries the cookie that it drew when it started. */
const AGENT_COOKIE = '0x5eed0a6e17a6e717';
/** `constants.DEAD_VLAN_TAG` of Neutron. */
export const DEAD_VLAN = 4095;

/** The agent's integration bridge and its way to the provider bridge, which OVN's has too: arguments of one ovs-vsctl. */
export function legacySwitchArguments(topology: Topology): readonly string[] {
  if (!isOpenVSwitchSource(topology)) return [];
  const bridge = ['--', 'add-br', 'br-int', '--', 'set', 'bridge', 'br-int'];
  const patch = (name: string, on: string, peer: string) =>
    `-- add-port ${on} ${name} -- set Interface ${name} type=patch options:peer=${peer}`.split(' ');
  return [
    ...bridge,
    `datapath_type=${topology.datapath}`,
    'fail-mode=secure',
    ...patch('int-br-ex', 'br-int', 'phy-br-ex'),
    ...patch('phy-br-ex', 'br-ex', 'int-br-ex'),
  ];
}

/**
 * What neutron-openvswitch-agent does to both bridges when it starts: its flows anew, and those of every other cookie removed
 * (`cleanup_stale_flows`).
 */
export async function installAgentFlows(topology: Topology, hypervisor: LabHypervisor): Promise<void> {
  if (!isOpenVSwitchSource(topology)) return;
  for (const [bridge, flows] of [
    ['br-int', integrationFlows(topology.networks)],
    ['br-ex', providerFlows(topology.networks)],
  ] as const) {
    const text = flows.map((flow) => `cookie=${AGENT_COOKIE},${flow}\n`).join('');
    await ofctl(topology, hypervisor, ['add-flows', bridge, '-'], text);
    for (const cookie of await foreignCookies(topology, hypervisor, bridge)) {
      await ofctl(topology, hypervisor, ['del-flows', bridge, `cookie=${cookie}/-1`]);
    }
  }
}

/** `ovs-ofctl` on a bridge of a hypervisor. */
export function ofctl(
  topology: Topology,
  hypervisor: LabHypervisor,
  [command = '', bridge = '', ...rest]: readonly string[],
  input?: string,
): Promise<string> {
  const dir = hypervisorDir(topology.name, hypervisor.name);
  const argv = ['ovs-ofctl', '-OOpenFlow13', command, `unix:${join(dir, `${bridge}.mgmt`)}`, ...rest];
  return run(inNetns(hypervisor.netns, argv), { env: runDirEnv(dir), ...(input === undefined ? {} : { input }) });
}

async function foreignCookies(topology: Topology, hypervisor: LabHypervisor, bridge: string): Promise<Set<string>> {
  const dump = await ofctl(topology, hypervisor, ['dump-flows', bridge]);
  const cookies = [...dump.matchAll(/cookie=(0x[0-9a-f]+)/g)].map((found) => found[1] ?? '');
  return new Set(cookies.filter((cookie) => cookie !== AGENT_COOKIE));
}

/** Of neutron's OVSIntegrationBridge: the wire's VLANs become local ones, then the bridge learns and forwards. */
function integrationFlows(networks: readonly LabNetwork[]): readonly string[] {
  return [
    `table=0,priority=65535,dl_vlan=${DEAD_VLAN},actions=drop`,
    ...networks.map(
      (network) =>
        `table=0,priority=3,in_port=int-br-ex,${wireMatch(network)},` +
        `actions=${network.vlan === undefined ? 'push_vlan:0x8100,' : ''}set_field:${localVlanOf(network) | 0x1000}->vlan_vid,resubmit(,58)`,
    ),
    'table=0,priority=2,in_port=int-br-ex,actions=drop',
    'table=0,priority=0,actions=resubmit(,58)',
    'table=23,priority=0,actions=drop',
    'table=24,priority=0,actions=drop',
    'table=58,priority=0,actions=resubmit(,60)',
    'table=60,priority=3,actions=NORMAL',
  ];
}

/** Of neutron's OVSPhysicalBridge: local VLANs become the wire's. */
function providerFlows(networks: readonly LabNetwork[]): readonly string[] {
  return [
    ...networks.map(
      (network) =>
        `table=0,priority=4,in_port=phy-br-ex,dl_vlan=${localVlanOf(network)},` +
        `actions=${network.vlan === undefined ? 'strip_vlan' : `set_field:${network.vlan | 0x1000}->vlan_vid`},NORMAL`,
    ),
    'table=0,priority=2,in_port=phy-br-ex,actions=drop',
    'table=0,priority=0,actions=NORMAL',
  ];
}

function wireMatch(network: LabNetwork): string {
  return network.vlan === undefined ? 'vlan_tci=0x0000/0x1fff' : `dl_vlan=${network.vlan}`;
}
