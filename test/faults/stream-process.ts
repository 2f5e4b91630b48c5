/**
 * In the lab's central namespace, where NATS is. `read`: prints the id of every message of the stream SHUNT, in order, as JSON. `confuse HOST`: publishes
 * each of them again, last first, under its own id and under a new one, and as many that say that HOST is stuck.
 */
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

const [what = 'read', host = ''] = process.argv.slice(2);
const stream = 'SHUNT';
const connection = await connect({ servers: 'nats://127.0.0.1:4222', timeout: 10_000 });
const { streams } = await jetstreamManager(connection);
const { first_seq: first, last_seq: last } = (await streams.info(stream)).state;
const all: { readonly id: string; readonly subject: string; readonly data: Uint8Array }[] = [];
for (let seq = first; seq <= last; seq += 1) {
  const message = await streams.getMessage(stream, { seq }).catch((error: unknown) => {
    throw new Error(`message ${seq} of ${first} to ${last}: ${String(error)}`);
  });
  if (message !== null)
    all.push({ id: message.header.get('Nats-Msg-Id'), subject: message.subject, data: message.data });
}
if (what === 'read') process.stdout.write(JSON.stringify(all.map(({ id }) => id)));
else await confuse();
await connection.drain();

async function confuse(): Promise<void> {
  const js = jetstream(connection);
  let duplicates = 0;
  for (const { id, subject, data } of all.toReversed()) {
    const ack = await js.publish(subject, data, { msgID: id });
    if (ack.duplicate) duplicates += 1;
    await js.publish(subject, data, { msgID: `again-${id}` });
    const stuck = {
      v: 1,
      site: 'lab',
      host,
      epoch: 9,
      seq: 1,
      at: '2026-01-01T00:00:00Z',
      kind: 'state',
      phase: 'stuck',
    };
    await js.publish(`shunt.v1.lab.${host}.state`, JSON.stringify(stuck), { msgID: `stuck-${id}` });
  }
  process.stdout.write(JSON.stringify({ published: all.length, duplicates }));
}
