import type { TapMove } from '../../domain/rewire/moves.ts';
import type { Netlink } from '../../platform/native/netlink.ts';
import { PacketSocket } from '../../platform/native/packet-socket.ts';
import { isShuntError } from '../../platform/shunt-error.ts';

/** Raw sockets on the uplinks of legacy bridges: what is sent there reaches the wire as if the bridge had forwarded it. */
export class Uplinks implements Disposable {
  readonly #netlink: Netlink;
  readonly #sockets = new Map<string, PacketSocket>();

  constructor(netlink: Netlink) {
    this.#netlink = netlink;
  }

  /** False when the bridge has no uplink: an island, there is no wire to tell. */
  open(move: TapMove): boolean {
    const { uplink } = move.legacy;
    if (uplink === undefined) return false;
    if (this.#sockets.has(uplink)) return true;
    if (this.#netlink.link(uplink) === undefined) return false;
    this.#sockets.set(uplink, PacketSocket.open({ interface: uplink }));
    return true;
  }

  /** Best effort: an uplink that is down takes no frame, and a way back must not end there. */
  send(move: TapMove, frame: Uint8Array): void {
    if (!this.open(move)) return;
    try {
      this.#sockets.get(move.legacy.uplink ?? '')?.send(frame);
    } catch (error) {
      if (!isShuntError(error)) throw error;
    }
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets.values()) socket[Symbol.dispose]();
    this.#sockets.clear();
  }
}
