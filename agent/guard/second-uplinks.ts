import type { Finding } from '../../domain/findings.ts';
import type { Link } from '../../platform/native/netlink-links.ts';
import type { NetlinkOperation } from '../../platform/native/netlink-operations.ts';
import type { Host } from '../host/host.ts';
import type { Claim } from '../journal/claims.ts';
import { ownLegName } from '../observe/legacy-bridges.ts';

export interface SecondUplink extends Pick<Finding, 'kind' | 'severity' | 'message'> {
  readonly claim: Claim;
  readonly link: string;
}

/**
 * A second way from a legacy bridge to the wire, beside our provider leg: frames would go round. The linuxbridge agent makes one when it
 * wakes; nothing else that is put into a legacy bridge later is a NIC, a VLAN, or a veth into Open vSwitch. It is taken out again; what was
 * there when the move was planned is an operator's, and stays.
 */
export function takeOutSecondUplink(
  link: Link,
  claims: Iterable<Claim>,
  { netlink, ovs }: Pick<Host, 'netlink' | 'ovs'>,
): SecondUplink | undefined {
  if (link.master === undefined || ownLegName.test(link.name) || !ovs.lockHeld) return undefined;
  if (!couldLeadOut(link)) return undefined;
  const bridge = netlink.link(link.master)?.name;
  for (const claim of claims) {
    const { bridge: legacy, uplink, provider, besides = [] } = claim.move.legacy;
    if (legacy !== bridge || uplink === undefined || provider === undefined) continue;
    if ([uplink, ...besides].includes(link.name)) continue;
    if (netlink.link(link.ifindex)?.master !== link.master) return undefined; // the event is older than what we did
    if (netlink.link(uplink)?.master !== link.master || !leadsOut(link, { netlink, ovs })) continue;
    const [result] = netlink.apply([removalOf(link, sitsOnSwitch(link, { netlink, ovs }))]);
    const done = result?.kind === 'done' ? 'it was taken out again' : 'it could not be taken out: frames may go round';
    const message = `${link.name} was put into ${legacy} beside ${uplink}, as a legacy agent does that wakes: ${done}; stop that agent`;
    return { claim, link: link.name, kind: 'legacy-agent-awake', severity: 'error', message };
  }
  return undefined;
}

/**
 * A VLAN's subinterface on a NIC that Open vSwitch has takes that VLAN's frames before the switch does, in a bridge or not (decision 0022): only
 * without it the provider bridge hears them again.
 */
export function removalOf({ ifindex, kind }: Pick<Link, 'ifindex' | 'kind'>, onSwitch: boolean): NetlinkOperation {
  return { kind: kind === 'vlan' && onSwitch ? 'delete-link' : 'no-master', link: ifindex };
}

function sitsOnSwitch({ peerIfindex }: Link, { netlink, ovs }: Pick<Host, 'netlink' | 'ovs'>): boolean {
  const parent = peerIfindex === undefined ? undefined : netlink.link(peerIfindex);
  return parent !== undefined && ovs.ports().has(parent.name);
}

/** By its kind alone: asked of every link event. */
function couldLeadOut({ kind }: Link): boolean {
  return kind === undefined || kind === 'vlan' || kind === 'bond' || kind === 'veth';
}

/** A veth leads out when its other end is a port of Open vSwitch here; a tap's other end is its guest's. */
function leadsOut({ kind, peerIfindex, peerNetnsId }: Link, { netlink, ovs }: Pick<Host, 'netlink' | 'ovs'>): boolean {
  if (kind !== 'veth') return true;
  if (peerIfindex === undefined || peerNetnsId !== undefined) return false;
  const peer = netlink.link(peerIfindex);
  return peer !== undefined && ovs.ports().has(peer.name);
}
