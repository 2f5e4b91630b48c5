import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../ovsdb/canonical-json.ts';
import {
  compareConditions,
  matchesAny,
  matchesEvery,
  parseCondition,
  writeCondition,
} from '../../../ovsdb/condition.ts';
import { isOvsdbError } from '../../../ovsdb/errors.ts';
import { executeMutations, parseMutations } from '../../../ovsdb/mutation.ts';
import { checkInsert, checkUpdate, defaultRow, equalRows, parseRow, writeRow } from '../../../ovsdb/row.ts';
import { parseSchema, parseTableSchema, writeSchema, writeTableSchema } from '../../../ovsdb/schema.ts';

const table = parseTableSchema(
  {
    columns: {
      i: { type: 'integer' },
      r: { type: 'real' },
      s: { type: { key: { type: 'string', enum: ['set', ['', 'up', 'down']] } } },
      o: { type: { key: 'integer', min: 0 } },
      b: { type: { key: 'boolean', min: 0 } },
      few: { type: { key: { type: 'integer', minInteger: -5, maxInteger: 5 }, min: 0, max: 3 } },
      ids: { type: { key: 'string', value: 'string', min: 0, max: 'unlimited' } },
      fixed: { type: 'string', mutable: false },
    },
  },
  'T',
);
const rowOf = (json: unknown) => parseRow(table, json).row;

function outcome(act: () => unknown): string {
  try {
    const result = act();
    return typeof result === 'string' ? result : canonicalJson(result);
  } catch (error) {
    if (isOvsdbError(error) && error.server !== undefined) return error.message;
    throw error;
  }
}

describe('rows', () => {
  it('have the defaults of what they leave out', () => {
    const zero = ['uuid', '00000000-0000-0000-0000-000000000000'];
    const none = { _uuid: zero, _version: zero, i: 0, r: 0, s: '', fixed: '', ids: ['map', []] };
    expect(writeRow(table, defaultRow(table))).toEqual({ ...none, o: ['set', []], b: ['set', []], few: ['set', []] });
    expect(equalRows(rowOf({ i: 0, o: ['set', []] }), defaultRow(table))).toBe(true);
    expect(equalRows(rowOf({ i: 1 }), defaultRow(table))).toBe(false);
    expect(parseRow(table, { i: 1, s: 'up' }).included).toEqual(['i', 's']);
  });

  it.each([
    [{ nope: 1 }, 'syntax "{"nope":1}": unknown column: No column nope in table T.'],
    [[], 'syntax "[]": syntax error: row must be JSON object'],
    [{ few: ['set', [1, 9]] }, 'constraint violation: 9 is not in the valid range -5 to 5 (inclusive)'],
  ])('refuse %j', (json, fault) => {
    expect(outcome(() => checkInsert(table, json))).toBe(fault);
  });

  it('are checked before they are sent, with their defaults in an insert', () => {
    const strict = parseTableSchema(
      { columns: { a: { type: { key: { type: 'integer', minInteger: 1 } } }, b: { type: 'integer' } } },
      'S',
    );
    const fault = 'constraint violation: 0 is less than minimum allowed value 1';
    expect(outcome(() => checkInsert(strict, { b: 1 }))).toBe(fault);
    expect(outcome(() => checkInsert(strict, { a: 1 }))).toBe('null');
    expect(outcome(() => checkUpdate(strict, { b: 1 }))).toBe('null');
    expect(outcome(() => checkUpdate(table, { fixed: 'x' }))).toContain(
      'constraint violation: Cannot update immutable column fixed in table T.',
    );
  });
});

