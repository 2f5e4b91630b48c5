import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareAtoms, defaultAtom, parseAtom } from '../../../ovsdb/atom.ts';
import { parseBaseType, writeBaseType } from '../../../ovsdb/base-type.ts';
import { canonicalJson } from '../../../ovsdb/canonical-json.ts';
import { parseType, writeType } from '../../../ovsdb/column-type.ts';
import { type Datum, datumText, defaultDatum, equalDatums, parseDatum, writeDatum } from '../../../ovsdb/datum.ts';
import {
  applyDifference,
  difference,
  excludesAll,
  includesAll,
  subtract,
  union,
} from '../../../ovsdb/datum-algebra.ts';
import { readDatumText } from '../../../ovsdb/datum-text.ts';
import { isOvsdbError } from '../../../ovsdb/errors.ts';
import { parseJsonBytes, stringifyJson } from '../../../ovsdb/json.ts';
import { TransactionNames } from '../../../ovsdb/named-uuids.ts';
import { describeType } from '../../../ovsdb/type-model.ts';

const UUID = '5d1c3ec9-90d2-4d6e-8d9f-0d3c40ba4da4';

/** The result as JSON, or ovsdb-server's words. */
function outcome(act: () => unknown): string {
  try {
    return canonicalJson(act());
  } catch (error) {
    if (isOvsdbError(error) && error.server !== undefined) return error.message;
    throw error;
  }
}

describe('types', () => {
  it.each([
    ['"integer"', '"integer"'],
    ['"void"', 'syntax ""void"": syntax error: "void" is not an atomic-type'],
    ['{"key":"real","min":1,"max":1}', '"real"'],
    ['{"key":"uuid","min":0,"max":"unlimited"}', '{"key":"uuid","max":"unlimited","min":0}'],
    ['{"key":"string","value":"uuid","max":7}', '{"key":"string","max":7,"value":"uuid"}'],
    ['{"key":{"type":"integer","enum":["set",[3,1,2]]}}', '{"key":{"enum":["set",[1,2,3]],"type":"integer"}}'],
    ['{"key":{"type":"string","enum":"a"}}', '{"key":{"enum":"a","type":"string"}}'],
    [
      '{"key":{"type":"integer","maxInteger":9223372036854775806}}',
      '{"key":{"maxInteger":9223372036854775806,"type":"integer"}}',
    ],
    ['{"key":{"type":"uuid","refTable":"T","refType":"strong"}}', '{"key":{"refTable":"T","type":"uuid"}}'],
    ['{"key":{"type":"integer","enum":["set",[1,1]]}}', 'ovsdb error: set contains duplicate'],
    ['{"key":{"type":"integer","enum":["set",[]]}}', 'set must have 1 to 4294967295 members but 0 are present'],
    ['{"key":{"type":"integer","enum":1,"minInteger":0}}', "Member 'minInteger' is present but not allowed here."],
    ['{"key":{"type":"string","minLength":2,"maxLength":1}}', 'minLength exceeds maxLength'],
    ['{"key":{"type":"string","maxLength":-1}}', 'maxLength out of valid range 0 to 4294967295'],
    ['{"key":{"type":"uuid","refTable":"1"}}', "Parsing ovsdb type failed: Type mismatch for member 'refTable'."],
    ['{"key":{"type":"uuid","refTable":"T","refType":"so"}}', 'refType must be "strong" or "weak" (not "so")'],
    ['{"key":"real","min":2,"max":2}', 'ovsdb type fails constraint checks'],
    ['{"key":"real","max":4294967295}', 'bad min or max value'],
    ['{"key":"real","a":1,"b":2}', "Member 'a' and 1 other member are present but not allowed here."],
    ['{"min":0}', "Parsing ovsdb type failed: Required 'key' member is missing."],
    ['7', 'syntax "7": syntax error: ovsdb type expected'],
  ])('reads %s', (json, expected) => {
    const [type] = parseJsonBytes(Buffer.from(`[${json}]`)) as unknown[];
    expect(outcome(() => writeType(parseType(type)))).toContain(expected);
  });

  it('names types as ovsdb-server does', () => {
    const types = ['integer', { key: 'integer', min: 0 }, { key: 'real', max: 3 }, { key: 'uuid', max: 'unlimited' }];
    const maps = [{ key: 'uuid', value: 'real', min: 0, max: 'unlimited' }];
    expect([...types, ...maps].map((json) => describeType(parseType(json)))).toEqual([
      'integer',
      'set of up to 1 integers',
      'set of 1 to 3 reals',
      'set of 1 or more uuids',
      'map of (uuid, real) pairs',
    ]);
  });

  it('writes base types as it reads them', () => {
    const base = { type: 'real', minReal: -0.5, maxReal: 1e300 };
    expect(writeBaseType(parseBaseType(base))).toEqual(base);
  });
});

