import type { TapMove } from '../../domain/rewire/moves.ts';
import type { Netlink } from '../../platform/native/netlink.ts';
import { PacketSocket } from '../../platform/native/packet-socket.ts';
import { isShuntError } from '../../platform/shunt-error.ts';
import type { ProviderPorts } from '../host/provider-ports.ts';

const connectTimeoutMs = 1_000;

/**
 * The way out of legacy bridges to the wire. Where it ends in a provider bridge, frames go in there by OpenFlow, which teaches its
 * tables at once; a raw socket on the uplink is what remains where there is none, or vswitchd does not answer.
 */
export class Uplinks implements Disposable {
  readonly #netlink: Netlink;
  readonly #providers: ProviderPorts;
  readonly #sockets = new Map<string, PacketSocket>();

  constructor(netlink: Netlink, providers: ProviderPorts) {
    this.#netlink = netlink;
    this.#providers = providers;
  }

  /** Opens what sending for this move takes; never fails, a way back must not end here. */
  async open(move: TapMove, signal: AbortSignal): Promise<void> {
    this.#socket(move);
    const provider = wayIn(move);
    if (provider === undefined) return;
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(connectTimeoutMs)]);
    await this.#providers
      .open(provider.bridge)
      .ready(timeout)
      .catch(() => undefined);
  }

  /** Takes the way that {@link send} takes, up to the bridge and no further. */
  warm(move: TapMove, frame: Uint8Array): void {
    const provider = wayIn(move);
    if (provider === undefined) return;
    const bridge = this.#providers.open(provider.bridge);
    if (bridge.connected) bridge.warm(frame);
  }

  /** Best effort: an uplink that is down takes no frame. */
  send(move: TapMove, frame: Uint8Array): void {
    const provider = wayIn(move);
    try {
      if (provider !== undefined && this.#providers.inject(provider, frame)) return;
      this.#socket(move)?.send(frame);
    } catch (error) {
      if (!isShuntError(error)) throw error;
    }
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets.values()) socket[Symbol.dispose]();
    this.#sockets.clear();
  }

  #socket(move: TapMove): PacketSocket | undefined {
    const { uplink } = move.legacy;
    const known = uplink === undefined ? undefined : this.#sockets.get(uplink);
    if (uplink === undefined || known !== undefined) return known;
    if (this.#netlink.link(uplink) === undefined) return undefined; // an island: there is no wire to tell
    const socket = PacketSocket.open({ interface: uplink });
    this.#sockets.set(uplink, socket);
    return socket;
  }
}

/** The port of Open vSwitch at which a frame is as if it came from the legacy side: the guest's own, or the leg of its bridge. */
function wayIn({ legacy }: TapMove): { readonly bridge: string; readonly port: string } | undefined {
  return legacy.entry ?? legacy.provider;
}
