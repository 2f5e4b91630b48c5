import { igmpGeneralQuery, mldGeneralQuery } from '../../platform/group-queries.ts';
import { PacketSocket } from '../../platform/native/packet-socket.ts';
import { isShuntError } from '../../platform/shunt-error.ts';
import type { Execution } from '../cutover/execution.ts';
import type { ShuntMove } from './shunt-moves.ts';

/**
 * Asks guests which multicast groups they are members of: their answers leave by the leg that is active now, and every snooping switch on
 * that way (the legacy bridge, OVN, the provider bridge, the fabric) learns it at once and not at the next querier's turn, minutes
 * later. `through`: what is sent out of this link reaches the guest. Best effort.
 */
export function askMemberships(
  guests: readonly { readonly move: ShuntMove; readonly through: string }[],
  run: Execution,
): void {
  for (const { through } of guests) {
    const link = run.netlink.link(through);
    if (link === undefined) continue;
    try {
      using socket = PacketSocket.open({ interface: link.ifindex });
      socket.send(igmpGeneralQuery(link.mac));
      socket.send(mldGeneralQuery(link.mac));
    } catch (error) {
      if (!isShuntError(error)) throw error;
    }
  }
}
