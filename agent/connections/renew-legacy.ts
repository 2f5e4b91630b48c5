import { indexGuests, judgeFlow } from '../../domain/connections/judge-flow.ts';
import { ipProtocols, type TrackedFlow } from '../../domain/connections/tracked-flow.ts';
import type { TapMove } from '../../domain/rewire/moves.ts';
import { formatIpv6, isIpv6, parseIpv6 } from '../../platform/addresses.ts';
import { Conntrack } from '../../platform/native/conntrack.ts';

/**
 * Makes the legacy firewall take TCP connections of these guests that went past it for a while: sequence numbers have left the window that it remembers, and
 * it would drop each packet as invalid. They are asked for by no number from now on. Only what it knows is touched; OVN is not asked. Gives how many.
 */
export async function renewLegacy(
  moves: readonly TapMove[],
  zoneOf: (move: TapMove) => number | undefined,
  signal: AbortSignal,
): Promise<number> {
  using conntrack = Conntrack.open();
  const guests = moves.map((move) => ({
    tap: move.tap,
    addresses: move.ips.map((ip) => (isIpv6(ip) ? formatIpv6(parseIpv6(ip)) : ip)),
    zone: zoneOf(move) ?? 0,
  }));
  const index = indexGuests(guests);
  const flows: TrackedFlow[] = [];
  const take = (flow: TrackedFlow): void => {
    if (flow.protocol === ipProtocols.tcp && judgeFlow(flow, index).kind === 'seed') flows.push(flow);
  };
  await conntrack.each(new Set(guests.map(({ zone }) => zone)), take, signal);
  const refused = conntrack.insert(flows).filter((errno) => errno !== undefined); // ended meanwhile: needs nothing
  return flows.length - refused.length;
}
