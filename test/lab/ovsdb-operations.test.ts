import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OvsdbClient } from '../../ovsdb/client.ts';
import { OvsdbError } from '../../ovsdb/errors.ts';
import { Session } from '../../ovsdb/session.ts';
import { openSocket } from '../../ovsdb/socket.ts';
import { parseTransactReply } from '../../ovsdb/transact-reply.ts';
import type { Transaction } from '../../ovsdb/transaction.ts';
import { OvsdbServer, VSWITCH_SCHEMA } from './ovsdb/server.ts';
import { failure, plug, seed, type VswitchClient, vswitchTables } from './ovsdb/tables.ts';

type Tables = typeof vswitchTables;

let server: OvsdbServer;
let client: VswitchClient;
let other: VswitchClient;

beforeAll(async () => {
  server = await OvsdbServer.start(VSWITCH_SCHEMA);
  const options = { endpoint: server.unix, database: 'Open_vSwitch', tables: vswitchTables };
  client = await OvsdbClient.connect(options);
  other = await OvsdbClient.connect(options);
  await seed(client);
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** Commits what `fill` puts together. */
function commit(fill: (tx: Transaction<Tables>) => void, signal?: AbortSignal) {
  const tx = client.transaction();
  fill(tx);
  return client.transact(tx, { signal });
}

/** A port with an interface of this name, on br-int. */
function addPort(tx: Transaction<Tables>, name: string, uuid?: string): void {
  const iface = tx.insert('Interface', { name });
  const port = tx.insert('Port', { name, interfaces: [iface] }, uuid === undefined ? {} : { uuid });
  tx.mutate('Bridge', [['name', '==', 'br-int']], [['ports', 'insert', [port]]]);
}

async function portNames(): Promise<readonly string[]> {
  const tx = client.transaction();
  const ports = tx.select('Port', [], ['name']);
  return (await client.transact(tx)).rows(ports).map((row) => row.name);
}

describe('a client', () => {
  it('reads rows, names of databases and who the server is, once', async () => {
    expect(await client.select('Bridge', [['name', '==', 'br-int']], ['name'])).toMatchObject([{ name: 'br-int' }]);
    expect(await client.select('Bridge', [['name', '==', 'nobody']])).toEqual([]);
    expect(await client.listDatabases()).toEqual(expect.arrayContaining(['Open_vSwitch', '_Server']));
    const id = await client.serverId();
    expect(await other.serverId()).toBe(id);
  });
});

describe('a transaction', () => {
  it('inserts a row under the UUID that was chosen, once', async () => {
    const uuid = '6f0a33ad-1d2f-4f05-9f15-1b7c2c9ad6a1';
    await commit((tx) => addPort(tx, 'chosen', uuid));
    const tx = client.transaction();
    const found = tx.select('Port', [['_uuid', '==', uuid]], ['name']);
    expect((await client.transact(tx)).rows(found)).toEqual([{ _uuid: uuid, name: 'chosen' }]);
    const again = await failure(commit((more) => addPort(more, 'again', uuid)));
    expect(again).toMatchObject({ code: 'duplicate-uuid', operation: 1, server: { error: 'duplicate uuid' } });
    expect(again.server?.details).toContain('already present');
  });

  it('refers to a row before it is inserted', async () => {
    const tx = client.transaction();
    const port = tx.announce();
    const bridge = tx.insert('Bridge', { name: 'br-forward', ports: [port] });
    const iface = tx.insert('Interface', { name: 'br-forward' });
    tx.insert('Port', { name: 'br-forward', interfaces: [iface] }, { as: port });
    tx.mutate('Open_vSwitch', [], [['bridges', 'insert', [bridge]]]);
    const read = tx.select('Bridge', [['_uuid', '==', bridge]], ['ports']);
    const result = await client.transact(tx);
    expect(result.rows(read)[0]?.ports).toEqual(new Set([result.uuid(port)]));
  });

  it('ends as aborted when it says so, and does nothing', async () => {
    const error = await failure(
      commit((tx) => {
        addPort(tx, 'never');
        tx.abort();
      }),
    );
    expect(error).toMatchObject({ code: 'transaction-aborted', operation: 3, server: { error: 'aborted' } });
    expect(await portNames()).not.toContain('never');
  });

  it('is on disk when it was to be durable', async () => {
    await commit((tx) => {
      addPort(tx, 'durable');
      tx.comment('kept');
      tx.commit({ durable: true });
    });
    await server.kill();
    await server.run();
    await client.ready();
    await other.ready();
    expect(await portNames()).toContain('durable');
  });

  it('waits in the server until another makes it true, or as long as it was to', async () => {
    const waiting = (timeoutMs: number, signal?: AbortSignal) =>
      commit((tx) => {
        const rows = [{ name: 'awaited' }];
        tx.wait('Port', { where: [['name', '==', 'awaited']], columns: ['name'], until: '==', rows, timeoutMs });
      }, signal);
    expect(await failure(waiting(20))).toMatchObject({ code: 'wait-failed', server: { error: 'timed out' } });
    const forever = waiting(Number.POSITIVE_INFINITY);
    const abort = new AbortController();
    const given = failure(waiting(Number.POSITIVE_INFINITY, abort.signal));
    abort.abort();
    expect((await given).code).toBe('aborted');
    await plug(other, 'awaited');
    await forever;
  });

  it.each<[string, string, (tx: Transaction<Tables>) => void]>([
    ['arithmetic', 'domain error', (tx) => tx.mutate('Open_vSwitch', [], [['next_cfg', '/=', 0]])],
    [
      'arithmetic',
      'range error',
      (tx) => tx.mutate('Open_vSwitch', [], [['next_cfg', '+=', 2n ** 63n - 1n], ['next_cfg', '+=', 1]]), // biome-ignore format: one line
    ],
    ['constraint-violation', 'constraint violation', (tx) => tx.update('Port', [], { tag: 5000 })],
    [
      'referential-integrity',
      'referential integrity violation',
      (tx) => tx.update('Bridge', [], { ports: ['6f0a33ad-1d2f-4f05-9f15-1b7c2c9ad6a2'] }),
    ],
    ['lock-not-owned', 'not owner', (tx) => tx.assertLock('nobody')],
  ])('that is refused says %s (%s), in the words of the server too', async (code, error, fill) => {
    const before = await portNames();
    const refused = await failure(
      commit((tx) => {
        tx.mutate('Open_vSwitch', [], [['next_cfg', '+=', 1]]);
        fill(tx);
      }),
    );
    expect(refused).toMatchObject({ code, server: { error } });
    expect(refused.server?.details).toBeTruthy();
    expect(await portNames()).toEqual(before);
  });

  it.each<[string, (tx: Transaction<Tables>) => void]>([
    ['a value out of range', (tx) => tx.update('Port', [], { tag: 5000 })],
    ['a value that cannot be changed', (tx) => tx.update('Bridge', [], { name: 'other' })],
    ['a value out of range in a new row', (tx) => void tx.insert('Port', { name: 'far', trunks: [1, 4096] })],
  ])('that the schema forbids is refused with the error of the server, and never sent: %s', async (_, fill) => {
    const socket = await openSocket(server.unix, { timeoutMs: 5000 });
    const session = new Session(socket, { notification: () => {}, ended: () => {} });
    const tx = client.transaction();
    fill(tx);
    const reply = await session.request('transact', ['Open_vSwitch', ...tx.operations]);
    session.destroy(new OvsdbError('closed', 'it has answered'));
    const theirs = await failure(Promise.resolve().then(() => parseTransactReply(tx.operations, reply)));
    const ours = await failure(commit(fill));
    const { code, message, operation, server: words } = ours;
    expect({ code, message, operation, error: words?.error }).toEqual({
      code: theirs.code,
      message: theirs.message,
      operation: theirs.operation,
      error: theirs.server?.error,
    });
    // The server would wait for ever before it came to the row.
    const waiting = commit((more) => {
      more.wait('Port', {
        where: [['name', '==', 'never']],
        columns: ['name'],
        until: '==',
        rows: [{ name: 'never' }],
        timeoutMs: Number.POSITIVE_INFINITY,
      });
      fill(more);
    });
    expect(await failure(waiting)).toMatchObject({ code, operation: 1 });
  });
});
