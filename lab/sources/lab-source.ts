/**
 * What the legacy world of a lab is made of. `ml2-ovs`: the Open vSwitch of neutron-openvswitch-agent, taps on its integration bridge;
 * `ml2-ovs-hybrid`: the same, each tap on a Linux bridge of its own where iptables filters, with a veth pair to the integration bridge.
 * `nova-network`: `br100` and `brN`, the gateway elsewhere; `nova-multi-host`: each hypervisor is gateway and DHCP server of its guests.
 * `midonet`: overlays of MidoNet's agent.
 */
export const labSources = [
  'linux-bridge',
  'ml2-ovs',
  'ml2-ovs-hybrid',
  'nova-network',
  'nova-multi-host',
  'midonet',
] as const;
export type LabSource = (typeof labSources)[number];

/** A topology, as far as its source goes. */
interface Sourced {
  readonly source?: LabSource;
}

export function isOpenVSwitchSource(topology: Sourced): boolean {
  return topology.source === 'ml2-ovs' || topology.source === 'ml2-ovs-hybrid';
}

interface Kinded {
  readonly kind: 'vlan' | 'flat' | 'overlay';
}

/** Networks that are Linux bridges on each hypervisor. */
export function bridgedNetworks<N extends Kinded>(
  topology: Sourced & { readonly networks: readonly N[] },
): readonly N[] {
  if (isOpenVSwitchSource(topology)) return [];
  return topology.networks.filter((network) => !isMidonet(topology, network));
}

/** A network of MidoNet: one datapath has the taps of all of them. */
export function isMidonet(topology: Sourced, network: Kinded): boolean {
  return topology.source === 'midonet' && network.kind === 'overlay';
}

/** ML2/OVS has `br-int` for itself: OVN beside it needs an integration bridge of another name. */
export function integrationBridgeOf(topology: Sourced): string {
  return isOpenVSwitchSource(topology) ? 'br-ovn' : 'br-int';
}

/** The local VLAN that neutron-openvswitch-agent gave to a network: it counts from 1. */
export function localVlanOf(network: { readonly index: number }): number {
  return network.index;
}

/** The devices of a hybrid plug, as os-vif names them. */
export function hybridNames(guest: { readonly portId: string }): {
  readonly qbr: string;
  readonly qvb: string;
  readonly qvo: string;
} {
  const suffix = guest.portId.slice(0, 11);
  return { qbr: `qbr${suffix}`, qvb: `qvb${suffix}`, qvo: `qvo${suffix}` };
}
