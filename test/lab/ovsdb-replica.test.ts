import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OvsdbClient } from '../../ovsdb/client.ts';
import { defineTables, map, scalar, set } from '../../ovsdb/columns.ts';
import type { Replica, ReplicaEvent } from '../../ovsdb/replica.ts';
import { Relay } from './ovsdb/proxy.ts';
import { OVN_NB_SCHEMA, OvsdbServer, VSWITCH_SCHEMA } from './ovsdb/server.ts';
import {
  connectVswitch,
  failure,
  follow,
  plug,
  seed,
  unplug,
  type VswitchClient,
  vswitchTables,
} from './ovsdb/tables.ts';

type Tables = typeof vswitchTables;
type Event = ReplicaEvent<Tables>;

const QUICK = { minMs: 5, maxMs: 50, factor: 2, jitter: 0 };

let server: OvsdbServer;
let writer: VswitchClient;
const clients: AsyncDisposable[] = [];

beforeEach(async () => {
  server = await OvsdbServer.start(VSWITCH_SCHEMA);
  writer = await connect();
  await seed(writer);
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function connect(endpoint = server.unix): Promise<VswitchClient> {
  const client = await connectVswitch(endpoint);
  clients.push(client);
  return client;
}

/** The rows of every table, and nothing else. */
function contents(replica: Replica<Tables>): unknown {
  const tables = Object.keys(vswitchTables) as (keyof Tables)[]; // its own keys
  return tables.map((table) => [...replica.table(table).values()].sort((a, b) => (a._uuid < b._uuid ? -1 : 1)));
}

/** True when this replica holds what one made just now reads. */
async function expectCurrent(replica: Replica<Tables>): Promise<void> {
  const { replica: fresh } = await follow(writer);
  expect(contents(replica)).toEqual(contents(fresh));
  fresh[Symbol.dispose]();
}

const names = (event: Event | undefined): string[] =>
  event?.type === 'changes' ? event.changes.map(({ kind, table }) => `${kind} ${table}`).sort() : [];

describe('a replica', () => {
  it('tells one transaction at a time, in order, with the rows before and after', async () => {
    const { replica, events } = await follow(await connect());
    expect(events.map((event) => event.type)).toEqual(['changes', 'synced']);
    expect(names(events[0])).toEqual(['insert Bridge', 'insert Open_vSwitch']);
    const { port, iface } = await plug(writer, 'tap0');
    const tx = writer.transaction();
    tx.update('Port', [['_uuid', '==', port]], { tag: 5, trunks: [1, 2] });
    await writer.transact(tx);
    const more = writer.transaction();
    more.mutate('Port', [['_uuid', '==', port]], [['trunks', 'insert', [3]], ['trunks', 'delete', [1]]]); // biome-ignore format: one line
    more.putKeys('Interface', [['_uuid', '==', iface]], 'external_ids', { 'iface-id': 'x', new: 'y' });
    await writer.transact(more);
    await unplug(writer, port);
    await replica.waitFor(() => !replica.table('Port').has(port));

    expect(events.slice(2).map(names)).toEqual([
      ['insert Interface', 'insert Port', 'modify Bridge'],
      ['modify Port'],
      ['modify Interface', 'modify Port'],
      ['delete Interface', 'delete Port', 'modify Bridge'],
    ]);
    const changes = events.slice(2).flatMap((event) => (event.type === 'changes' ? event.changes : []));
    const ports = changes.filter((change) => change.table === 'Port');
    expect(ports.map((change) => change.kind !== 'delete' && [change.new.tag, change.new.trunks])).toEqual([
      [null, new Set()],
      [5, new Set([1, 2])],
      [5, new Set([2, 3])],
      false,
    ]);
    const interfaces = changes.filter((change) => change.table === 'Interface' && change.kind === 'modify');
    expect(interfaces).toMatchObject([{ old: { name: 'tap0' }, new: { name: 'tap0' } }]);
    const [modified] = interfaces;
    if (modified?.table !== 'Interface' || modified.kind !== 'modify') throw new Error('no modify');
    expect(modified.old.external_ids.get('iface-id')).not.toBe('x');
    expect(Object.fromEntries(modified.new.external_ids)).toEqual({ 'iface-id': 'x', new: 'y', nämlich: '😀 "\\' });
    await expectCurrent(replica);
  });

  it('holds only the rows that were asked for, as they come and go', async () => {
    const where = { Port: [['tag', '==', 7]] } as const;
    const { replica } = await follow(await connect(), { where });
    const { port } = await plug(writer, 'tap0');
    expect(replica.table('Port').size).toBe(0);
    for (const tag of [7, 8]) {
      const tx = writer.transaction();
      tx.update('Port', [['_uuid', '==', port]], { tag });
      await writer.transact(tx);
      await replica.waitFor(() => replica.table('Port').size === (tag === 7 ? 1 : 0));
    }
  });

  it('reads anew where the server does not number transactions, and tells what it missed', async () => {
    await using relay = await Relay.start(() => server.tcp);
    const { replica, events } = await follow(await connect(relay.endpoint));
    await missSomething(relay, replica, writer);
    expect(replica.lastTransaction).toBeUndefined();
    expect(events.slice(-3)).toMatchObject([
      { type: 'lost', error: { code: 'connection-lost' } },
      { type: 'changes', source: 'resync' },
      { type: 'synced', resumed: false },
    ]);
    expect(names(events.at(-2))).toEqual(['insert Interface', 'insert Port', 'modify Bridge']);
    await expectCurrent(replica);
  });

  it('goes on after the last transaction where the server numbers them, and keeps its own changes ahead of the reply', async () => {
    await using cluster = await OvsdbServer.startClustered(VSWITCH_SCHEMA);
    await using relay = await Relay.start(() => cluster.tcp);
    const near = await connect(cluster.unix);
    await seed(near);
    // The server forgets its history when that is larger than the database: make this one large, in a row that nobody touches.
    const fill = near.transaction();
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`key-${n}`, 'value']));
    const filler = fill.insert('Bridge', { name: 'filler', external_ids: many });
    fill.mutate('Open_vSwitch', [], [['bridges', 'insert', [filler]]]);
    await near.transact(fill);
    const { replica, events } = await follow(await connect(relay.endpoint));
    await missSomething(relay, replica, near);
    expect(events.slice(-3)).toMatchObject([
      { type: 'lost', error: { code: 'connection-lost' } },
      { type: 'changes', source: 'resync', transaction: replica.lastTransaction },
      { type: 'synced', resumed: true },
    ]);
    expect(names(events.at(-2))).toEqual(['insert Interface', 'insert Port', 'modify Bridge']);
    const { replica: own } = await follow(near);
    expect(contents(replica)).toEqual(contents(own));
    const { port } = await plug(near, 'tap2');
    expect(own.table('Port').has(port)).toBe(true);
    expect(own.lastTransaction).toBeDefined();
  });

  it('reads anew after kill -9 of the server and tells the difference only', async () => {
    const { replica, events } = await follow(await connect(server.tcp));
    const { port } = await plug(writer, 'tap0');
    await replica.waitFor(() => replica.table('Port').has(port));
    const kept = replica.table('Port').get(port);
    const lost = new Promise<void>((resolve) => replica.subscribe(({ type }) => type === 'lost' && resolve()));
    await server.kill();
    await lost;
    expect(replica.table('Port').size).toBe(1);
    await server.run();
    await writer.ready();
    await plug(writer, 'tap1');
    await replica.waitFor(() => replica.table('Port').size === 2);
    expect(events.filter((event) => event.type === 'synced')).toMatchObject([{}, { resumed: false }]);
    expect(replica.table('Port').get(port)).toBe(kept);
    await expectCurrent(replica);
  });

  it.each([
    ['monitor_cond', /"monitor_cond_since"/g],
    ['monitor', /"monitor_cond(_since)?"/g],
  ])('falls back to %s where the server knows nothing better', async (method, unknown) => {
    await using relay = await Relay.start(() => server.tcp, {
      rewrite: (text) => text.replace(unknown, '"no_such_method"'),
    });
    const client = await connect(relay.endpoint);
    const { replica } = await follow(client);
    expect(replica.method).toBe(method);
    const { port } = await plug(writer, 'tap0');
    const tx = writer.transaction();
    tx.update('Port', [['_uuid', '==', port]], { tag: 5, trunks: [1, 2] });
    tx.mutate('Port', [['_uuid', '==', port]], [['trunks', 'delete', [1]]]);
    await writer.transact(tx);
    await replica.waitFor(() => replica.table('Port').get(port)?.trunks.has(2));
    await expectCurrent(replica);
    relay.cut();
    await unplug(writer, port);
    await replica.waitFor(() => replica.table('Port').size === 0);
    await expectCurrent(replica);
    if (method === 'monitor') {
      const filtered = client.replicate(vswitchTables, { where: { Port: [['tag', '==', 7]] } });
      expect(await failure(filtered.ready())).toMatchObject({ code: 'unsupported' });
    }
  });

  it('finds a dead path by its own probe and comes back', async () => {
    await using relay = await Relay.start(() => server.tcp);
    const options = { endpoint: relay.endpoint, database: 'Open_vSwitch', tables: vswitchTables, reconnect: QUICK };
    await using client = await OvsdbClient.connect({ ...options, probeIntervalMs: 50, connectTimeoutMs: 1_000 });
    const { replica, events } = await follow(client);
    const lost = new Promise<void>((resolve) => replica.subscribe(({ type }) => type === 'lost' && resolve()));
    relay.silence(true);
    await lost;
    relay.silence(false);
    await replica.ready();
    expect(events.map((event) => event.type)).toEqual(['changes', 'synced', 'lost', 'synced']);
  });

  it('says that the outcome is unknown when the server dies over a transaction', async () => {
    await using relay = await Relay.start(() => server.tcp);
    const client = await connect(relay.endpoint);
    relay.silence(true);
    const plugging = failure(plug(client, 'tap0'));
    const { replica } = await follow(writer);
    await replica.waitFor(() => replica.table('Port').size === 1); // it was done, and the client cannot know
    relay.cut();
    expect(await plugging).toMatchObject({ code: 'unknown-outcome', cause: { code: 'connection-lost' } });
  });

  it('gives up waiting when told to', async () => {
    const { replica } = await follow(writer);
    const abort = new AbortController();
    const waiting = failure(replica.waitFor(() => false, { signal: abort.signal }));
    abort.abort();
    expect((await waiting).code).toBe('aborted');
    const ended = failure(replica.waitFor(() => false));
    replica[Symbol.dispose]();
    expect((await ended).code).toBe('closed');
    await plug(writer, 'tap0');
    expect(replica.table('Port').size).toBe(0);
  });

  it('equals what a new one reads after any number of changes', async () => {
    const { replica } = await follow(await connect());
    let seedNumber = 42;
    const random = (below: number): number => {
      seedNumber = (seedNumber * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((seedNumber / 2 ** 31) * below);
    };
    const plugged = new Map<string, string>();
    for (let step = 0; step < 150; step++) {
      const name = `tap${random(8)}`;
      const port = plugged.get(name);
      if (port === undefined) plugged.set(name, (await plug(writer, name)).port);
      else if (random(4) === 0) {
        await unplug(writer, port);
        plugged.delete(name);
      } else {
        const tx = writer.transaction();
        tx.update('Port', [['_uuid', '==', port]], { tag: random(2) ? random(3) : null });
        tx.mutate(
          'Port',
          [['_uuid', '==', port]],
          [['trunks', random(2) ? 'insert' : 'delete', [random(3), random(3)]]],
        );
        tx.putKeys('Interface', [['name', '==', name]], 'external_ids', { [`k${random(3)}`]: `v${random(3)}` });
        await writer.transact(tx);
      }
    }
    await writerSeen(replica);
    await expectCurrent(replica);
  });
});

