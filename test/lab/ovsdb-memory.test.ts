import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MessageSplitter } from '../../ovsdb/framing.ts';

const MESSAGE_BYTES = 64 << 20;
const ROW_COUNT = 178_000;

/** A reply to the second request, to monitor_cond as OVN NB gives it, padded to the size. */
function makeReply(): Buffer {
  const uuid = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
  const rows: string[] = [];
  for (let n = 0; n < ROW_COUNT; n++) {
    const ids = `["map",[["neutron:cidrs","10.7.${n >> 8}.${n & 255}/16"],["neutron:device_owner","compute:nova"],["neutron:port_name","guest-${n}"],["neutron:revision_number","${n % 97}"]]]`;
    rows.push(
      `"${uuid(n)}":{"initial":{"name":"${uuid(n + ROW_COUNT)}","addresses":"fa:16:3e:00:00:01 10.7.0.${n & 255}","up":true,"external_ids":${ids},"options":["map",[["requested-chassis","hv${n % 500}"]]]}}`,
    );
  }
  const text = `{"id":2,"error":null,"result":{"Logical_Switch_Port":{${rows.join(',')}}}}`;
  if (text.length < 0.95 * MESSAGE_BYTES) throw new Error(`only ${text.length} bytes are no padding`);
  return Buffer.concat([Buffer.alloc(Math.max(0, MESSAGE_BYTES - text.length), ' '), Buffer.from(text)]);
}

const reply = makeReply();
const server = createServer((socket) => answer(socket));
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.close();
});

/** Echoes, and one large reply. */
function answer(socket: Socket): void {
  const splitter = new MessageSplitter(1 << 16);
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    for (const { text } of splitter.push(chunk)) {
      const { id, method, params } = JSON.parse(text) as { id: number; method: string; params: unknown };
      if (method === 'echo') socket.write(JSON.stringify({ id, result: params, error: null }));
      else socket.write(reply);
    }
  });
}

interface Measured {
  readonly rows: number;
  readonly error: string;
  readonly peakBytes: number;
}

async function receive(messageBytesMax: number): Promise<Measured> {
  const program = new URL('./ovsdb/big-message.ts', import.meta.url).pathname;
  const { port } = server.address() as AddressInfo; // it listens on tcp
  const { stdout } = await promisify(execFile)(process.execPath, [program, String(port), String(messageBytesMax)]);
  return JSON.parse(stdout) as Measured; // as the program writes it
}

it('receives a message of 64 MiB with at most eight times as much memory', async () => {
  const { rows, error, peakBytes } = await receive(256 << 20);
  expect({ rows, error }).toEqual({ rows: ROW_COUNT, error: '' });
  expect(peakBytes / MESSAGE_BYTES).toBeLessThanOrEqual(8);
});

it('refuses a message over the limit before it has it', async () => {
  const { error, peakBytes } = await receive(4 << 20);
  expect(error).toBe('too-large');
  expect(peakBytes).toBeLessThan(MESSAGE_BYTES / 2);
});
