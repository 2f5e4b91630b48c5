import { describe, expect, it } from 'vitest';
import { defineTables, map, optional, scalar, set } from '../../../ovsdb/columns.ts';
import { parseSchema } from '../../../ovsdb/schema.ts';
import { Transaction } from '../../../ovsdb/transaction.ts';
import { checkOperations } from '../../../ovsdb/transaction-check.ts';

const tables = defineTables({
  T: {
    name: scalar('string'),
    tag: optional('integer'),
    few: set('integer'),
    ids: map('string', 'string'),
    up: scalar('integer'),
  },
  Elsewhere: { x: scalar('integer') },
});
const schema = parseSchema({
  name: 'db',
  tables: {
    T: {
      columns: {
        name: { type: { key: { type: 'string', maxLength: 3 } } },
        tag: { type: { key: { type: 'integer', maxInteger: 9 }, min: 0, max: 1 } },
        few: { type: { key: 'integer', min: 0, max: 2 } },
        ids: {
          type: { key: 'string', value: { type: 'string', enum: ['set', ['a', 'b']] }, min: 0, max: 'unlimited' },
        },
        up: { type: { key: { type: 'integer', minInteger: 1 } }, mutable: false },
      },
    },
  },
});

function refusal(fill: (tx: Transaction<typeof tables>) => void): unknown {
  const tx = new Transaction(tables);
  tx.comment('first');
  fill(tx);
  try {
    checkOperations(schema, tx.operations);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('the rows of a transaction', () => {
  it.each<[string, (tx: Transaction<typeof tables>) => void, string]>([
    ['a length', (tx) => tx.insert('T', { name: 'long', up: 1 }), 'greater than maximum allowed length 3'],
    ['a range', (tx) => tx.update('T', [], { tag: 10 }), '10 is greater than maximum allowed value 9'],
    ['an enumeration', (tx) => tx.update('T', [], { ids: { k: 'c' } }), 'c is not one of the allowed values ([a, b])'],
    ['a default that the type forbids', (tx) => tx.insert('T', { name: 'x' }), '0 is less than minimum'],
    ['what cannot be changed', (tx) => tx.update('T', [], { up: 2 }), 'Cannot update immutable column up in table T.'],
  ])('are refused for %s', (_, fill, details) => {
    expect(refusal(fill)).toMatchObject({
      code: 'constraint-violation',
      operation: 1,
      server: { error: 'constraint violation', details: expect.stringContaining(details) },
    });
  });

  it('are refused for too many elements', () => {
    expect(refusal((tx) => tx.update('T', [], { few: [1, 2, 3] }))).toMatchObject({
      operation: 1,
      server: { error: 'syntax error', details: 'set must have 0 to 2 members but 3 are present' },
    });
  });

  it('pass when they fit, and when only the server can tell', () => {
    expect(
      refusal((tx) => tx.insert('T', { name: 'abc', tag: null, few: [1, 2], ids: { k: 'a' }, up: 1 })),
    ).toBeUndefined();
    expect(refusal((tx) => tx.update('T', [], { tag: 9, few: [] }))).toBeUndefined();
    expect(refusal((tx) => tx.insert('Elsewhere', { x: -1 }))).toBeUndefined();
  });
});
