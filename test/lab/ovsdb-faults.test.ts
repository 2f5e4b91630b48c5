import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OvsdbClient } from '../../ovsdb/client.ts';
import { absentOk, defineTables, map, scalar } from '../../ovsdb/columns.ts';
import { OvsdbServer, VSWITCH_SCHEMA } from './ovsdb/server.ts';
import { failure } from './ovsdb/tables.ts';

const tables = defineTables({ Open_vSwitch: { next_cfg: scalar('integer'), statistics: map('string', 'string') } });
const wide = defineTables({ Open_vSwitch: { next_cfg: scalar('int64') } });

let server: OvsdbServer;
const clients: AsyncDisposable[] = [];
const connect = async <T extends Parameters<typeof defineTables>[0]>(declared: T, more: object = {}) => {
  const client = await OvsdbClient.connect({
    endpoint: server.unix,
    database: 'Open_vSwitch',
    tables: declared,
    ...more,
  });
  clients.push(client);
  return client;
};

beforeEach(async () => {
  server = await OvsdbServer.start(VSWITCH_SCHEMA);
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

describe('what a client cannot read', () => {
  it('is tried again ever more slowly, told to whoever waits, and read once it is put right', async () => {
    const writer = await connect(wide);
    const big = writer.transaction();
    big.insert('Open_vSwitch', { next_cfg: 2n ** 60n });
    await writer.transact(big);
    const client = await connect(tables, { reconnect: { minMs: 2, maxMs: 100, factor: 2, jitter: 0 } });
    const delays: number[] = [];
    const enough = Promise.withResolvers<void>();
    client.onState((state) => {
      if (state.kind === 'backoff' && delays.push(state.delayMs) === 5) enough.resolve();
    });
    const replica = client.replicate(tables);
    expect(await failure(replica.ready())).toMatchObject({ code: 'protocol', message: /next_cfg/ });
    await enough.promise;
    expect(delays.slice(0, 5)).toEqual([2, 4, 8, 16, 32]);
    const small = writer.transaction();
    small.update('Open_vSwitch', [], { next_cfg: 1 });
    await writer.transact(small);
    const synced = Promise.withResolvers<void>();
    replica.subscribe(({ type }) => type === 'synced' && synced.resolve());
    await synced.promise;
    await replica.ready();
    expect([...replica.table('Open_vSwitch').values()][0]?.next_cfg).toBe(1);
  });
});

describe('a transaction that only waits', () => {
  it('is forgotten by the server when it is given up', async () => {
    const client = await connect(tables, { requestsMax: 2 });
    for (let n = 0; n < 4; n++) {
      const abort = new AbortController();
      const tx = client.transaction();
      tx.wait('Open_vSwitch', {
        where: [],
        columns: ['next_cfg'],
        until: '==',
        rows: [{ next_cfg: 77 }],
        timeoutMs: Number.POSITIVE_INFINITY,
      });
      const waiting = client.transact(tx, { signal: abort.signal, timeoutMs: Number.POSITIVE_INFINITY });
      abort.abort();
      expect((await failure(waiting)).code).toBe('aborted');
      await client.listDatabases(); // behind the answer to what was cancelled
    }
  });
});

describe('a column that an older schema lacks', () => {
  it('is undefined in what is selected', async () => {
    const client = await connect(
      defineTables({ Open_vSwitch: { next_cfg: scalar('integer'), nope: absentOk(scalar('string')) } }),
    );
    const tx = client.transaction();
    tx.insert('Open_vSwitch', { next_cfg: 3 });
    await client.transact(tx);
    const [row] = await client.select('Open_vSwitch', []);
    expect([row?.next_cfg, row?.nope]).toEqual([3, undefined]);
    expect(await client.select('Open_vSwitch', [], ['nope'])).toEqual([{ _uuid: row?._uuid }]);
  });
});
