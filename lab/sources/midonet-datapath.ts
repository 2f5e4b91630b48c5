import type { Netlink } from '../../platform/native/netlink.ts';
import { PacketSocket } from '../../platform/native/packet-socket.ts';
import type { Poller } from '../../platform/native/poller.ts';

/** A virtual port as the topology has it. */
export interface MidonetPort {
  readonly mac: string;
  /** Of its network; the tunnel's key. */
  readonly vni: number;
}

export interface MidonetDatapathOptions {
  /** The device that is master of every port of the datapath. */
  readonly device: string;
  readonly netlink: Netlink;
  readonly poller: Poller;
  /** Sends a frame to every other hypervisor. */
  readonly tunnel: (vni: number, frame: Buffer) => void;
}

interface Plugged {
  readonly ifindex: number;
  readonly port: MidonetPort;
  readonly socket: PacketSocket;
}

/**
 * What MidoNet's agent does with the kernel's datapath `midonet`: a tap in it is a slave of that device and of no other, and frames go where
 * the topology says, never where they were learnt. Here the device is a bridge whose ports are isolated from each other, so that the kernel
 * forwards nothing, and this process forwards all.
 */
export class MidonetDatapath implements Disposable {
  readonly #options: MidonetDatapathOptions;
  readonly #plugged = new Map<string, Plugged>();

  constructor(options: MidonetDatapathOptions) {
    this.#options = options;
  }

  /** Makes the datapath's ports those of the bindings whose interface is there; what somebody took out is taken back. */
  bringTo(bindings: ReadonlyMap<string, MidonetPort>): void {
    const { netlink, device } = this.#options;
    const own = netlink.link(device)?.ifindex;
    for (const [name, { ifindex }] of this.#plugged) {
      const link = netlink.link(name);
      if (!bindings.has(name)) this.#unplug(name, link?.master === own);
      else if (link?.ifindex !== ifindex) this.#unplug(name, false);
    }
    for (const [name, port] of bindings) {
      const link = netlink.link(name);
      if (link === undefined) continue;
      if (link.master !== own) this.#enslave(name);
      if (!this.#plugged.has(name)) this.#listen(name, link.ifindex, port);
    }
  }

  /** A frame from another hypervisor. */
  fromTunnel(vni: number, frame: Buffer): void {
    for (const plugged of this.#plugged.values()) if (isFor(plugged, vni, frame)) send(plugged, frame);
  }

  [Symbol.dispose](): void {
    for (const name of [...this.#plugged.keys()]) this.#unplug(name, false);
  }

  #enslave(name: string): void {
    const quiet = { isolated: true, learning: false, flood: false, multicastFlood: false, broadcastFlood: false };
    this.#options.netlink.apply([
      { kind: 'set-master', link: name, master: this.#options.device },
      { kind: 'set-bridge-port', link: name, ...quiet },
      { kind: 'set-up', link: name },
    ]);
  }

  #listen(name: string, ifindex: number, port: MidonetPort): void {
    const onFrame = ({ data }: { readonly data: Buffer }): void => this.#fromPort(name, data);
    const { poller } = this.#options;
    const socket = PacketSocket.open({
      interface: ifindex,
      poller,
      onFrame,
      onError: () => undefined,
      promiscuous: true,
    });
    this.#plugged.set(name, { ifindex, port, socket });
  }

  #unplug(name: string, enslaved: boolean): void {
    this.#plugged.get(name)?.socket[Symbol.dispose]();
    this.#plugged.delete(name);
    if (enslaved) this.#options.netlink.apply([{ kind: 'no-master', link: name }]);
  }

  #fromPort(name: string, frame: Buffer): void {
    const from = this.#plugged.get(name);
    if (from === undefined) return;
    const { vni } = from.port;
    for (const plugged of this.#plugged.values()) {
      if (plugged !== from && isFor(plugged, vni, frame)) send(plugged, frame);
    }
    this.#options.tunnel(vni, frame); // whoever has the destination takes it
  }
}

function isFor({ port }: Plugged, vni: number, frame: Buffer): boolean {
  if (port.vni !== vni) return false;
  const everybody = ((frame[0] ?? 0) & 1) === 1;
  return everybody || frame.subarray(0, 6).toString('hex') === port.mac.replaceAll(':', '');
}

/** A tap that is down or gone takes no frame. */
function send({ socket }: Plugged, frame: Buffer): void {
  try {
    socket.send(frame);
  } catch {
    // as a wire does
  }
}