describe('conditions', () => {
  const rows = [
    {},
    { i: 1, o: 1, few: 1 },
    { i: 2, o: 2, few: ['set', [1, 2]], ids: ['map', [['a', 'b']]], b: true },
  ].map(rowOf);
  it.each([
    [[], 'TTT'],
    [[['i', '==', 1]], '-T-'],
    [[['i', '!=', 1]], 'T-T'],
    [[['i', '<', 1]], 'T--'],
    [
      [
        ['i', '>=', 1],
        ['i', '<=', 1],
      ],
      '-T-',
    ],
    [[['o', '<', 9]], '-TT'],
    [[['o', '>', 1]], '--T'],
    [[['o', '==', ['set', []]]], 'T--'],
    [[['o', 'includes', ['set', []]]], 'TTT'],
    [[['o', 'excludes', ['set', [1, 7]]]], 'T-T'],
    [[['o', 'excludes', ['set', [0, 2]]]], 'TT-'],
    [[['b', 'excludes', ['set', [false, true]]]], 'TT-'],
    [[['few', 'includes', 1]], '-TT'],
    [[['few', 'excludes', ['set', [2, 3, 4, 5]]]], 'TT-'],
    [[['few', '==', ['set', [2, 1]]]], '--T'],
    [[['ids', 'includes', ['map', [['a', 'b']]]]], '--T'],
    [[['ids', 'includes', ['map', [['a', 'c']]]]], '---'],
    [[['ids', 'excludes', ['map', [['a', 'c']]]]], 'TTT'],
    [[true], 'TTT'],
    [[false], '---'],
    [[['i', '<', ['set', []]]], 'set must have exactly one member but 0 are present'],
    [[['s', '<', 'up']], '"<" operator may not be applied to column s of type string.'],
    [[['few', '>', 1]], '">" operator may not be applied to column few of type set of up to 3 integers.'],
    [[['i', '=', 1]], 'unknown function: No function named =.'],
    [[['nope', '==', 1]], 'unknown column: No column nope in table T.'],
    [[['i', '==']], 'Parse error in condition.'],
    [[['few', '==', ['set', [1, 2, 3, 4]]]], 'set must have 0 to 3 members but 4 are present'],
  ])('%j', (json, expected) => {
    const marks = () => rows.map((row) => (matchesEvery(parseCondition(table, json), row) ? 'T' : '-')).join('');
    expect(outcome(marks)).toContain(expected);
  });

  it('of a monitor hold when one of them does, and when there is none', () => {
    const any = (json: unknown) => rows.map((row) => matchesAny(parseCondition(table, json), row));
    expect(
      any([
        ['i', '==', 0],
        ['i', '==', 2],
      ]),
    ).toEqual([true, false, true]);
    expect(any([])).toEqual([true, true, true]);
    expect(any([false])).toEqual([false, false, false]);
  });

  it('stand in the order in which the server judges them', () => {
    const sorted = parseCondition(table, [['i', '!=', 1], ['r', '==', 2], ['i', '==', 1], false]);
    expect(writeCondition(sorted)).toEqual([false, ['i', '==', 1], ['r', '==', 2], ['i', '!=', 1]]);
    expect(compareConditions(sorted, sorted)).toBe(0);
    expect(compareConditions(sorted, [])).toBeGreaterThan(0);
  });
});

describe('mutations', () => {
  const MAX = 9223372036854775807n;
  it.each([
    [{ i: 1 }, [['i', '+=', MAX - 1n]], `{"i":${MAX}}`],
    [{ i: 1 }, [['i', '+=', MAX]], 'range error: Result of "+=" operation is out of range.'],
    [{ i: -2 }, [['i', '-=', MAX]], 'range error: Result of "-=" operation is out of range.'],
    [{ i: 3 }, [['i', '*=', -4]], '{"i":-12}'],
    [{ i: MAX }, [['i', '*=', 1]], 'range error: Result of "*=" operation is out of range.'],
    [{ i: -7 }, [['i', '/=', 2]], '{"i":-3}'],
    [{ i: -7 }, [['i', '%=', 4]], '{"i":-3}'],
    [{ i: 7 }, [['i', '/=', 0]], 'domain error: Division by zero.'],
    [{ i: -MAX - 1n }, [['i', '/=', -1]], 'range error: Result of "/=" operation is out of range.'],
    [{ i: -MAX - 1n }, [['i', '%=', -1]], 'range error: Result of "%=" operation is out of range.'],
    [{ r: 1e308 }, [['r', '*=', 10]], 'range error: Result of "*=" operation is out of range.'],
    [{ r: 1 }, [['r', '/=', 0]], 'domain error: Division by zero.'],
    [{ r: 1 }, [['r', '%=', 2]], '"%=" operator may not be applied to column r of type real.'],
    [{ few: ['set', [1, 2]] }, [['few', '*=', 2]], '{"few":["set",[2,4]]}'],
    [
      { few: ['set', [1, 2]] },
      [['few', '*=', 0]],
      'constraint violation: Result of "*=" operation contains duplicates.',
    ],
    [{ few: 4 }, [['few', '+=', 2]], 'constraint violation: 6 is not in the valid range -5 to 5 (inclusive)'],
    [{ few: ['set', [1, 2]] }, [['few', 'insert', ['set', [2, 3]]]], '{"few":["set",[1,2,3]]}'],
    [
      { few: ['set', [1, 2]] },
      [['few', 'insert', ['set', [3, 4]]]],
      'Attempted to store 4 elements in set of up to 3 integers.',
    ],
    [{ few: ['set', [1, 2]] }, [['few', 'delete', ['set', [0, 1, 3, 4]]]], '{"few":2}'],
    [
      { ids: ['map', [['a', 'b']]] },
      [
        [
          'ids',
          'insert',
          [
            'map',
            [
              ['a', 'c'],
              ['d', 'e'],
            ],
          ],
        ],
      ],
      '{"ids":["map",[["a","b"],["d","e"]]]}',
    ],
    [{ ids: ['map', [['a', 'b']]] }, [['ids', 'delete', ['map', [['a', 'c']]]]], '{"ids":["map",[["a","b"]]]}'],
    [{ ids: ['map', [['a', 'b']]] }, [['ids', 'delete', ['set', ['a']]]], '{"ids":["map",[]]}'],
    [{}, [['s', 'insert', 'up']], '"insert" operator may not be applied to column s of type string.'],
    [{}, [['fixed', 'insert', 'x']], 'constraint violation: Cannot mutate immutable column fixed in table T.'],
    [{}, [['i', '=', 1]], 'unknown mutator: No mutator named =.'],
    [{}, [['i']], 'Parse error in mutation.'],
  ])('number %#', (row, json, expected) => {
    const columns = json.map(([name]) => String(name));
    const act = () => writeRow(table, executeMutations(rowOf(row), parseMutations(table, json)), columns);
    expect(outcome(act)).toContain(expected);
  });
});

