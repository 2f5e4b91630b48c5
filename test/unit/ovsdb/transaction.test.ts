import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../../ovsdb/backoff.ts';
import { bumpBarrier } from '../../../ovsdb/barrier.ts';
import { absentOk, defineTables, map, optional, scalar, set } from '../../../ovsdb/columns.ts';
import { isOvsdbError, type OvsdbError } from '../../../ovsdb/errors.ts';
import { parseSchema } from '../../../ovsdb/schema.ts';
import { checkTables } from '../../../ovsdb/schema-check.ts';
import { parseTransactReply } from '../../../ovsdb/transact-reply.ts';
import { Transaction, TransactResult } from '../../../ovsdb/transaction.ts';

const tables = defineTables({
  Root: { next_cfg: scalar('integer'), cur_cfg: scalar('integer') },
  Bridge: { name: scalar('string'), ports: set('uuid'), ids: map('string', 'string') },
  Port: { name: scalar('string'), tag: optional('integer'), interfaces: set('uuid') },
});
const UUID = '5d1c3ec9-90d2-4d6e-8d9f-0d3c40ba4da4';

function caught(act: () => unknown): OvsdbError {
  try {
    act();
  } catch (error) {
    if (isOvsdbError(error)) return error;
    throw error;
  }
  throw new Error('it did not throw');
}

describe('transaction', () => {
  it('writes each operation as RFC 7047 has it', () => {
    const tx = new Transaction(tables);
    tx.assertLock('l');
    tx.requireRow('Bridge', UUID, { name: 'br-int' });
    tx.requireRow('Bridge', UUID);
    tx.requireNone('Port', [['name', '==', 'tap0']]);
    const port = tx.insert('Port', { name: 'tap0', tag: null });
    tx.mutate(
      'Bridge',
      [['_uuid', '==', UUID]],
      [
        ['ports', 'insert', [port]],
        ['ids', 'delete', ['k']],
      ],
    );
    tx.putKeys('Bridge', [], 'ids', { a: 'b' });
    tx.update('Port', [['tag', '==', 5]], { tag: 6 });
    tx.delete('Port', []);
    tx.select('Port', [], ['name']);
    tx.comment('why');
    const byUuid = [['_uuid', '==', ['uuid', UUID]]];
    expect(tx.operations).toEqual([
      { op: 'assert', lock: 'l' },
      {
        op: 'wait',
        timeout: 0,
        table: 'Bridge',
        where: byUuid,
        columns: ['name'],
        until: '==',
        rows: [{ name: 'br-int' }],
      },
      { op: 'wait', timeout: 0, table: 'Bridge', where: byUuid, columns: ['_uuid'], until: '!=', rows: [] },
      {
        op: 'wait',
        timeout: 0,
        table: 'Port',
        where: [['name', '==', 'tap0']],
        columns: ['_uuid'],
        until: '==',
        rows: [],
      },
      { op: 'insert', table: 'Port', row: { name: 'tap0', tag: ['set', []] }, 'uuid-name': 'row4' },
      {
        op: 'mutate',
        table: 'Bridge',
        where: byUuid,
        mutations: [
          ['ports', 'insert', ['set', [['named-uuid', 'row4']]]],
          ['ids', 'delete', ['set', ['k']]],
        ],
      },
      {
        op: 'mutate',
        table: 'Bridge',
        where: [],
        mutations: [
          ['ids', 'delete', ['set', ['a']]],
          ['ids', 'insert', ['map', [['a', 'b']]]],
        ],
      },
      { op: 'update', table: 'Port', where: [['tag', '==', 5]], row: { tag: 6 } },
      { op: 'delete', table: 'Port', where: [] },
      { op: 'select', table: 'Port', where: [], columns: ['_uuid', 'name'] },
      { op: 'comment', comment: 'why' },
    ]);
  });

  it('gives each operation its own answer', () => {
    const tx = new Transaction(tables);
    const port = tx.insert('Port', { name: 'tap0' });
    const gone = tx.delete('Bridge', []);
    const barrier = bumpBarrier(tx, { table: 'Root', next: 'next_cfg', current: 'cur_cfg' });
    const reply = [
      { uuid: ['uuid', UUID] },
      { count: 0 },
      { count: 1 },
      { rows: [{ _uuid: ['uuid', UUID], next_cfg: 8 }] },
    ];
    const result = new TransactResult(tables, parseTransactReply(tx.operations, reply));
    expect(result.uuid(port)).toBe(UUID);
    expect(result.count(gone)).toBe(0);
    expect(result.rows(barrier.select)).toEqual([{ _uuid: UUID, next_cfg: 8 }]);
  });

  it('names the column of a value that does not fit', () => {
    const tx = new Transaction(tables);
    const error = caught(() => tx.insert('Port', { tag: 1.5 }));
    expect(error).toMatchObject({ code: 'invalid-value', message: 'column tag: 1.5 is no integer' });
    expect(caught(() => tx.insert('Port', { nope: 1 } as never)).code).toBe('invalid-use');
    expect(caught(() => tx.insert('Nope' as 'Port', {})).code).toBe('invalid-use');
    expect(tx.operations).toEqual([]);
  });
});

