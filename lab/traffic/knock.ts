import { once } from 'node:events';
import { createConnection, createServer, type Server } from 'node:net';

/** Whom to connect to, how often, and how long each may take. */
export interface KnockOrder {
  readonly localIp: string;
  readonly remoteIp: string;
  readonly port: number;
  readonly times: number;
  readonly withinMs: number;
}

export interface KnockFigures {
  /** Connections that stood, and on which a byte went there and back. */
  readonly made: number;
  /** Of those that were made. 0 when none was. */
  readonly slowestMs: number;
}

/** Answers every connection's bytes with the same bytes. */
export class EchoServer implements Disposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      socket.on('error', () => undefined); // whoever knocked counts it
      socket.pipe(socket);
    });
  }

  static async open(port: number): Promise<EchoServer> {
    const server = createServer().listen(port, '::');
    await once(server, 'listening');
    return new EchoServer(server);
  }

  [Symbol.dispose](): void {
    this.#server.close();
  }
}

/** New connections one after the other, from a port of their own each. */
export async function knock(order: KnockOrder): Promise<KnockFigures> {
  let [made, slowestMs] = [0, 0];
  for (let i = 0; i < order.times; i += 1) {
    const startMs = performance.now();
    if (!(await knockOnce(order))) continue;
    made += 1;
    slowestMs = Math.max(slowestMs, performance.now() - startMs);
  }
  return { made, slowestMs };
}

async function knockOnce({ localIp, remoteIp, port, withinMs }: KnockOrder): Promise<boolean> {
  const socket = createConnection({ host: remoteIp, port, localAddress: localIp });
  socket.on('error', () => undefined); // told below, or too late to count
  const signal = AbortSignal.timeout(withinMs);
  try {
    await once(socket, 'connect', { signal });
    socket.write('?');
    await once(socket, 'data', { signal });
    return true;
  } catch {
    return false;
  } finally {
    socket.end();
  }
}
