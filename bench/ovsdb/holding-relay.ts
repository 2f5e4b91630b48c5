import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * Stands between one client and the server, and can hold back what the server sends: the server goes on as with a client that keeps up, and
 * what it sent is then given to the client as fast as that takes it. So neither the server nor who writes to it limits the client.
 */
export class HoldingRelay implements Disposable {
  readonly unix: string;
  readonly #server: Server;
  readonly #sockets: Socket[] = [];
  #client: Socket | undefined;
  #held: Buffer[] | undefined;
  #heard: (bytes: Buffer) => void = () => {};

  private constructor(server: Server, path: string) {
    this.#server = server;
    this.unix = `unix:${path}`;
  }

  static async open(path: string, upstream: string): Promise<HoldingRelay> {
    const server = createServer();
    const relay = new HoldingRelay(server, path);
    server.on('connection', (client) => relay.#join(client, connect(upstream.replace(/^unix:/, ''))));
    server.listen(path);
    await once(server, 'listening');
    return relay;
  }

  /** From now on nothing goes to the client; resolves when a text is among what the server has sent. */
  hold(until: string): Promise<void> {
    this.#held = [];
    let tail = Buffer.alloc(0);
    return new Promise((resolve) => {
      this.#heard = (bytes) => {
        const window = Buffer.concat([tail, bytes]);
        tail = window.subarray(Math.max(0, window.length - until.length));
        if (window.includes(until)) resolve();
      };
    });
  }

  /** Gives the client all that was held. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#heard = () => {};
    for (const bytes of held) this.#client?.write(bytes);
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #join(client: Socket, server: Socket): void {
    this.#client = client;
    this.#sockets.push(client, server);
    for (const socket of [client, server]) socket.on('error', () => {}); // whoever is measured tells of a lost connection
    client.pipe(server);
    server.on('data', (bytes) => {
      if (this.#held === undefined) {
        if (!client.write(bytes)) {
          server.pause();
          client.once('drain', () => server.resume());
        }
        return;
      }
      this.#held.push(bytes);
      this.#heard(bytes);
    });
  }
}
