import type { LegacyBridgeFacts, NetworkFacts } from '../network-model.ts';

/** Neutron's Linux bridge agent names its bridge after the network. */
export function legacyBridgeName(networkId: string): string {
  return `brq${networkId.slice(0, 11)}`;
}

/** os-vif names a tap after its port. Only a hint: any name may be given. */
export function tapName(portId: string): string {
  return `tap${portId.slice(0, 11)}`;
}

/**
 * What a tap's own address and its port's address have in common: libvirt gives the tap the guest's MAC with `fe` as its
 * first octet, so the other five are compared.
 */
export function macTail(mac: string): string {
  return mac.slice(mac.indexOf(':') + 1).toLowerCase();
}

/** Our own devices in somebody's bridge: probe veths and internal ports. */
export function isOwnDevice(name: string): boolean {
  return /^sh[lmpw][0-9a-f]/.test(name);
}

/** Networks by what their wire shows: the VLAN, or none. Overlays have no wire. */
export type NetworksByWire = ReadonlyMap<number | undefined, readonly string[]>;

export function networksByWire(networks: Iterable<NetworkFacts>): NetworksByWire {
  const byWire = new Map<number | undefined, string[]>();
  for (const { id, class: kind, vlan } of networks) {
    if (kind === 'overlay') continue;
    const list = byWire.get(vlan);
    if (list === undefined) byWire.set(vlan, [id]);
    else list.push(id);
  }
  for (const list of byWire.values()) list.sort();
  return byWire;
}

/** The networks that a bridge's leg into the provider bridge can carry; one: it is that. */
export function wireCandidates(bridge: LegacyBridgeFacts, byWire: NetworksByWire): readonly string[] {
  return bridge.provider === undefined ? [] : (byWire.get(bridge.provider.tag) ?? []);
}

/**
 * One hypervisor's legacy bridges -> networks. Names first: ML2's rule and what the operator says; a bridge of any other name (nova-network's
 * `br100`) is the network of its wire, when that is one network only. Nobody guesses between two.
 */
export function hostBridgeNetworks(
  named: ReadonlyMap<string, string>,
  bridges: readonly LegacyBridgeFacts[],
  byWire: NetworksByWire,
): ReadonlyMap<string, string> {
  const more = bridges.flatMap((bridge): readonly [string, string][] => {
    if (named.has(bridge.bridge) || isMl2Bridge(bridge.bridge)) return [];
    const [only, second] = wireCandidates(bridge, byWire);
    return only === undefined || second !== undefined ? [] : [[bridge.bridge, only]];
  });
  return more.length === 0 ? named : new Map([...named, ...more]);
}

/** A name that says itself which network it is. */
export function isMl2Bridge(name: string): boolean {
  return name.startsWith('brq');
}