describe('schemas', () => {
  const column = { type: 'integer' };
  const strong = { type: { key: { type: 'uuid', refTable: 'B' } }, ephemeral: true };
  it('come back as they were read', () => {
    const json = {
      name: 'db',
      version: '1.2.3',
      cksum: '7 9',
      tables: {
        A: {
          columns: { a: column, b: { type: 'real', mutable: false } },
          maxRows: 3,
          indexes: [['b', 'a']],
          isRoot: true,
        },
        B: { columns: { a: column } },
      },
    };
    expect(writeSchema(parseSchema(json))).toEqual(json);
    expect(parseSchema(json).tables.get('B')?.isRoot).toBe(false);
  });

  it('have roots only when they name none', () => {
    const schema = parseSchema({ name: 'db', tables: { A: { columns: { a: column } } } });
    expect(schema.tables.get('A')?.isRoot).toBe(true);
    expect(writeSchema(schema)).toEqual({ name: 'db', tables: { A: { columns: { a: column } } } });
  });

  it('keep what must not be lost, and let the server change what it must', () => {
    const weak = { type: { key: { type: 'uuid', refTable: 'B', refType: 'weak' } }, mutable: false };
    const { tables } = parseSchema({
      name: 'db',
      tables: { A: { columns: { strong, weak }, isRoot: true }, B: { columns: { a: column } } },
    });
    expect(tables.get('A')?.columns.get('strong')?.ephemeral).toBe(false);
    expect(tables.get('A')?.columns.get('weak')?.mutable).toBe(true);
  });

  it.each([
    [{ name: 'd b', tables: {} }, "Parsing database schema failed: Type mismatch for member 'name'."],
    [{ name: 'db', version: '1.2', tables: {} }, 'schema version "1.2" not in format x.y.z'],
    [{ name: 'db', tables: { _A: {} } }, 'names beginning with "_" are reserved'],
    [{ name: 'db', tables: { 'A-B': {} } }, 'name must be a valid id'],
    [{ name: 'db', tables: { A: { columns: {} } } }, 'table must have at least one column'],
    [{ name: 'db', tables: { A: { columns: { a: column }, maxRows: 0 } } }, 'maxRows must be at least 1'],
    [{ name: 'db', tables: { A: { columns: { a: column }, indexes: [[]] } } }, 'index must have at least one column'],
    [
      { name: 'db', tables: { A: { columns: { a: column }, indexes: [['a', 'a']] } } },
      'array of distinct column names expected',
    ],
    [
      { name: 'db', tables: { A: { columns: { a: { ...column, ephemeral: true } }, indexes: [['a']] } } },
      'ephemeral columns (such as a) may not be indexed',
    ],
    [{ name: 'db', tables: { A: { columns: { a: strong } } } }, 'column a key refers to undefined table B'],
    [
      { name: 'db', tables: { A: { columns: { a: { ...column, oh: 1 } } } } },
      "Parsing schema for column a failed: Member 'oh' is present",
    ],
  ])('are refused: %j', (json, fault) => {
    expect(() => parseSchema(json)).toThrow(
      expect.objectContaining({ code: 'protocol', message: expect.stringContaining(fault) }),
    );
  });

  it('write isRoot where it is not as the others', () => {
    expect(writeTableSchema(table, true)).toMatchObject({ isRoot: false });
    expect(writeTableSchema(table)).not.toHaveProperty('isRoot');
  });
});
