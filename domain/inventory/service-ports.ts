import type { PortFacts } from '../network-model.ts';

/**
 * Router, DHCP and metadata ports that the *legacy* world serves, by network. With ML2/OVN a router's port has the type
 * `router` and the metadata port is a `localport`; any other port that Neutron owns (`network:…`) is plugged by a legacy
 * agent somewhere, and north-south of that network must not be moved yet. Floating addresses are no devices.
 */
export function legacyServicePorts(ports: Iterable<PortFacts>): ReadonlyMap<string, readonly string[]> {
  const byNetwork = new Map<string, string[]>();
  for (const port of ports) {
    if (!isLegacyServicePort(port)) continue;
    const list = byNetwork.get(port.networkId) ?? [];
    list.push(port.id);
    byNetwork.set(port.networkId, list);
  }
  for (const list of byNetwork.values()) list.sort();
  return byNetwork;
}

export function isLegacyServicePort(port: PortFacts): boolean {
  const owner = port.deviceOwner ?? '';
  if (!owner.startsWith('network:') || owner === 'network:floatingip') return false;
  return port.type !== 'router' && port.type !== 'localport' && port.type !== 'localnet';
}
