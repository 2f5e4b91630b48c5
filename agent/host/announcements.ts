import { isIpv4 } from '../../platform/addresses.ts';
import { gratuitousArp, unsolicitedNeighborAdvertisement } from '../../platform/frames.ts';

/** What teaches every switch on the way, and every neighbour, where the guest is now: a frame an address. */
export function announcements(guest: { readonly mac: string; readonly ips: readonly string[] }): readonly Buffer[] {
  const { mac, ips } = guest;
  // A guest without a known address still has to be learnt by MAC: an ARP announcement of no address.
  if (ips.length === 0) return [gratuitousArp({ mac, ip: '0.0.0.0' })];
  return ips.map((ip) => (isIpv4(ip) ? gratuitousArp({ mac, ip }) : unsolicitedNeighborAdvertisement({ mac, ip })));
}

/**
 * A locally administered address that nobody has. What goes there teaches the tables on its way as a broadcast does. A broadcast would be
 * copied to every guest of the network on this host besides, each copy judged by OVN's whole pipeline: with 64 taps vswitchd had no
 * time for anything else (docs/dataplane.md).
 */
const nobody = Buffer.from('0253485554ee', 'hex');

/** The first of these frames, to nobody: one is enough for tables. Empty: none. */
export function toNobody(frames: readonly Buffer[] = []): readonly Buffer[] {
  return frames.slice(0, 1).map((frame) => Buffer.concat([nobody, frame.subarray(nobody.length)]));
}