/** Two ports: one is seen, one is plugged while the connection is cut. */
async function missSomething(relay: Relay, replica: Replica<Tables>, near: VswitchClient): Promise<void> {
  const { port } = await plug(near, 'tap0');
  await replica.waitFor(() => replica.table('Port').has(port));
  const kept = replica.table('Port').get(port);
  const lost = new Promise<void>((resolve) => replica.subscribe(({ type }) => type === 'lost' && resolve()));
  relay.cut();
  await lost;
  expect(replica.synced).toBe(false);
  await plug(near, 'tap1');
  await replica.waitFor(() => replica.table('Port').size === 2);
  expect(replica.table('Port').get(port)).toBe(kept);
}

/** A mark that both have seen: what came before it has come. */
async function writerSeen(replica: Replica<Tables>): Promise<void> {
  const tx = writer.transaction();
  tx.putKeys('Bridge', [], 'external_ids', { mark: 'seen' });
  await writer.transact(tx);
  await replica.waitFor(() =>
    replica
      .table('Bridge')
      .values()
      .every((row) => row.external_ids.get('mark') === 'seen'),
  );
}

describe('a replica of the OVN northbound database', () => {
  it('holds tens of thousands of rows and follows them', async () => {
    await using nb = await OvsdbServer.start(OVN_NB_SCHEMA);
    const tables = defineTables({
      Logical_Switch: { name: scalar('string'), ports: set('uuid') },
      Logical_Switch_Port: { name: scalar('string'), addresses: set('string'), options: map('string', 'string') },
    });
    await using client = await OvsdbClient.connect({ endpoint: nb.unix, database: 'OVN_Northbound', tables });
    const live = client.replicate(tables);
    await live.ready();
    const count = 20_000;
    const tx = client.transaction();
    const ports = Array.from({ length: count }, (_, n) =>
      tx.insert('Logical_Switch_Port', {
        name: `port-${n}`,
        addresses: [`02:00:00:00:00:00 ${n}`],
        options: { n: `${n}` },
      }),
    );
    const ls = tx.insert('Logical_Switch', { name: 'big', ports });
    const uuid = (await client.transact(tx)).uuid(ls);
    expect(live.table('Logical_Switch').get(uuid)?.ports.size).toBe(count);

    const read = client.replicate(tables);
    await read.ready();
    expect(read.table('Logical_Switch_Port').size).toBe(count);
    expect(new Map(read.table('Logical_Switch_Port'))).toEqual(new Map(live.table('Logical_Switch_Port')));
    const one = client.transaction();
    const [victim] = live.table('Logical_Switch').get(uuid)?.ports ?? [];
    one.mutate('Logical_Switch', [['_uuid', '==', uuid]], [['ports', 'delete', victim === undefined ? [] : [victim]]]);
    await client.transact(one);
    for (const replica of [live, read]) {
      await replica.waitFor(() => replica.table('Logical_Switch_Port').size === count - 1);
      expect(replica.table('Logical_Switch').get(uuid)?.ports.size).toBe(count - 1);
    }
  });
});

