import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isOvsdbError } from '../../ovsdb/errors.ts';
import type { ReplicaEvent } from '../../ovsdb/replica.ts';
import { ChaosRelay, seededRandom } from './ovsdb/chaos-relay.ts';
import { LEDGER, ledgerTables, writeLedgerSchema } from './ovsdb/cluster.ts';
import { contradictions, insertEntry, LedgerWriter, ledgerClient } from './ovsdb/ledger-writer.ts';
import { Pki } from './ovsdb/pki.ts';
import { OvsdbServer, type ServerTls } from './ovsdb/server.ts';

/** By the environment, to repeat what went wrong; else as the clock has it. */
const seed = Number(process.env.SHUNT_TEST_SEED ?? Date.now() % 2 ** 32);

let pki: Pki;
let tls: ServerTls;
let server: OvsdbServer;

beforeAll(async () => {
  pki = new Pki();
  const ca = pki.authority('ca');
  tls = { ca, ...pki.issue('both', { ca: 'ca' }) };
  server = await OvsdbServer.start(writeLedgerSchema(pki.dir), tls);
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  pki[Symbol.dispose]();
});

function target(scheme: 'unix' | 'tcp' | 'ssl'): string {
  return scheme === 'unix' ? server.unix : scheme === 'tcp' ? server.tcp : server.ssl.replace('ssl:', 'tcp:');
}

/** What a listener that keeps its own copy has, by events alone. */
class Follower {
  readonly names = new Map<string, string>();

  take(event: ReplicaEvent<typeof ledgerTables>): void {
    if (event.type !== 'changes') return;
    for (const change of event.changes) {
      if (change.kind === 'delete') this.names.delete(change.uuid);
      else this.names.set(change.uuid, change.new.name);
    }
  }
}

describe(`a path that splits, joins, delays and cuts bytes anywhere (seed ${seed})`, () => {
  it.each(['unix', 'tcp', 'ssl'] as const)('loses nothing and invents nothing, over %s', async (scheme) => {
    await empty();
    const random = seededRandom(seed);
    const path = scheme === 'unix' ? { path: join(pki.dir, 'relay.sock') } : {};
    let rows = 0;
    // A standalone server sends everything after each connect: some connections have to get beyond that.
    const cutAfterBytesMax = (): number => 6_000 + 300 * rows;
    await using relay = await ChaosRelay.start(() => target(scheme), { random, cutAfterBytesMax, ...path });
    await using client = ledgerClient({ endpoint: relay.endpoint(scheme), tls, connectTimeoutMs: 2_000 });
    const replica = client.replicate(ledgerTables);
    const follower = new Follower();
    using _events = replica.subscribe((event) => follower.take(event));
    await using lock = client.lock(`lock_${scheme}`);
    const writer = new LedgerWriter(client, scheme, 2);
    while (relay.cuts < 15) {
      await writer.advanced(1);
      rows = replica.table('Entry').size;
    }
    const outcomes = await writer.stop();
    relay.calm();
    await lock.acquired();
    await settled(() => insertEntry(client, `last-${scheme}`));

    expect(outcomes.done.size).toBeGreaterThan(0);
    const dump = server.dump(LEDGER, 'Entry', 'name');
    expect(contradictions(outcomes, dump)).toEqual([]);
    await replica.ready();
    const inReplica = replica.table('Entry').values().map((row) => row.name).toArray().toSorted(); // biome-ignore format: one list
    expect(inReplica).toEqual([...dump.keys()].toSorted());
    expect([...follower.names.values()].toSorted()).toEqual(inReplica);
  });
});

/** What is there is sent after each connect: little of it lets more cuts fall into a second. */
async function empty(): Promise<void> {
  await using client = ledgerClient({ endpoint: server.unix });
  await client.ready();
  const tx = client.transaction();
  tx.delete('Entry', []);
  await client.transact(tx);
}

/** Once more after a cut that was on its way already. */
async function settled(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!isOvsdbError(error, 'unknown-outcome', 'not-connected')) throw error;
  }
}
