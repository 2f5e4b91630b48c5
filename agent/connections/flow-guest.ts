import type { FlowGuest } from '../../domain/connections/judge-flow.ts';
import type { TapMove } from '../../domain/rewire/moves.ts';
import { formatIpv6, isIpv4, isIpv6, parseIpv6 } from '../../platform/addresses.ts';

/** The guest of a move as connection tracking knows it: by its addresses, in one zone. */
export function flowGuest({ tap, ips }: TapMove, zone: number): FlowGuest {
  return { tap, addresses: ips.flatMap(canonicalAddress), zone };
}

function canonicalAddress(ip: string): readonly string[] {
  if (isIpv4(ip)) return [ip];
  return isIpv6(ip) ? [formatIpv6(parseIpv6(ip))] : [];
}
