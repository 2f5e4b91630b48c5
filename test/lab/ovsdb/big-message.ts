import { connect } from 'node:net';
import { OvsdbError } from '../../../ovsdb/errors.ts';
import { Session } from '../../../ovsdb/session.ts';

/** A program of its own: receives one reply of the size that it is given, and prints how much more memory it had than before. */
const [port = '', messageBytesMax = ''] = process.argv.slice(2);
const socket = connect(Number(port), '127.0.0.1');
await new Promise<void>((resolve) => socket.once('connect', resolve));
const session = new Session(
  socket,
  { notification: () => {}, ended: () => {} },
  { messageBytesMax: Number(messageBytesMax) },
);
await session.request('echo', ['warm']);
const baseBytes = process.resourceUsage().maxRSS * 1024;
let rows = 0;
let error = '';
try {
  const reply = (await session.request('monitor_cond', [])) as Record<string, Record<string, unknown>>; // as the test makes it
  rows = Object.keys(reply.Logical_Switch_Port ?? {}).length;
} catch (failure) {
  error = failure instanceof OvsdbError ? failure.code : String(failure);
}
process.stdout.write(JSON.stringify({ rows, error, peakBytes: process.resourceUsage().maxRSS * 1024 - baseBytes }));
session.destroy(new OvsdbError('closed', 'done'));
