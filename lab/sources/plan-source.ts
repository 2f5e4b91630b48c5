import type { LabHypervisor, Topology } from '../topology.ts';
import { type LabSource, localVlanOf } from './lab-source.ts';
import { asMidonet } from './midonet.ts';
import { asNovaNetwork, furnishNovaNetwork, NOVA_MULTI_HOST_MAX } from './nova-network.ts';

/** The lab as it is named and laid out where guests come from this source. Pure; throws a RangeError for what cannot be built. */
export function withSource(topology: Topology, source: LabSource = 'linux-bridge'): Topology {
  switch (source) {
    case 'linux-bridge':
      return topology;
    case 'ml2-ovs':
    case 'ml2-ovs-hybrid':
      return withOpenVSwitch(topology, source);
    case 'nova-network':
    case 'nova-multi-host':
      if (source === 'nova-multi-host' && topology.hypervisors.length > NOVA_MULTI_HOST_MAX)
        throw new RangeError(`a nova-multi-host lab has ${NOVA_MULTI_HOST_MAX} hypervisors at most`);
      return asNovaNetwork({ ...topology, source });
    case 'midonet':
      return asMidonet({ ...topology, source });
  }
}

/** What nova-network has on a hypervisor besides bridges and legs, which are there; guests come after it. */
export async function furnishSource(topology: Topology, hypervisor: LabHypervisor): Promise<void> {
  const { source } = topology;
  if (source === 'nova-network' || source === 'nova-multi-host') await furnishNovaNetwork(topology, hypervisor);
}

/** Names of the legacy side as ML2/OVS has them: a network is a local VLAN of its integration bridge. */
function withOpenVSwitch(topology: Topology, source: 'ml2-ovs' | 'ml2-ovs-hybrid'): Topology {
  const networks = topology.networks.map((network) => ({
    ...network,
    bridge: `br-int:${localVlanOf(network)}`,
    uplink: 'int-br-ex',
    leg: 'phy-br-ex',
  }));
  return { ...topology, source, networks };
}
