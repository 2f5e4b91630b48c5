import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OvsdbClient } from '../../ovsdb/client.ts';
import { defineTables, type InputRow, map, set } from '../../ovsdb/columns.ts';
import { OvsdbServer } from './ovsdb/server.ts';

const tables = defineTables({ T: { set: set('real'), values: map('string', 'real'), keys: map('real', 'string') } });
const many = { min: 0, max: 'unlimited' };
const schema = {
  name: 'reals',
  version: '1.0.0',
  tables: {
    T: {
      isRoot: true,
      columns: {
        set: { type: { key: 'real', ...many } },
        values: { type: { key: 'string', value: 'real', ...many } },
        keys: { type: { key: 'real', value: 'string', ...many } },
      },
    },
  },
};
const SUM = 0.1 + 0.2; // 0.30000000000000004; the server writes 0.3

let server: OvsdbServer;
let client: OvsdbClient<typeof tables>;
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'shunt-reals-'));
  writeFileSync(join(dir, 'schema'), JSON.stringify(schema));
});
afterEach(async () => {
  await client[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

const STEPS: readonly InputRow<(typeof tables)['T']>[] = [
  { set: [0.3], values: { k: 0.3 }, keys: new Map([[0.3, 'a']]) },
  { values: { k: SUM } }, // the difference is the pair that is held already
  { values: {} },
  { set: [0.3, SUM] }, // the difference is the atom that is held already
  { set: [SUM] },
  { set: [SUM, 0.5] },
  { set: [] },
  { keys: new Map([[SUM, 'a']]) },
  {
    keys: new Map([
      [0.3, 'a'],
      [SUM, 'a'],
    ]),
  },
  { keys: new Map([[SUM, 'b']]) },
  { keys: new Map() },
];

describe.each(['standalone', 'clustered'] as const)('reals that look the same in 15 digits, %s', (model) => {
  it('are in a replica as the server has them, whatever changes', async () => {
    const file = join(dir, 'schema');
    server = await (model === 'standalone' ? OvsdbServer.start(file) : OvsdbServer.startClustered(file));
    client = await OvsdbClient.connect({ endpoint: server.unix, database: 'reals', tables });
    const lost: string[] = [];
    client.onState((state) => lost.push(state.kind));
    const replica = client.replicate(tables);
    await replica.ready();
    const first = client.transaction();
    first.insert('T', {});
    await client.transact(first);
    for (const step of STEPS) {
      const tx = client.transaction();
      tx.update('T', [], step);
      await client.transact(tx);
      await replica.sync({ signal: AbortSignal.timeout(10_000) });
      expect([...replica.table('T').values()]).toEqual(await client.select('T', []));
    }
    expect(lost).toEqual([]); // no connection broke over it
  });
});
