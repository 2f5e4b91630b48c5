import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { Arrivals, type ArrivalWindow } from './arrivals.ts';
import type { EndOrder, EndView } from './place-protocol.ts';

const DATAGRAM_BYTES = 64;
/** Timer of a sender: the finest that Node has. Faster flows send several at a time. */
const TICK_MS = 1;
/** Behind by more, a sender goes on from now instead of sending a burst; numbers are not skipped. */
const BEHIND_NS = 100e6;
const NIC = 'eth0';

function nowNs(): number {
  return Number(process.hrtime.bigint());
}

function udpSocket(end: EndOrder): Socket {
  const socket = createSocket({ type: end.family === 4 ? 'udp4' : 'udp6', reuseAddr: true });
  socket.on('error', () => undefined); // an ICMP error or a link that is down: what is lost shows in the figures
  return socket;
}

/** Sends numbered datagrams until it is closed. */
export class DatagramSender implements Disposable {
  readonly #socket: Socket;
  readonly #end: EndOrder;
  readonly #periodNs: number;
  readonly #timer: NodeJS.Timeout;
  #nextSeq = 0;
  #dueNs = nowNs();

  private constructor(socket: Socket, end: EndOrder, hz: number) {
    this.#socket = socket;
    this.#end = end;
    this.#periodNs = 1e9 / hz;
    this.#timer = setInterval(() => this.#sendDue(), TICK_MS);
  }

  static async open(end: EndOrder, hz: number, cast: 'uni' | 'multi' | 'broad'): Promise<DatagramSender> {
    const socket = udpSocket(end);
    socket.bind(0, end.localIp);
    await once(socket, 'listening');
    if (cast === 'broad') socket.setBroadcast(true);
    if (cast === 'multi') {
      socket.setMulticastInterface(end.family === 4 ? end.localIp : `::%${NIC}`);
      socket.setMulticastTTL(1);
      socket.setMulticastLoopback(false);
    }
    return new DatagramSender(socket, end, hz);
  }

  view(): EndView {
    return { role: 'sender', alive: true, nextSeq: this.#nextSeq };
  }

  #sendDue(): void {
    const now = nowNs();
    if (now - this.#dueNs > BEHIND_NS) this.#dueNs = now;
    for (; this.#dueNs <= now; this.#dueNs += this.#periodNs) {
      const datagram = Buffer.alloc(DATAGRAM_BYTES);
      datagram.writeUInt32BE(this.#nextSeq, 0);
      this.#nextSeq += 1;
      this.#socket.send(datagram, this.#end.port, this.#end.remoteIp, () => undefined); // refused: as lost as any other
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#socket.close();
  }
}

/** Receives numbered datagrams, as a member of the group if there is one. */
export class DatagramReceiver implements Disposable {
  readonly #socket: Socket;
  readonly #arrivals = new Arrivals();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (datagram) => {
      if (datagram.length === DATAGRAM_BYTES) this.#arrivals.received(datagram.readUInt32BE(0), nowNs());
    });
  }

  static async open(end: EndOrder, group: boolean): Promise<DatagramReceiver> {
    const socket = udpSocket(end);
    socket.bind(end.port);
    await once(socket, 'listening');
    if (group) socket.addMembership(end.remoteIp, end.family === 4 ? end.localIp : `::%${NIC}`);
    return new DatagramReceiver(socket);
  }

  view(window: ArrivalWindow | undefined): EndView {
    const arrivals = window && this.#arrivals.report(window);
    return { role: 'receiver', alive: this.#arrivals.any, ...(arrivals ? { arrivals } : {}) };
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
