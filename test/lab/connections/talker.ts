/**
 * Says and hears in the network namespace that it was started in: orders come as JSON lines on stdin, each is answered by one line.
 * Its end of the pipe closing is the order to end.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';

export type TalkerOrder =
  /** A UDP socket that talks to one other. */
  | {
      readonly op: 'udp';
      readonly id: string;
      readonly local: string;
      readonly port: number;
      readonly remote: string;
      readonly remotePort: number;
    }
  /** Accepts TCP connections. */
  | { readonly op: 'listen'; readonly local: string; readonly port: number }
  | { readonly op: 'say'; readonly id: string }
  | { readonly op: 'heard'; readonly id: string }
  /** A new TCP connection: `open`, `refused` (it came through, nobody listens), or `silent`. */
  | {
      readonly op: 'connect';
      readonly local: string;
      readonly remote: string;
      readonly port: number;
      readonly localPort?: number;
      /** Where an answer is expected: a busy machine gives it late. */
      readonly withinMs?: number;
    };

const sockets = new Map<string, { readonly socket: Socket; heard: number }>();
const silentMs = 1_200;

async function obey(order: TalkerOrder): Promise<unknown> {
  switch (order.op) {
    case 'udp': {
      const socket = createSocket(order.local.includes(':') ? 'udp6' : 'udp4');
      const entry = { socket, heard: 0 };
      socket.on('message', () => (entry.heard += 1));
      socket.on('error', () => undefined);
      socket.bind(order.port, order.local);
      await once(socket, 'listening');
      socket.connect(order.remotePort, order.remote);
      await once(socket, 'connect');
      sockets.set(order.id, entry);
      return 'open';
    }
    case 'listen':
      await once(
        createServer((socket) => socket.on('error', () => undefined)).listen(order.port, order.local),
        'listening',
      );
      return 'listening';
    case 'say':
      sockets.get(order.id)?.socket.send('!');
      return 'said';
    case 'heard':
      return sockets.get(order.id)?.heard ?? 0;
    case 'connect':
      return attempt(order);
  }
}

async function attempt(order: Extract<TalkerOrder, { op: 'connect' }>): Promise<string> {
  const socket = connect({
    host: order.remote,
    port: order.port,
    localAddress: order.local,
    ...(order.localPort === undefined ? {} : { localPort: order.localPort }),
  });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(order.withinMs ?? silentMs) });
    return 'open';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED' ? 'refused' : 'silent'; // errors of sockets are such
  } finally {
    socket.destroy();
  }
}

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const order = JSON.parse(line) as TalkerOrder; // written by ./talkers.ts of the same source tree
  void obey(order).then((answer) => process.stdout.write(`${JSON.stringify(answer)}\n`));
});
lines.on('close', () => process.exit(0));
