import { isIpv4 } from '../../platform/addresses.ts';
import { gratuitousArp, unsolicitedNeighborAdvertisement } from '../../platform/frames.ts';

/** What teaches every switch on the way, and every neighbour, where the guest is now: a frame an address. */
export function announcements(guest: { readonly mac: string; readonly ips: readonly string[] }): readonly Buffer[] {
  const { mac, ips } = guest;
  // A guest without a known address still has to be learnt by MAC: an ARP announcement of no address.
  if (ips.length === 0) return [gratuitousArp({ mac, ip: '0.0.0.0' })];
  return ips.map((ip) => (isIpv4(ip) ? gratuitousArp({ mac, ip }) : unsolicitedNeighborAdvertisement({ mac, ip })));
}
