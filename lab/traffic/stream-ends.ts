import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { libc } from '../../platform/native/libc.ts';
import { patience } from '../patience.ts';
import { StreamArrivals } from './arrivals.ts';
import type { EndOrder, EndView } from './place-protocol.ts';

const PACE_MS = 5;
/** Enough to fill any pipe here; more would only hide a stall from the sender. */
const BACKLOG_BYTES_MAX = 1024 * 1024;
const CONNECT_MS = 10_000 * patience;
const IPPROTO_TCP = 6;
const TCP_INFO = 11;
/** linux/tcp.h: offset of `tcpi_total_retrans`, the last of the first 104 bytes. */
const totalRetransAt = 100;

function nowNs(): number {
  return Number(process.hrtime.bigint());
}

/** Accepts one connection; counts what comes, and speaks first when it is told to. */
export class StreamServer implements Disposable {
  readonly #server: Server;
  readonly #arrivals = new StreamArrivals(nowNs());
  #socket: Socket | undefined;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      this.#socket = socket;
      this.#arrivals.mark(nowNs());
      socket.on('error', () => undefined); // shows as not alive
      socket.on('data', (chunk) => this.#arrivals.received(chunk.length, nowNs()));
    });
  }

  static async open(end: EndOrder): Promise<StreamServer> {
    const server = createServer().listen(end.port, end.localIp);
    await once(server, 'listening');
    return new StreamServer(server);
  }

  speak(): void {
    this.#socket?.write('!');
  }

  mark(): void {
    this.#arrivals.mark(nowNs());
  }

  view(): EndView {
    const alive = this.#socket !== undefined && !this.#socket.destroyed && !this.#socket.readableEnded;
    return { role: 'server', alive, ...this.#arrivals.report(nowNs()) };
  }

  [Symbol.dispose](): void {
    this.#socket?.destroy();
    this.#server.close();
  }
}

/** Connects, and sends at its rate; without a rate it says nothing and counts what it hears. */
export class StreamClient implements Disposable {
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout | undefined;
  #heard = 0;
  #retransmittedBefore = 0;
  #paidNs = nowNs();

  private constructor(socket: Socket, bytesPerSecond: number | undefined) {
    this.#socket = socket;
    socket.on('error', () => undefined); // shows as not alive
    socket.on('data', (chunk) => (this.#heard += chunk.length));
    if (bytesPerSecond !== undefined) this.#timer = setInterval(() => this.#pay(bytesPerSecond), PACE_MS);
  }

  static async open(end: EndOrder, bytesPerSecond: number | undefined): Promise<StreamClient> {
    const socket = createConnection({
      host: end.remoteIp,
      port: end.port,
      localAddress: end.localIp,
      family: end.family,
    });
    await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_MS) });
    socket.setNoDelay(true);
    return new StreamClient(socket, bytesPerSecond);
  }

  speak(): void {
    this.#socket.write('!');
  }

  mark(): void {
    this.#heard = 0;
    this.#retransmittedBefore = this.#retransmitted();
  }

  view(): EndView {
    const retransmissions = this.#retransmitted() - this.#retransmittedBefore;
    return { role: 'client', alive: !this.#socket.destroyed, bytes: this.#heard, retransmissions };
  }

  #pay(bytesPerSecond: number): void {
    const now = nowNs();
    const bytes = Math.floor(((now - this.#paidNs) * bytesPerSecond) / 1e9);
    if (bytes === 0 || this.#socket.destroyed) return;
    this.#paidNs = now;
    if (this.#socket.writableLength < BACKLOG_BYTES_MAX)
      this.#socket.write(Buffer.alloc(Math.min(bytes, BACKLOG_BYTES_MAX)));
  }

  #retransmitted(): number {
    // Node has no way to ask for it: the descriptor stands in the handle, undocumented and stable for ten years.
    const fd = (this.#socket as unknown as { readonly _handle?: { readonly fd: number } | null })._handle?.fd;
    if (fd === undefined || fd < 0) return this.#retransmittedBefore;
    const info = Buffer.alloc(totalRetransAt + 4);
    const failed = libc().getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, Uint32Array.of(info.length)) < 0;
    return failed ? this.#retransmittedBefore : info.readUInt32LE(totalRetransAt);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#socket.destroy();
  }
}