describe('atoms', () => {
  it.each([
    ['"integer"', '0.5', 'syntax "0.5": syntax error: expected integer'],
    ['"integer"', '1e3', '1000'],
    ['"integer"', '-9223372036854775808', '-9223372036854775808'],
    ['"integer"', '9223372036854775808', 'syntax error: expected integer'],
    ['"real"', '9223372036854775807', '9.22337203685478e+18'],
    ['"boolean"', '"true"', 'syntax error: expected boolean'],
    ['"string"', '7', 'syntax error: expected string'],
    ['"string"', '"\\udc00"', 'constraint violation: not a valid UTF-8 string: invalid UTF-8 sequence 0xed 0xb0'],
    ['"uuid"', `["uuid","${UUID.toUpperCase()}"]`, `"${UUID}"`],
    ['"uuid"', `"${UUID}"`, 'expected ["uuid", <string>]'],
    ['"uuid"', '["uuid","7"]', 'syntax error: "7" is not a valid UUID'],
    ['"uuid"', '["named-uuid","a"]', 'expected ["uuid", <string>]'],
    ['{"type":"integer","minInteger":1}', '0', 'constraint violation: 0 is less than minimum allowed value 1'],
    ['{"type":"integer","maxInteger":1}', '2', 'constraint violation: 2 is greater than maximum allowed value 1'],
    ['{"type":"real","minReal":0.5,"maxReal":1}', '2', '2 is not in the valid range 0.5 to 1 (inclusive)'],
    [
      '{"type":"string","minLength":2}',
      '"😀"',
      'constraint violation: "😀" length 1 is less than minimum allowed length 2',
    ],
    ['{"type":"string","maxLength":1}', '"ab"', '"ab" length 2 is greater than maximum allowed length 1'],
    ['{"type":"string","enum":["set",["b","a b"]]}', '"c"', 'c is not one of the allowed values (["a b", b])'],
  ])('of %s reads %s', (base, json, expected) => {
    const [atom] = json.includes('\\udc00') ? ['\udc00'] : (parseJsonBytes(Buffer.from(`[${json}]`)) as unknown[]);
    expect(outcome(() => parseAtom(parseBaseType(JSON.parse(base)), atom))).toContain(expected);
  });

  it('sorts by type', () => {
    expect([2n ** 62n, -1, 7, -(2n ** 62n)].sort(compareAtoms)).toEqual([-(2n ** 62n), -1, 7, 2n ** 62n]);
    expect([true, false].sort(compareAtoms)).toEqual([false, true]);
    expect(['😀', '\uffee', 'b', '', 'a'].sort(compareAtoms)).toEqual(['', 'a', 'b', '\uffee', '😀']);
  });

  it('has a default for each type', () => {
    expect((['integer', 'real', 'boolean', 'string', 'uuid'] as const).map(defaultAtom)).toEqual([
      0,
      0,
      false,
      '',
      '00000000-0000-0000-0000-000000000000',
    ]);
  });

  it('gives a name one UUID, and another name another', () => {
    const names = new TransactionNames();
    const read = (name: string) => parseAtom({ type: 'uuid', refType: 'strong' }, ['named-uuid', name], names);
    expect(read('a')).toBe(read('a'));
    expect(read('a')).not.toBe(read('b'));
    expect(outcome(() => read('1'))).toContain('named-uuid string is not a valid <id>');
  });
});

