import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { parseEndpoint } from '../../../ovsdb/endpoint.ts';

/** How a relay treats what goes through it. */
export interface RelayOptions {
  /** Passes the server's bytes on one at a time. */
  readonly byteByByte?: boolean;
  /** Changes the text that the client sends. */
  readonly rewrite?: (text: string) => string;
}

/** Stands between a client and ovsdb-server on 127.0.0.1; can cut or silence what goes through. */
export class Relay implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #silent = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(target: () => string, options: RelayOptions = {}): Promise<Relay> {
    const server = createServer({ noDelay: true });
    const relay = new Relay(server);
    server.on('connection', (client) => relay.#join(client, connect(parseEndpoint(target())), options));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return relay;
  }

  get endpoint(): string {
    return `tcp:127.0.0.1:${(this.#server.address() as AddressInfo).port}`; // it listens on tcp
  }

  /** Cuts every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** While true the server's bytes are swallowed, as if the path had failed without a word. */
  silence(silent: boolean): void {
    this.#silent = silent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket, server: Socket, { byteByByte = false, rewrite = (text) => text }: RelayOptions): void {
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    client.on('data', (chunk: Buffer) => server.write(rewrite(chunk.toString('utf8'))));
    server.on('data', (chunk: Buffer) => {
      if (this.#silent) return;
      if (!byteByByte) client.write(chunk);
      else for (let at = 0; at < chunk.length; at++) client.write(chunk.subarray(at, at + 1));
    });
  }
}
