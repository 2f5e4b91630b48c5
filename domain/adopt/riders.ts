import type { AdoptFacts, AdoptLink, AdoptRefusal } from './facts.ts';

/**
 * What rides on the NIC besides uplinks of guests. The hypervisor's own address or default route on the NIC, on any VLAN of it, on a legacy
 * bridge or on the provider bridge: whoever adopts that may lose the host. Macvtaps and the like: guests that would lose their wire.
 */
export function riders(nic: AdoptLink, bridges: readonly string[], facts: AdoptFacts): readonly AdoptRefusal[] {
  const above = facts.links.filter((link) => link.parent === nic.name);
  const vlans = above.filter((link) => link.kind === 'vlan');
  const touched = facts.links.filter((link) => link === nic || vlans.includes(link) || bridges.includes(link.name));
  const onBridges = facts.links.filter((link) => link.kind === 'vlan' && bridges.includes(link.parent ?? ''));
  return [
    ...[...touched, ...onBridges].flatMap(ownAddress),
    ...above.filter((link) => link.kind !== 'vlan').map((link) => otherRider(link, nic.name)),
    ...vlans.flatMap((vlan) =>
      facts.links.filter((link) => link.parent === vlan.name).map((link) => otherRider(link, vlan.name)),
    ),
  ];
}

function ownAddress({ name, addresses, defaultRoute }: AdoptLink): readonly AdoptRefusal[] {
  const what = [
    ...(addresses.length > 0 ? [`address ${addresses.join(', ')}`] : []),
    ...(defaultRoute ? ['default route'] : []),
  ].join(' and ');
  if (what === '') return [];
  const message = `this hypervisor has its ${what} on ${name}: it would be cut off itself; move that first`;
  return [{ kind: 'own-address', about: name, message }];
}

function otherRider({ name, kind = 'link' }: AdoptLink, below: string): AdoptRefusal {
  return { kind: 'other-riders', about: name, message: `${name} (${kind}) sits on ${below}, and would not come along` };
}
