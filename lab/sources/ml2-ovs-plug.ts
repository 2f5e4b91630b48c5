import { hypervisorPlace } from '../hypervisor.ts';
import { ipBatch } from '../netns.ts';
import { vsctl } from '../open-vswitch.ts';
import type { LabGuest, LabHypervisor, Topology } from '../topology.ts';
import { networkOf } from '../topology.ts';
import { hybridNames, localVlanOf } from './lab-source.ts';

/** Puts guests' taps, which are there, where Nova and neutron-openvswitch-agent put them: one transaction for all. */
export async function plugIntoOpenVSwitch(
  topology: Topology,
  hypervisor: LabHypervisor,
  guests: readonly LabGuest[],
): Promise<void> {
  if (guests.length === 0) return;
  const plugged = guests.map((guest) => ({ guest, port: portOf(topology, guest) }));
  if (topology.source === 'ml2-ovs-hybrid') {
    await ipBatch(
      hypervisor.netns,
      guests.flatMap((guest) => hybridLinks(topology, guest)),
    );
  }
  await ipBatch(
    hypervisor.netns,
    guests.map((guest) => `link set ${guest.tap} up`),
  );
  // In a transaction of its own: a userspace datapath would go on with the device of before.
  await vsctl(
    hypervisorPlace(topology.name, hypervisor),
    plugged.flatMap(({ port }) => ['--', '--if-exists', 'del-port', port]).slice(1),
  );
  await vsctl(
    hypervisorPlace(topology.name, hypervisor),
    plugged.flatMap(({ guest, port }) => portArguments(topology, guest, port)).slice(1),
  );
}

/** What libvirt and os-vif remove when a guest ends. */
export async function unplugFromOpenVSwitch(
  topology: Topology,
  hypervisor: LabHypervisor,
  guest: LabGuest,
): Promise<void> {
  const port = portOf(topology, guest);
  await vsctl(hypervisorPlace(topology.name, hypervisor), ['--if-exists', 'del-port', 'br-int', port]);
}

/** The guest's port on the agent's integration bridge. */
export function portOf(topology: Topology, guest: LabGuest): string {
  return topology.source === 'ml2-ovs-hybrid' ? hybridNames(guest).qvo : guest.tap;
}

/** As os-vif's linux_net makes them: no ageing and no learning delay, so that a qbr is a wire with a filter in it. */
function hybridLinks(topology: Topology, guest: LabGuest): readonly string[] {
  const { mtu } = networkOf(topology, guest);
  const { qbr, qvb, qvo } = hybridNames(guest);
  return [
    `link add ${qbr} mtu ${mtu} type bridge forward_delay 0 stp_state 0 ageing_time 0 mcast_snooping 0`,
    `link add ${qvb} mtu ${mtu} type veth peer name ${qvo} mtu ${mtu}`,
    `link set ${qvb} master ${qbr} up`,
    `link set ${qvo} up`,
    `link set ${qbr} up`,
    `link set ${guest.tap} master ${qbr}`,
  ];
}

/** In os-vif's words, and what the agent adds once it has wired the port. */
function portArguments(topology: Topology, guest: LabGuest, port: string): readonly string[] {
  const network = networkOf(topology, guest);
  const tag = localVlanOf(network);
  const ids = {
    'iface-id': guest.portId,
    'iface-status': 'active',
    'attached-mac': guest.mac,
    'vm-uuid': guest.deviceId,
  };
  const wiring = {
    net_uuid: network.id,
    network_type: network.vlan === undefined ? 'flat' : 'vlan',
    physical_network: 'physnet1',
    ...(network.vlan === undefined ? {} : { segmentation_id: String(network.vlan) }),
    tag: String(tag),
  };
  const columns = (column: string, values: Readonly<Record<string, string>>) =>
    Object.entries(values).map(([key, value]) => `${column}:${key}="${value}"`);
  return [
    ...['--', 'add-port', 'br-int', port],
    ...['--', 'set', 'Interface', port, ...columns('external_ids', ids)],
    ...['--', 'set', 'Port', port, `tag=${tag}`, ...columns('other_config', wiring)],
  ];
}