describe('reals that a server writes and would not take itself', () => {
  const reals = defineTables({ T: { r: scalar('real') } });
  const schema = { name: 'Reals', tables: { T: { isRoot: true, columns: { r: { type: 'real' } } } } };

  it('are read: the smallest normal number, of which its 15 digits leave less', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'shunt-reals-'));
    writeFileSync(join(dir, 'schema'), JSON.stringify(schema));
    await using own = await OvsdbServer.start(join(dir, 'schema'));
    rmSync(dir, { recursive: true });
    const options = { endpoint: own.unix, database: 'Reals', tables: reals };
    await using client = await OvsdbClient.connect(options);
    const replica = client.replicate(reals);
    await replica.ready();
    const values = [2.2250738585072014e-308, -2.2250738585072014e-308, Number.MAX_VALUE];
    const tx = client.transaction();
    for (const r of values) tx.insert('T', { r });
    await client.transact(tx);
    const read = [...replica.table('T').values()].map(({ r }) => r).sort((a, b) => a - b);
    expect(read).toEqual([-2.2250738585072e-308, 2.2250738585072e-308, Number.MAX_VALUE]);
    await using other = await OvsdbClient.connect(options); // a first read carries them too
    const again = other.replicate(reals);
    await again.ready();
    expect([...again.table('T').values()].map(({ r }) => r).sort((a, b) => a - b)).toEqual(read);
    expect(client.state).toMatchObject({ kind: 'connected', generation: 1 });
    expect(() => client.transaction().insert('T', { r: 2.2250738585072e-308 })).toThrow('is no real');
  });
});
