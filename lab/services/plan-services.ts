import { ip4At, ip6At } from '../guest/plan-guest.ts';
import { macOf, uuidOf } from '../stable-ids.ts';
import type { LabHypervisor, LabNetwork, Topology } from '../topology.ts';
import type { LabService } from './lab-service.ts';

const DHCP_HOST = 2;
const ROUTER_HOST = 3;
const DHCP_MACS = 0xd0;
const ROUTER_MACS = 0xd1;

/**
 * The namespaces that a legacy network node has for each network: qdhcp (dnsmasq) at `.2` and qrouter (radvd) at `.3`; the gateway stays `.1`.
 * Networks take turns on the hypervisors. Pure: same lab, same services.
 */
export function planServices(topology: Topology): readonly LabService[] {
  return topology.networks.flatMap((network, i) => {
    const hypervisor = topology.hypervisors[i % topology.hypervisors.length] as LabHypervisor; // a lab has at least one
    return [planDhcp(topology, network, hypervisor), planRouter(topology, network, hypervisor)];
  });
}

function planDhcp(topology: Topology, network: LabNetwork, hypervisor: LabHypervisor): LabService {
  const portId = uuidOf(topology.name, 'dhcp-port', network.name);
  const host = uuidOf(topology.name, 'dhcp-agent', hypervisor.name);
  return {
    ...{ name: `dhcp-${network.name}`, kind: 'dhcp', hypervisor: hypervisor.name },
    ...{
      netns: `${topology.name}-qdhcp-${network.name}`,
      tap: `tap${portId.slice(0, 11)}`,
      device: `ns-${portId.slice(0, 11)}`,
    },
    ...{ mac: macOf(DHCP_MACS, network.index), ip4: ip4At(network, DHCP_HOST), ip6: ip6At(network, DHCP_HOST) },
    ...{ portId, deviceId: `dhcp${host}-${network.id}`, deviceOwner: 'network:dhcp' },
    ...{ networkId: network.id, network: network.name },
  };
}

function planRouter(topology: Topology, network: LabNetwork, hypervisor: LabHypervisor): LabService {
  const portId = uuidOf(topology.name, 'router-port', network.name);
  return {
    ...{ name: `router-${network.name}`, kind: 'router', hypervisor: hypervisor.name },
    ...{
      netns: `${topology.name}-qrouter-${network.name}`,
      tap: `tap${portId.slice(0, 11)}`,
      device: `qr-${portId.slice(0, 11)}`,
    },
    ...{ mac: macOf(ROUTER_MACS, network.index), ip4: ip4At(network, ROUTER_HOST), ip6: ip6At(network, ROUTER_HOST) },
    ...{ portId, deviceId: uuidOf(topology.name, 'router', network.name), deviceOwner: 'network:router_interface' },
    ...{ networkId: network.id, network: network.name },
  };
}
