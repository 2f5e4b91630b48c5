import type { LegacyBridgeFacts } from '../../domain/network-model.ts';
import type { Link } from '../../platform/native/netlink-links.ts';
import type { OvsPort } from '../host/open-vswitch.ts';

/** Names of ML2 Linux bridges: `brq` and the first 11 characters of the network's UUID. */
const ml2Name = /^brq[0-9a-f-]{1,11}$/;
/** Names that nova-network gives (`br100`, `br<vlan>`); an operator's own bridge may be called so too. */
const novaName = /^br\d{1,4}$/;
const guestTapName = /^(tap|vnet)/;
/** Bridges between a tap and the next switch (os-vif's hybrid plugs, our shunts), and libvirt's own networks. */
const otherName = /^(qbr|virbr)/;

/** Our own veth ends in legacy bridges. */
export const ownLegName = /^sh[al][0-9a-f-]{1,11}$/;

/** Every legacy bridge with its members, its uplink, and where the uplink ends in Open vSwitch. */
export function deriveLegacyBridges(
  links: readonly Link[],
  ports: ReadonlyMap<string, OvsPort>,
): readonly LegacyBridgeFacts[] {
  const byIndex = new Map(links.map((link) => [link.ifindex, link]));
  return links
    .filter((link) => link.kind === 'bridge' && !otherName.test(link.name))
    .flatMap((bridge) => {
      const members = links.filter((link) => link.master === bridge.ifindex);
      const uplink = members.find((link) => isUplink(link, byIndex));
      const provider = uplink === undefined ? undefined : providerOf(uplink, byIndex, ports);
      if (!isLegacy({ bridge, members, provider })) return [];
      return [
        {
          bridge: bridge.name,
          mtu: bridge.mtu,
          members: members.map((link) => link.name).toSorted(),
          ...(uplink === undefined ? {} : { uplink: uplink.name }),
          ...(provider === undefined ? {} : { provider }),
        },
      ];
    });
}

interface BridgeMembers {
  readonly bridge: Link;
  readonly members: readonly Link[];
  readonly provider: LegacyBridgeFacts['provider'];
}

/**
 * By name where the name is ML2's; else by what is there: a leg into a provider bridge, and for nova-network's names also a guest's tap or
 * the VLAN of that number. A `br0` with a NIC and the hypervisor's address is nobody's legacy bridge.
 */
function isLegacy({ bridge, members, provider }: BridgeMembers): boolean {
  if (ml2Name.test(bridge.name) || provider !== undefined) return true;
  if (!novaName.test(bridge.name)) return false;
  const vlan = `vlan${bridge.name.slice(2)}`;
  return members.some((link) => guestTapName.test(link.name) || link.name === vlan);
}

/** A veth whose other end is in this namespace too, or a device that is neither veth nor tap: a NIC, a VLAN, a bond, a VXLAN. */
function isUplink(link: Link, byIndex: ReadonlyMap<number, Link>): boolean {
  if (ownLegName.test(link.name) || guestTapName.test(link.name)) return false;
  if (link.kind === 'veth') return peerOf(link, byIndex) !== undefined;
  return link.kind !== 'tun';
}

function providerOf(
  uplink: Link,
  byIndex: ReadonlyMap<number, Link>,
  ports: ReadonlyMap<string, OvsPort>,
): LegacyBridgeFacts['provider'] {
  const end = uplink.kind === 'veth' ? peerOf(uplink, byIndex) : uplink;
  const found = end === undefined ? undefined : ports.get(end.name);
  if (found === undefined) return undefined;
  const tag = found.port.tag ?? undefined;
  return { bridge: found.bridge.name, port: found.port.name, ...(tag === undefined ? {} : { tag }) };
}

/** The other end of a veth, when it is in this namespace. */
function peerOf(link: Link, byIndex: ReadonlyMap<number, Link>): Link | undefined {
  if (link.peerIfindex === undefined || link.peerNetnsId !== undefined) return undefined;
  const peer = byIndex.get(link.peerIfindex);
  return peer?.peerIfindex === link.ifindex ? peer : undefined;
}
