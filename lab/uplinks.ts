import type { LabNetwork, Topology } from './topology.ts';
import type { Uplinks } from './uplink-kinds.ts';

export const PROVIDER_NIC = 'eth2';

/** The lab with its uplinks on the NIC; a single network is flat then. */
export function withUplinks(topology: Topology, uplinks: Uplinks = 'leg'): Topology {
  if (uplinks === 'leg') return topology;
  const networks = topology.networks.map((network): LabNetwork => {
    const { vlan, ...rest } = network;
    const flat = network.kind === 'flat' || (topology.networks.length === 1 && network.kind === 'vlan');
    if (network.kind === 'overlay') return network;
    if (flat) return { ...rest, kind: 'flat', uplink: PROVIDER_NIC };
    return { ...network, uplink: `${PROVIDER_NIC}.${vlan}` };
  });
  return { ...topology, uplinks, networks };
}

/** What makes the way to the wire of one network's bridge. */
export function uplinkCommands({ uplinks }: Topology, network: LabNetwork): readonly string[] {
  const { bridge, uplink, leg, mtu, vlan } = network;
  if (uplinks !== 'nic')
    return [
      `link add ${uplink} mtu ${mtu} type veth peer name ${leg} mtu ${mtu}`,
      `link set ${uplink} master ${bridge} up`,
      `link set ${leg} up`,
    ];
  return [
    ...(vlan === undefined ? [] : [`link add link ${PROVIDER_NIC} name ${uplink} mtu ${mtu} type vlan id ${vlan}`]),
    `link set ${uplink} master ${bridge} up`,
  ];
}
