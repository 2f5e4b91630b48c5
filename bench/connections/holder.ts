/**
 * Holds many idle TCP connections. `server IP PORT` accepts, `client IP PORT N` opens; `speak` on stdin lets the server say one byte on
 * each, `count` asks how many were held and how many heard something since.
 */
import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

const [role = '', ip = '', portText = '', countText = '0'] = process.argv.slice(2);
const port = Number(portText);
/** Opened side by side; more would overflow the queue of who listens. */
const atOnce = 50;
const sockets = new Set<Socket>();
let heard = 0;

function keep(socket: Socket): void {
  sockets.add(socket);
  socket.on('data', () => (heard += 1));
  socket.on('error', () => undefined); // shows as not held
  socket.on('close', () => sockets.delete(socket));
}

async function open(): Promise<void> {
  const socket = createConnection({ host: ip, port });
  await once(socket, 'connect');
  keep(socket);
}

if (role === 'server') {
  const server = createServer(keep).listen({ port, host: ip, backlog: 1024 });
  await once(server, 'listening');
} else {
  for (let opened = 0; opened < Number(countText); opened += atOnce) {
    await Promise.all(Array.from({ length: Math.min(atOnce, Number(countText) - opened) }, open));
  }
}
process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'speak') for (const socket of sockets) socket.write('!');
  process.stdout.write(`${JSON.stringify({ held: sockets.size, heard })}\n`);
}
process.exit(0);
