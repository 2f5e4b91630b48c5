import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { connectOptions, parseEndpoint } from '../../../ovsdb/endpoint.ts';

/** In [0, 1); the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface ChaosOptions {
  readonly random: () => number;
  /** Bytes of one direction after which a connection is cut, at most; each draws its own number when it begins. */
  readonly cutAfterBytesMax: () => number;
  /** Where to listen: a path of a unix socket; else a free port of 127.0.0.1. */
  readonly path?: string;
}

/**
 * Passes bytes both ways in pieces that have nothing to do with what was written: split and joined anywhere, late, and cut off in the
 * middle, all by one source of random.
 */
export class ChaosRelay implements AsyncDisposable {
  readonly #server: Server;
  readonly #options: ChaosOptions;
  readonly #sockets = new Set<Socket>();
  #calm = false;
  #cuts = 0;

  private constructor(server: Server, options: ChaosOptions) {
    this.#server = server;
    this.#options = options;
  }

  static async start(target: () => string, options: ChaosOptions): Promise<ChaosRelay> {
    const server = createServer({ noDelay: true });
    const relay = new ChaosRelay(server, options);
    server.on('connection', (client) => relay.#join(client, connect(connectOptions(parseEndpoint(target())))));
    if (options.path === undefined) server.listen(0, '127.0.0.1');
    else server.listen(options.path);
    await once(server, 'listening');
    return relay;
  }

  /** Where it listens, in the notation of the transport that goes through it. */
  endpoint(scheme: 'unix' | 'tcp' | 'ssl'): string {
    if (scheme === 'unix') return `unix:${this.#options.path}`;
    return `${scheme}:127.0.0.1:${(this.#server.address() as AddressInfo).port}`; // it listens on tcp
  }

  /** Connections cut so far. */
  get cuts(): number {
    return this.#cuts;
  }

  /** From now on nothing is cut any more. */
  calm(): void {
    this.#calm = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket, server: Socket): void {
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    this.#pass(client, server);
    this.#pass(server, client);
  }

  /** One direction: what has come is held, and goes on in pieces of any size at turns of any distance. */
  #pass(from: Socket, to: Socket): void {
    const { random, cutAfterBytesMax } = this.#options;
    let left = Math.ceil(random() * cutAfterBytesMax());
    let held = Buffer.alloc(0);
    let waiting = false;
    const turn = (): void => {
      waiting = false;
      if (to.destroyed || held.length === 0) return;
      const size = Math.ceil(held.length * random() ** 3) || 1;
      const piece = held.subarray(0, this.#calm ? size : Math.min(size, left));
      held = held.subarray(piece.length);
      to.write(piece);
      left -= piece.length;
      if (left <= 0 && !this.#calm) {
        this.#cuts++;
        // Half of the cuts let the piece arrive, the others take it along.
        if (random() < 0.5) to.end();
        else if (this.#options.path === undefined) to.resetAndDestroy();
        else to.destroy();
        from.destroy();
      } else later();
    };
    const later = (): void => {
      if (waiting || held.length === 0) return;
      waiting = true;
      if (random() < 0.1) setTimeout(turn, random() * 5);
      else setImmediate(turn);
    };
    from.on('data', (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      later();
    });
  }
}
