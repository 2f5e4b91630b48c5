import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bumpBarrier, waitForBarrier } from '../../ovsdb/barrier.ts';
import { type ClientOptions, OvsdbClient } from '../../ovsdb/client.ts';
import { absentOk, defineTables, optional, scalar, set } from '../../ovsdb/columns.ts';
import { Relay } from './ovsdb/proxy.ts';
import { OvsdbServer, VSWITCH_SCHEMA } from './ovsdb/server.ts';
import { failure, IFACE_ID, plug, seed, type VswitchClient, vswitchTables } from './ovsdb/tables.ts';

let server: OvsdbServer;

beforeAll(async () => {
  server = await OvsdbServer.start(VSWITCH_SCHEMA);
  await using client = await connect();
  await seed(client);
});
afterAll(() => server[Symbol.asyncDispose]());

function connect(options: Partial<ClientOptions<typeof vswitchTables>> = {}): Promise<VswitchClient> {
  return OvsdbClient.connect({
    endpoint: server.unix,
    database: 'Open_vSwitch',
    tables: vswitchTables,
    ...options,
  });
}

describe('a client of a real ovsdb-server', () => {
  it.each([
    ['unix', () => server.unix],
    ['tcp', () => server.tcp],
  ])('has its own change in the replica when the transaction resolves, over %s', async (scheme, endpoint) => {
    await using client = await connect({ endpoint: endpoint() });
    const replica = client.replicate(vswitchTables);
    await replica.ready();
    expect(replica.method).toBe('monitor_cond_since');
    const { iface, port, added } = await plug(client, `tap-${scheme}`);
    expect(added).toBe(1);
    const row = replica.table('Interface').get(iface);
    expect(row).toMatchObject({ _uuid: iface, name: `tap-${scheme}`, type: '', ofport: null, mtu_request: null });
    expect(row?.external_ids).toEqual(new Map([['iface-id', IFACE_ID], ['nämlich', '😀 "\\']])); // biome-ignore format: pairs
    const bridge = replica.table('Bridge').values().find((candidate) => candidate.name === 'br-int'); // biome-ignore format: one look-up
    expect(bridge?.ports.has(port)).toBe(true);
  });

  it('understands the server when each byte comes alone', async () => {
    await using relay = await Relay.start(() => server.tcp, { byteByByte: true });
    await using client = await connect({ endpoint: relay.endpoint });
    const replica = client.replicate(vswitchTables);
    await replica.ready();
    const { iface } = await plug(client, 'tap-bytes');
    expect(replica.table('Interface').get(iface)?.external_ids.get('nämlich')).toBe('😀 "\\');
  });

  it.each([
    ['garbage', 'HTTP/1.1 400 Bad Request'],
    ['a reply that nobody asked for', '{"id":4711,"result":{},"error":null}'],
    ['a list at the top', '[]'],
    ['an update with wrong params', '{"id":null,"method":"update3","params":["monitor-1",{}]}'],
  ])('ends a connection that brings %s, and has everything again on the next', async (_what, text) => {
    await using relay = await Relay.start(() => server.tcp);
    await using client = await connect({ endpoint: relay.endpoint });
    const replica = client.replicate(vswitchTables);
    await replica.ready();
    await using lock = client.lock('strict');
    await lock.acquired();
    const ended = new Promise<string>((resolve) => {
      client.onState((state) => state.kind === 'backoff' && resolve(state.error.code));
    });
    const before = [...replica.table('Bridge').keys()];
    relay.inject(text);
    expect(await ended).toBe('protocol');
    await replica.ready();
    await lock.acquired();
    expect(client.state).toMatchObject({ kind: 'connected', generation: 2, remote: relay.endpoint });
    expect([...replica.table('Bridge').keys()]).toEqual(before);
  });

  it('keeps a counter of 64 bits exact, there and back', async () => {
    await using client = await connect();
    const replica = client.replicate(vswitchTables);
    await replica.ready();
    const { iface } = await plug(client, 'tap-counter');
    const tx = client.transaction();
    const statistics = { rx_bytes: 9223372036854775807n, tx_bytes: 5 };
    tx.update('Interface', [['_uuid', '==', iface]], { statistics });
    const selected = tx.select('Interface', [['_uuid', '==', iface]], ['statistics', 'external_ids']);
    const [row] = (await client.transact(tx)).rows(selected);
    expect(row?.statistics).toEqual(new Map(Object.entries(statistics)));
    expect(row?.external_ids.get('iface-id')).toBe(IFACE_ID);
    expect(replica.table('Interface').get(iface)?.statistics).toEqual(new Map(Object.entries(statistics)));
  });

  it('changes nothing and says which operation when a pre-image does not hold', async () => {
    await using client = await connect();
    const replica = client.replicate(vswitchTables);
    await replica.ready();
    const { port } = await plug(client, 'tap-pre');
    const before = [...replica.table('Port').values()];
    const wrong = client.transaction();
    wrong.update('Port', [['_uuid', '==', port]], { tag: 7 });
    wrong.requireRow('Port', port, { name: 'another', tag: 7 });
    expect(await failure(client.transact(wrong))).toMatchObject({
      code: 'wait-failed',
      operation: 1,
      server: { error: 'timed out' },
    });
    const gone = client.transaction();
    gone.requireRow('Port', IFACE_ID);
    gone.mutate('Bridge', [], [['ports', 'delete', [port]]]);
    expect(await failure(client.transact(gone))).toMatchObject({ code: 'wait-failed', operation: 0 });
    expect([...replica.table('Port').values()]).toEqual(before);

    const right = client.transaction();
    right.requireRow('Port', port);
    right.requireRow('Port', port, { name: 'tap-pre', tag: null, trunks: [] });
    right.update('Port', [['_uuid', '==', port]], { tag: 7 });
    await client.transact(right);
    expect(replica.table('Port').get(port)?.tag).toBe(7);
  });

  it('shows that a mutate met no row', async () => {
    await using client = await connect();
    const tx = client.transaction();
    const count = tx.mutate('Bridge', [['name', '==', 'nope']], [['external_ids', 'insert', { a: 'b' }]]);
    expect((await client.transact(tx)).count(count)).toBe(0);
  });

  it('tells the failure of the commit from that of an operation', async () => {
    await using client = await connect();
    const commit = client.transaction();
    commit.mutate('Bridge', [['name', '==', 'br-int']], [['ports', 'insert', [IFACE_ID]]]); // no such Port
    const error = await failure(client.transact(commit));
    expect(error.code).toBe('referential-integrity');
    expect(error.operation).toBeUndefined();

    const range = client.transaction();
    range.comment('at most 4095');
    range.update('Port', [], { tag: 5_000 });
    expect(await failure(client.transact(range))).toMatchObject({ code: 'constraint-violation', operation: 1 });

    const duplicate = client.transaction();
    duplicate.mutate('Open_vSwitch', [], [['bridges', 'insert', [duplicate.insert('Bridge', { name: 'br-int' })]]]);
    expect((await failure(client.transact(duplicate))).code).toBe('constraint-violation');
  });

  it('sets keys of a map whatever they were and leaves the others', async () => {
    await using client = await connect();
    const tx = client.transaction();
    tx.update('Bridge', [['name', '==', 'br-int']], { external_ids: { a: '1', b: '2' } });
    tx.putKeys('Bridge', [['name', '==', 'br-int']], 'external_ids', { b: '3', c: '4' });
    tx.mutate('Bridge', [['name', '==', 'br-int']], [['external_ids', 'delete', ['a']]]);
    const selected = tx.select('Bridge', [['name', '==', 'br-int']], ['external_ids']);
    const [row] = (await client.transact(tx)).rows(selected);
    expect(row?.external_ids).toEqual(new Map(Object.entries({ b: '3', c: '4' })));
  });

  it('holds at the barrier until the other program has followed', async () => {
    await using client = await connect();
    await using follower = await connect();
    const replica = client.replicate(vswitchTables);
    await replica.ready();
    const tx = client.transaction();
    const barrier = bumpBarrier(tx, { table: 'Open_vSwitch', next: 'next_cfg', current: 'cur_cfg' });
    const result = await client.transact(tx);
    const next = replica.table('Open_vSwitch').values().next().value?.next_cfg ?? 0;
    expect(next).toBeGreaterThan(0);
    const order: string[] = [];
    const passed = waitForBarrier(replica, result, barrier).then(() => order.push('passed'));
    for (const cur_cfg of [next - 1, next]) {
      const follow = follower.transaction();
      follow.update('Open_vSwitch', [], { cur_cfg });
      await follower.transact(follow);
      if (cur_cfg === next) break;
      await replica.waitFor(() => replica.table('Open_vSwitch').values().next().value?.cur_cfg === cur_cfg);
      order.push('behind');
    }
    await passed;
    expect(order).toEqual(['behind', 'passed']);
  });

  it('names what the schema lacks, at once', async () => {
    const needed = defineTables({
      Bridge: { name: scalar('string'), nope: scalar('string'), ports: optional('uuid') },
      Nope: {},
    });
    const database = { endpoint: server.unix, database: 'Open_vSwitch' };
    const error = await failure(OvsdbClient.connect({ ...database, tables: needed }));
    expect(error.code).toBe('schema-mismatch');
    expect(error.message).toMatch(
      /no column Bridge.nope; Bridge.ports is set of uuid, not optional uuid; no table Nope$/,
    );
    expect(await failure(OvsdbClient.connect({ endpoint: server.unix, database: 'Nope', tables: {} }))).toMatchObject({
      code: 'schema-mismatch',
      cause: { server: { error: 'unknown database' } },
    });
    const lenient = defineTables({ Bridge: { name: scalar('string'), nope: absentOk(set('string')) } });
    await using client = await OvsdbClient.connect({ ...database, tables: lenient });
    const replica = client.replicate(lenient);
    await replica.ready();
    expect([...replica.table('Bridge').values()]).toMatchObject([{ name: 'br-int', nope: undefined }]);
  });

  it('reports that nothing was reached', async () => {
    const nobody = { endpoint: `unix:${server.dir}/nobody`, database: 'Open_vSwitch', tables: vswitchTables };
    expect(await failure(OvsdbClient.connect({ ...nobody, reconnect: false }))).toMatchObject({
      code: 'refused',
      cause: { code: 'ENOENT' },
    });
    await using client = new OvsdbClient(nobody);
    expect(await failure(client.transact(client.transaction()))).toMatchObject({ code: 'not-connected' });
    const abort = new AbortController();
    const waiting = failure(client.ready({ signal: abort.signal }));
    abort.abort();
    expect((await waiting).code).toBe('aborted');
  });

  it('drops a transaction that still waits when its caller gives up', async () => {
    await using client = await connect();
    const where = [['name', '==', 'later']] as const;
    const abort = new AbortController();
    const tx = client.transaction();
    tx.wait('Bridge', { where, columns: ['name'], until: '==', rows: [{ name: 'later' }], timeoutMs: 60_000 });
    tx.update('Bridge', where, { fail_mode: 'secure' });
    const waiting = failure(client.transact(tx, { signal: abort.signal }));
    abort.abort();
    expect(await waiting).toMatchObject({ code: 'unknown-outcome', cause: { code: 'aborted' } });
    const create = client.transaction();
    create.mutate('Open_vSwitch', [], [['bridges', 'insert', [create.insert('Bridge', { name: 'later' })]]]);
    await client.transact(create);
    const look = client.transaction();
    const selected = look.select('Bridge', where, ['fail_mode']);
    expect((await client.transact(look)).rows(selected)).toMatchObject([{ fail_mode: null }]);
  });

  it('leaves no timer and no socket behind', () => {
    const program = new URL('./ovsdb/leftovers.ts', import.meta.url).pathname;
    const output = execFileSync(process.execPath, [program, server.unix], { encoding: 'utf8', timeout: 60_000 });
    const { before, held, kept } = JSON.parse(output) as Record<'before' | 'held' | 'kept', string[]>; // as the program writes it
    expect(held).toEqual(expect.arrayContaining(['PipeWrap', 'Timeout']));
    expect(kept).toEqual(before);
  });

  it('ends what waits when it is disposed', async () => {
    const client = await connect();
    const replica = client.replicate(vswitchTables);
    await replica.ready();
    const lock = client.lock('ends');
    await lock.acquired();
    const waiting = failure(replica.waitFor(() => false));
    await client[Symbol.asyncDispose]();
    expect((await waiting).code).toBe('closed');
    expect(client.state).toEqual({ kind: 'closed' });
    expect(lock.state).toEqual({ kind: 'released' });
    expect((await failure(client.ready())).code).toBe('closed');
    expect(() => client.lock('more')).toThrow('the client is closed');
  });
});
