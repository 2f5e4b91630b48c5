import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { connectOptions, parseEndpoint } from '../../../ovsdb/endpoint.ts';

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
  readonly #clients = new Set<Socket>();
  readonly #servers = new Set<Socket>();
  /** The server's side of a connection whose client was cut off. */
  readonly #orphans = new Set<Socket>();
  #silent = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(target: () => string, options: RelayOptions = {}): Promise<Relay> {
    const server = createServer({ noDelay: true });
    const relay = new Relay(server);
    server.on('connection', (client) => relay.#join(client, connect(connectOptions(parseEndpoint(target()))), options));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return relay;
  }

  get endpoint(): string {
    return `tcp:127.0.0.1:${(this.#server.address() as AddressInfo).port}`; // it listens on tcp
  }

  /** Cuts every connection. */
  cut(): void {
    for (const socket of [...this.#clients, ...this.#servers]) socket.resetAndDestroy();
  }

  /** Cuts every client off, while the server goes on to believe in its connection, as after the death of a machine. */
  cutClients(): void {
    for (const socket of this.#servers) this.#orphans.add(socket);
    for (const socket of this.#clients) socket.resetAndDestroy();
  }

  /** Lets the server hear of connections that {@link cutClients} left. */
  dropServers(): void {
    for (const socket of this.#orphans) socket.destroy();
  }

  /** Says something to every client that the server did not say. */
  inject(bytes: string | Buffer): void {
    for (const socket of this.#clients) socket.write(bytes);
  }

  /** While true the server's bytes are swallowed, as if the path had failed without a word. */
  silence(silent: boolean): void {
    this.#silent = silent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of [...this.#clients, ...this.#servers]) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket, server: Socket, { byteByByte = false, rewrite }: RelayOptions): void {
    this.#clients.add(client);
    this.#servers.add(server);
    client.on('error', () => {});
    server.on('error', () => {});
    client.on('close', () => {
      this.#clients.delete(client);
      if (!this.#orphans.has(server)) server.destroy();
    });
    server.on('close', () => {
      this.#servers.delete(server);
      this.#orphans.delete(server);
      client.destroy();
    });
    client.on('data', (chunk: Buffer) => server.write(rewrite === undefined ? chunk : rewrite(chunk.toString('utf8'))));
    server.on('data', (chunk: Buffer) => {
      if (this.#silent || client.destroyed) return;
      if (!byteByByte) client.write(chunk);
      else for (let at = 0; at < chunk.length; at++) client.write(chunk.subarray(at, at + 1));
    });
  }
}
