import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Replica } from '../../ovsdb/replica.ts';
import { Relay } from './ovsdb/proxy.ts';
import { OvsdbServer, VSWITCH_SCHEMA } from './ovsdb/server.ts';
import { connectVswitch, failure, follow, plug, seed, type VswitchClient, type vswitchTables } from './ovsdb/tables.ts';

type Tables = typeof vswitchTables;

let server: OvsdbServer;
let writer: VswitchClient;
const clients: AsyncDisposable[] = [];

beforeEach(async () => {
  server = await OvsdbServer.start(VSWITCH_SCHEMA);
  writer = await connect();
  await seed(writer);
  for (const name of ['a', 'b', 'c']) await plug(writer, name);
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

const only = (...names: string[]) => ({ Port: names.map((name) => ['name', '==', name] as const) });
const held = (replica: Replica<Tables>): string[] => [...replica.table('Port').values()].map(({ name }) => name).sort();

describe('conditions of a replica', () => {
  it('hold when the promise says so, for rows that come and rows that go', async () => {
    const { replica, events } = await follow(await connect(), { where: only('a') });
    expect(held(replica)).toEqual(['a']);
    await replica.setConditions(only('a', 'b'));
    expect(held(replica)).toEqual(['a', 'b']);
    await replica.setConditions(only('c'));
    expect(held(replica)).toEqual(['c']);
    await replica.setConditions({ Port: false });
    expect(held(replica)).toEqual([]);
    await replica.setConditions({ Port: true });
    expect(held(replica)).toEqual(['a', 'b', 'c']);
    const sources = events.flatMap((event) => (event.type === 'changes' ? [event.source] : []));
    expect(sources).toEqual(['initial', 'update', 'update', 'update', 'update']);
    expect(replica.table('Interface').size).toBe(3);
  });

  it('end as the last call says, however many race, and each promise is kept', async () => {
    const { replica } = await follow(await connect());
    const calls = Array.from({ length: 20 }, (_, n) => replica.setConditions(only(['a', 'b', 'c'][n % 3] ?? '')));
    const last = replica.setConditions(only('b', 'c'));
    await Promise.all([...calls, last]);
    expect(held(replica)).toEqual(['b', 'c']);
  });

  it('that were set without a connection hold after it', async () => {
    await using relay = await Relay.start(() => server.tcp);
    const { replica } = await follow(await connect(relay.endpoint), { where: only('a') });
    const lost = new Promise<void>((resolve) => replica.subscribe(({ type }) => type === 'lost' && resolve()));
    const early = replica.setConditions(only('b')); // may be on its way when the connection is cut
    relay.cut();
    await lost;
    const late = replica.setConditions(only('c'));
    await Promise.all([early, late]);
    expect(held(replica)).toEqual(['c']);
    await plug(writer, 'd');
    await replica.setConditions(only('c', 'd'));
    expect(held(replica)).toEqual(['c', 'd']);
  });

  it('that the server refuses are told, and the earlier ones hold', async () => {
    const { replica } = await follow(await connect(), { where: only('a') });
    const bad = replica.setConditions({ Port: [['name', '<', 'x']], Interface: false });
    const refused = await failure(bad);
    expect(refused).toMatchObject({ code: 'rpc-error' });
    expect(refused.server?.details).toContain('operator may not be applied');
    await replica.ready();
    expect(held(replica)).toEqual(['a']);
    expect(replica.table('Interface').size).toBe(3);
    await replica.setConditions(only('b'));
    expect(held(replica)).toEqual(['b']);
  });

  it('cannot change where the server cannot filter', async () => {
    const rewrite = (text: string) => text.replace(/"monitor_cond(_since)?"/g, '"no_such_method"');
    await using relay = await Relay.start(() => server.tcp, { rewrite });
    const { replica } = await follow(await connect(relay.endpoint));
    expect(await failure(replica.setConditions(only('a')))).toMatchObject({ code: 'unsupported' });
    expect(held(replica)).toEqual(['a', 'b', 'c']);
  });

  it('that changed meanwhile come after a resumption with those that the rows were read with', async () => {
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
    await plug(near, 'a');
    await plug(near, 'b');
    const { replica, events } = await follow(await connect(relay.endpoint), { where: only('a', 'new') });
    const lost = new Promise<void>((resolve) => replica.subscribe(({ type }) => type === 'lost' && resolve()));
    relay.cut();
    await lost;
    await plug(near, 'new');
    await replica.setConditions(only('a', 'b', 'new'));
    expect(held(replica)).toEqual(['a', 'b', 'new']);
    expect(events.findLast(({ type }) => type === 'synced')).toEqual({ type: 'synced', resumed: true });
  });
});

describe('a replica', () => {
  it('has after sync() whatever another client has committed before', async () => {
    const { replica } = await follow(await connect());
    for (let n = 0; n < 20; n++) {
      await plug(writer, `tap${n}`);
      await replica.sync();
      expect(held(replica)).toContain(`tap${n}`);
    }
  });

  it('has after sync() what was committed while it was cut off', async () => {
    await using relay = await Relay.start(() => server.tcp);
    const { replica } = await follow(await connect(relay.endpoint));
    relay.cut();
    await plug(writer, 'late');
    await replica.sync();
    expect(held(replica)).toContain('late');
  });

  it('gives snapshots that stay, and indexes that follow', async () => {
    const { replica } = await follow(await connect());
    using byName = replica.index('Port', ['name']);
    using byInterface = replica.references('Port', 'interfaces');
    using byKey = replica.indexMany('Interface', (row) => row.external_ids.keys());
    const before = replica.snapshot();
    const { port, iface } = await plug(writer, 'tap0');
    await replica.sync();
    expect(byName.one('tap0')).toBe(replica.table('Port').get(port));
    expect(byInterface.one(iface)?.name).toBe('tap0');
    expect(byKey.rows('iface-id').length).toBe(4);
    expect(before.table('Port').has(port)).toBe(false);
    expect([...before.table('Port').values()].map(({ name }) => name).sort()).toEqual(['a', 'b', 'c']);
    expect(replica.snapshot().table('Port').get(port)).toBe(replica.table('Port').get(port));
  });

  it('reads anew when the database is converted, and says so when the new schema does not fit', async () => {
    const { replica, events } = await follow(await connect());
    const schema = JSON.parse(readFileSync(VSWITCH_SCHEMA, 'utf8'));
    const convert = (file: string): void => {
      writeFileSync(join(server.dir, file), JSON.stringify(schema));
      execFileSync('ovsdb-client', ['-t', '10', 'convert', server.unix, join(server.dir, file)], { stdio: 'pipe' });
    };
    schema.version = '99.0.0';
    schema.tables.Port.columns.novelty = { type: 'integer' };
    const synced = new Promise<void>((resolve) => replica.subscribe(({ type }) => type === 'synced' && resolve()));
    convert('newer');
    await synced;
    expect(held(replica)).toEqual(['a', 'b', 'c']);
    expect(events.slice(2).map(({ type }) => type)).toEqual(['lost', 'synced']);
    const mismatch = new Promise<void>((resolve) =>
      replica.subscribe((event) => event.type === 'lost' && event.error.code === 'schema-mismatch' && resolve()),
    );
    delete schema.tables.Port.columns.trunks;
    convert('smaller');
    await mismatch;
    expect(await failure(replica.ready())).toMatchObject({ code: 'schema-mismatch' });
  });
});
