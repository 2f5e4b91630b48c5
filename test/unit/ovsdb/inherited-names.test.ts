import { describe, expect, it } from 'vitest';
import { defineTables, optional, scalar, set } from '../../../ovsdb/columns.ts';
import { executeMutations, parseMutations } from '../../../ovsdb/mutation.ts';
import { defaultRow } from '../../../ovsdb/row.ts';
import { parseSchema, parseTableSchema } from '../../../ovsdb/schema.ts';
import { readersFor } from '../../../ovsdb/table-reader.ts';
import { parseTransactReply } from '../../../ovsdb/transact-reply.ts';
import { Transaction, TransactResult } from '../../../ovsdb/transaction.ts';
import { decodeUpdates } from '../../../ovsdb/updates.ts';

const UUID = '00000000-0000-4000-8000-000000000001';
const tables = defineTables({ T: { constructor: optional('string'), toString: set('integer'), x: scalar('integer') } });
const many = { min: 0, max: 'unlimited' };
const columns = {
  constructor: { type: { key: 'string', min: 0, max: 1 } },
  toString: { type: { key: 'integer', ...many } },
  x: { type: 'integer' },
};
const schema = parseSchema({ name: 'db', version: '1.0.0', tables: { T: { columns } } });

describe('names that every JavaScript object knows', () => {
  it('are columns like others in what a monitor sends', () => {
    const update = { T: { [UUID]: { initial: { x: 1 } } } };
    const [change] = decodeUpdates('update2', readersFor(schema, tables), undefined, update);
    expect(change).toMatchObject({ new: { constructor: null, toString: new Set(), x: 1 } });
  });

  it('are no columns unless declared, and no values unless sent', () => {
    const tx = new Transaction(tables);
    expect(() => tx.insert('T', { valueOf: 1 } as never)).toThrow('valueOf was not declared');
    expect(() => tx.insert('hasOwnProperty' as never, {} as never)).toThrow('was not declared');
    const ref = tx.select('T', []);
    const result = new TransactResult(tables, [{ rows: [{ _uuid: ['uuid', UUID], x: 1 }] }]);
    expect(result.rows(ref)).toEqual([{ _uuid: UUID, constructor: undefined, toString: undefined, x: 1 }]);
  });

  it('are errors of no special kind', () => {
    expect(() => parseTransactReply([{ op: 'x' }], [{ error: 'constructor' }])).toThrow(
      expect.objectContaining({ code: 'transaction-failed' }),
    );
  });
});

describe('arithmetic that cannot be done', () => {
  it.each([
    [0, '/='],
    [2n ** 62n, '*='],
  ])('has the code that the server’s refusal has (%s %s)', (operand, mutator) => {
    const table = parseTableSchema({ columns: { x: { type: 'integer' } } }, 'T');
    const row = executeMutations(defaultRow(table), parseMutations(table, [['x', '+=', 4]]));
    expect(() => executeMutations(row, parseMutations(table, [['x', mutator, operand]]))).toThrow(
      expect.objectContaining({ code: 'arithmetic' }),
    );
  });
});