describe('data', () => {
  const set = (max: unknown, min = 0) => ({ key: 'integer', min, max });
  const ids = { key: 'string', value: 'integer', min: 0, max: 2 };
  it.each([
    ['integer', 7, '7'],
    ['integer', ['set', [7]], '7'],
    ['integer', ['set', []], 'set must have exactly one member but 0 are present'],
    [set(3), ['set', [3, 1, 2]], '["set",[1,2,3]]'],
    [set(3), 7, '7'],
    [set(3), ['set', []], '["set",[]]'],
    [set(3), ['set', [1, 2, 3, 4]], 'set must have 0 to 3 members but 4 are present'],
    [set('unlimited', 1), ['set', []], 'set must have 1 to 4294967295 members but 0 are present'],
    [set(3), ['set', [1, 1]], 'ovsdb error: set contains duplicate'],
    [set(3), ['set'], 'expected ["set", <array>]'],
    [set(3), ['map', []], 'expected integer'],
    [
      ids,
      [
        'map',
        [
          ['b', 1],
          ['a', 2],
        ],
      ],
      '["map",[["a",2],["b",1]]]',
    ],
    [
      ids,
      [
        'map',
        [
          ['b', 1],
          ['b', 2],
        ],
      ],
      'ovsdb error: map contains duplicate key',
    ],
    [ids, ['map', [['b']]], 'expected 2-element array'],
    [ids, ['set', []], 'expected ["map", <array>]'],
    [ids, {}, 'expected ["map", <array>]'],
  ])('of %j reads %j', (type, json, expected) => {
    const parsed = parseType(type);
    expect(outcome(() => writeDatum(parsed, parseDatum(parsed, json)))).toContain(expected);
  });

  it('has as many default atoms as it must have', () => {
    expect(defaultDatum(parseType({ key: 'string', value: 'integer' }))).toEqual({ keys: [''], values: [0] });
    expect(defaultDatum(parseType(ids))).toEqual({ keys: [], values: [] });
    expect(defaultDatum(parseType({ key: 'boolean', min: 0 }))).toEqual({ keys: [] });
  });

  it('reads and shows values as the tools of OVS do', () => {
    const integers = parseType(set('unlimited'));
    expect(datumText(integers, readDatumText(integers, '3-5, 1'))).toBe('[1, 3, 4, 5]');
    const map = parseType(ids);
    expect(datumText(map, readDatumText(map, '{b=2 "a b"=1}'))).toBe('{"a b"=1, b=2}');
    expect(() => readDatumText(map, 'a')).toThrow('a: syntax error at "" expecting "="');
    expect(() => readDatumText(integers, '[1')).toThrow('[1: missing "]" at end of data');
    expect(() => readDatumText(parseType(set(1, 1)), '1 2')).toThrow(
      '2 value(s) specified but the maximum number is 1',
    );
  });
});

describe('laws of data', () => {
  const type = parseType({ key: 'integer', min: 0, max: 'unlimited' });
  const mapType = parseType({ key: 'string', value: 'integer', min: 0, max: 'unlimited' });
  const small = fc.constantFrom(0, 1, 2, 3, 2n ** 60n, -(2n ** 63n));
  const sets: fc.Arbitrary<Datum> = fc.uniqueArray(small).map((items) => parseDatum(type, ['set', items]));
  const maps: fc.Arbitrary<Datum> = fc
    .uniqueArray(fc.tuple(fc.constantFrom('', 'a', 'b', '😀'), small), { selector: ([key]) => key })
    .map((pairs) => parseDatum(mapType, ['map', pairs]));

  it.each([
    ['sets', type, sets],
    ['maps', mapType, maps],
  ] as const)('hold for %s', (_what, columnType, data) => {
    fc.assert(
      fc.property(data, data, (a, b) => {
        const sent = parseJsonBytes(Buffer.from(stringifyJson([writeDatum(columnType, a)])));
        expect(parseDatum(columnType, (sent as unknown[])[0])).toEqual(a);
        expect(applyDifference(columnType, a, difference(columnType, a, b))).toEqual(b);
        expect(difference(columnType, a, a).keys).toEqual([]);
        expect(includesAll(union(a, b), a)).toBe(true);
        expect(excludesAll(subtract(a, b), b)).toBe(true);
        expect(equalDatums(subtract(a, a), { keys: [] })).toBe(true);
      }),
    );
  });

  it('refuses a difference that leaves too many elements', () => {
    const three = parseType({ key: 'integer', min: 0, max: 3 });
    const change = { keys: [3, 4] };
    expect(outcome(() => applyDifference(three, { keys: [1, 2] }, change))).toContain('has size error');
    expect(applyDifference(three, { keys: [1, 3] }, change)).toEqual({ keys: [1, 4] });
  });
});