describe('the reply to transact', () => {
  const tx = new Transaction(tables);
  tx.requireNone('Port', []);
  tx.insert('Port', { name: 'tap0' });
  const { operations } = tx;

  it.each([
    ['timed out', 'wait-failed'],
    ['not owner', 'lock-not-owned'],
    ['constraint violation', 'constraint-violation'],
    ['referential integrity violation', 'referential-integrity'],
    ['permission error', 'permission-denied'],
    ['something new', 'transaction-failed'],
  ])('has the operation that failed: %s', (error, code) => {
    const parsed = caught(() => parseTransactReply(operations, [{ error, details: 'd' }, null]));
    expect(parsed).toMatchObject({ code, operation: 0, server: { error, details: 'd' } });
  });

  it('has one element more when the commit itself failed', () => {
    const reply = [{}, { uuid: ['uuid', UUID] }, { error: 'referential integrity violation' }];
    const parsed = caught(() => parseTransactReply(operations, reply));
    expect(parsed.code).toBe('referential-integrity');
    expect(parsed.operation).toBeUndefined();
  });

  it.each<readonly [unknown]>([[[{}]], [[{}, null]], [{}], [[{}, {}, {}]]])(
    'is refused when it does not fit: %j',
    (reply) => {
      expect(caught(() => parseTransactReply(operations, reply)).code).toBe('protocol');
    },
  );
});

describe('the schema check', () => {
  const schema = parseSchema({
    name: 'db',
    version: '1.2.3',
    tables: {
      T: {
        columns: {
          name: { type: 'string' },
          tag: { type: { key: { type: 'integer', minInteger: 0 }, min: 0, max: 1 } },
          refs: { type: { key: { type: 'uuid', refTable: 'T' }, min: 0, max: 'unlimited' } },
          ids: { type: { key: 'string', value: 'string', min: 0, max: 'unlimited' } },
        },
      },
    },
  });

  it('takes a declaration that is as wide as the schema or wider', () => {
    const t = { name: scalar('string'), tag: optional('int64'), refs: set('uuid'), ids: map('string', 'string') };
    checkTables(schema, { T: t });
    checkTables(schema, { T: { name: set('string'), tag: set('integer'), new_one: absentOk(scalar('real')) } });
  });

  it('names everything that is missing at once', () => {
    const needed = {
      T: { nope: scalar('string'), tag: scalar('integer'), ids: set('string'), name: scalar('uuid') },
      U: {},
    };
    expect(caught(() => checkTables(schema, needed))).toMatchObject({
      code: 'schema-mismatch',
      message:
        'database db 1.2.3: no column T.nope; T.tag is optional integer, not integer; ' +
        'T.ids is map of string to string, not set of string; T.name is string, not uuid; no table U',
    });
  });
});

describe('backoff', () => {
  it('doubles up to its bound and spreads by its jitter', () => {
    const policy = { minMs: 50, maxMs: 5_000, factor: 2, jitter: 0.2 };
    expect([1, 2, 3, 20, 10_000].map((attempt) => backoffMs(policy, attempt, 0.5))).toEqual([
      50, 100, 200, 5_000, 5_000,
    ]);
    expect(backoffMs(policy, 1, 0)).toBe(40);
    expect(backoffMs(policy, 1, 0.999_999)).toBeCloseTo(60, 3);
  });
});
