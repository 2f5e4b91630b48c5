/**
 * Says and hears in the network namespace that it was started in: orders come as JSON lines on stdin, each is answered by one line.
 * Its end of the pipe closing is the order to end.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
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
  /** Accepts TCP connections; each is known by the other's port. */
  | { readonly op: 'listen'; readonly local: string; readonly port: number }
  /** A TCP connection that is held. */
  | {
      readonly op: 'open';
      readonly id: string;
      readonly local: string;
      readonly localPort: number;
      readonly remote: string;
      readonly port: number;
    }
  /** Says no more, and goes on listening. */
  | { readonly op: 'end'; readonly id: string }
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

interface Voice {
  readonly say: () => void;
  readonly end: () => void;
  /** Datagrams, or bytes. */
  heard: number;
}

const voices = new Map<string, Voice>();
const silentMs = 1_200;

async function obey(order: TalkerOrder): Promise<unknown> {
  switch (order.op) {
    case 'udp':
      return datagrams(order);
    case 'listen': {
      const server = createServer({ allowHalfOpen: true }, (socket) => hold(String(socket.remotePort), socket));
      await once(server.listen(order.port, order.local), 'listening');
      return 'listening';
    }
    case 'open': {
      const { local, localPort, remote, port } = order;
      const socket = connect({ host: remote, port, localAddress: local, localPort, allowHalfOpen: true });
      await once(socket, 'connect', { signal: AbortSignal.timeout(20_000) });
      hold(order.id, socket);
      return 'open';
    }
    case 'end':
      voices.get(order.id)?.end();
      return 'ended';
    case 'say':
      voices.get(order.id)?.say();
      return 'said';
    case 'heard':
      return voices.get(order.id)?.heard ?? 0;
    case 'connect':
      return attempt(order);
  }
}

async function datagrams(order: Extract<TalkerOrder, { op: 'udp' }>): Promise<string> {
  const socket = createSocket(order.local.includes(':') ? 'udp6' : 'udp4');
  const voice: Voice = { say: () => socket.send('!'), end: () => socket.close(), heard: 0 };
  socket.on('message', () => (voice.heard += 1));
  socket.on('error', () => undefined);
  socket.bind(order.port, order.local);
  await once(socket, 'listening');
  socket.connect(order.remotePort, order.remote);
  await once(socket, 'connect');
  voices.set(order.id, voice);
  return 'open';
}

function hold(id: string, socket: Socket): void {
  const voice: Voice = { say: () => void socket.write('!'), end: () => void socket.end(), heard: 0 };
  socket.on('error', () => undefined); // shows as silence
  socket.on('data', (data) => (voice.heard += data.length));
  voices.set(id, voice);
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
