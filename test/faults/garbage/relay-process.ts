/**
 * Stands between a program and the server it talks to, in a namespace of its choice, and says what no server would. Orders on stdin, a line of JSON
 * each; each is answered by a line when it is done.
 *
 *   node relay-process.ts --listen unix:/run/x.sock --to unix:/run/db.sock
 */
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

export type RelayOrder =
  /** Says these bytes to every client, `times` over, as fast as they read. */
  | { readonly type: 'say'; readonly base64: string; readonly times?: number }
  /** From now on what the server says is swallowed (or not). */
  | { readonly type: 'swallow'; readonly on: boolean }
  /** Whoever connects from now on hears these bytes instead of a server; absent: the server again. */
  | { readonly type: 'instead'; readonly base64?: string }
  | { readonly type: 'cut' }
  /** Whoever connects from now on is led there. */
  | { readonly type: 'to'; readonly place: string }
  /** How many clients have connected so far. */
  | { readonly type: 'count' };

const { values } = parseArgs({ options: { listen: { type: 'string' }, to: { type: 'string' } } });
const clients = new Set<Socket>();
let swallow = false;
let instead: Buffer | undefined;
let connected = 0;
let target = values.to ?? '';

const server = createServer((client) => {
  connected += 1;
  clients.add(client);
  client.on('error', () => undefined);
  client.on('close', () => clients.delete(client));
  if (instead === undefined) join(client);
  else {
    client.write(instead);
    client.on('data', () => undefined);
  }
});
server.listen(placeOf(values.listen ?? ''), () => process.stdout.write('ready\n'));

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as RelayOrder; // written by ./garbage-relay.ts of the same source tree
  process.stdout.write(`${await obey(order)}\n`);
}
process.exit(0);

async function obey(order: RelayOrder): Promise<number> {
  switch (order.type) {
    case 'say':
      await Promise.all(
        [...clients].map((client) => say(client, Buffer.from(order.base64, 'base64'), order.times ?? 1)),
      );
      return clients.size;
    case 'swallow':
      swallow = order.on;
      return clients.size;
    case 'instead':
      instead = order.base64 === undefined ? undefined : Buffer.from(order.base64, 'base64');
      return clients.size;
    case 'cut':
      for (const client of clients) client.destroy();
      return clients.size;
    case 'to':
      target = order.place;
      return clients.size;
    case 'count':
      return connected;
  }
}

/** Until all is said, or nobody listens any more. */
async function say(client: Socket, bytes: Buffer, times: number): Promise<void> {
  for (let turn = 0; turn < times && !client.destroyed; turn += 1) {
    if (client.write(bytes)) continue;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        client.off('drain', go).off('close', go);
        resolve();
      };
      client.on('drain', go).on('close', go);
    });
  }
}

function join(client: Socket): void {
  const server = connect(placeOf(target));
  server.on('error', () => undefined);
  server.on('close', () => client.destroy());
  client.on('close', () => server.destroy());
  client.on('data', (chunk) => server.write(chunk));
  server.on('data', (chunk) => {
    if (!swallow && !client.destroyed) client.write(chunk);
  });
}

function placeOf(place: string): { readonly path: string } | { readonly host: string; readonly port: number } {
  if (place.startsWith('unix:')) return { path: place.slice('unix:'.length) };
  const [host = '', port] = place.split(':');
  return { host, port: Number(port) };
}
