import { indexGuests, judgeFlow } from '../../domain/connections/judge-flow.ts';
import { ipProtocols, type TrackedFlow } from '../../domain/connections/tracked-flow.ts';
import type { TapMove } from '../../domain/rewire/moves.ts';
import { Conntrack } from '../../platform/native/conntrack.ts';
import { flowGuest } from './flow-guest.ts';

/**
 * Makes the legacy firewall take TCP connections of these guests that went past it for a while: sequence numbers have left the window that it remembers, and it
 * would drop each packet as invalid. It asks for no number of theirs any more. Only what it knows is touched; OVN is not asked.
 */
export async function renewLegacy(
  moves: readonly TapMove[],
  zoneOf: (move: TapMove) => number | undefined,
  signal: AbortSignal,
): Promise<void> {
  using conntrack = Conntrack.open();
  const guests = moves.map((move) => flowGuest(move, zoneOf(move) ?? 0));
  const index = indexGuests(guests);
  const flows: TrackedFlow[] = [];
  const take = (flow: TrackedFlow): void => {
    if (flow.protocol === ipProtocols.tcp && judgeFlow(flow, index).kind === 'seed') flows.push(flow);
  };
  await conntrack.each(new Set(guests.map(({ zone }) => zone)), take, signal);
  conntrack.insert(flows); // one that is refused has ended meanwhile, and needs nothing
}
