import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeValue, encodeValue } from '../../../ovsdb/codec.ts';
import { type AtomicType, type ColumnSpec, map, optional, scalar, set } from '../../../ovsdb/columns.ts';
import { isOvsdbError } from '../../../ovsdb/errors.ts';
import { MessageSplitter } from '../../../ovsdb/framing.ts';
import { parseJson, stringifyJson } from '../../../ovsdb/json.ts';

const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const ATOMS = {
  integer: fc.maxSafeInteger(),
  int64: fc.oneof(
    fc.maxSafeInteger(),
    long.filter((value) => !Number.isSafeInteger(Number(value))),
  ),
  real: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Math.abs(value) < 2.3e-308 ? 0 : value)),
  boolean: fc.boolean(),
  string: fc.oneof(fc.string({ unit: 'grapheme' }), fc.uuid()).filter((text) => !text.includes('\0')),
  uuid: fc.uuid(),
} satisfies Record<AtomicType, fc.Arbitrary<unknown>>;
const TYPES = Object.keys(ATOMS) as AtomicType[]; // the keys just written

const valueFor = (spec: ColumnSpec): fc.Arbitrary<unknown> => {
  switch (spec.kind) {
    case 'scalar':
      return ATOMS[spec.key];
    case 'optional':
      return fc.option(ATOMS[spec.key] as fc.Arbitrary<unknown>);
    case 'set':
      return fc.array(ATOMS[spec.key] as fc.Arbitrary<unknown>).map((atoms) => new Set(atoms));
    case 'map':
      return fc
        .array(fc.tuple(ATOMS[spec.key] as fc.Arbitrary<unknown>, ATOMS[spec.value] as fc.Arbitrary<unknown>))
        .map((pairs) => new Map(pairs));
  }
};

function overTheWire(json: unknown): unknown {
  return parseJson(new MessageSplitter(1 << 20).push(Buffer.from(stringifyJson([json])))[0] as never);
}

function codeOf(act: () => unknown): string | undefined {
  try {
    act();
  } catch (error) {
    if (isOvsdbError(error)) return error.code;
    throw error;
  }
  return undefined;
}

const specs: ColumnSpec[] = [
  ...TYPES.flatMap((type) => [scalar(type), optional(type), set(type)]),
  ...TYPES.flatMap((key) => TYPES.map((value) => map(key, value))),
];

describe('codec', () => {
  it.each(specs.map((spec) => [spec.kind, spec.key, 'value' in spec ? spec.value : '', spec] as const))(
    'reads what it writes: %s of %s %s',
    (_kind, _key, _value, spec) => {
      fc.assert(
        fc.property(valueFor(spec), (value) => {
          const [json] = overTheWire(encodeValue(spec, value)) as [unknown];
          expect(decodeValue(spec, json)).toEqual(value);
        }),
        { numRuns: 25 },
      );
    },
  );

  it('encodes an iface-id as text, though it looks like a UUID', () => {
    const id = '5d1c3ec9-90d2-4d6e-8d9f-0d3c40ba4da4';
    expect(encodeValue(map('string', 'string'), { 'iface-id': id })).toEqual(['map', [['iface-id', id]]]);
    expect(encodeValue(set('string'), [id])).toEqual(['set', [id]]);
    expect(encodeValue(set('uuid'), [id])).toEqual(['set', [['uuid', id]]]);
  });

  it('reads the three ways in which one value is written', () => {
    expect(decodeValue(optional('integer'), ['set', []])).toBe(null);
    expect(decodeValue(optional('integer'), ['set', [7]])).toBe(7);
    expect(decodeValue(set('integer'), 7)).toEqual(new Set([7]));
    expect(decodeValue(scalar('integer'), ['set', [7]])).toBe(7);
  });

  it('takes a named UUID wherever a uuid goes, and nowhere else', () => {
    expect(encodeValue(set('uuid'), [{ namedUuid: 'row0' }])).toEqual(['set', [['named-uuid', 'row0']]]);
    expect(codeOf(() => encodeValue(scalar('string'), { namedUuid: 'row0' }))).toBe('invalid-value');
  });

  it('reads integer keys of a plain object', () => {
    expect(encodeValue(map('integer', 'string'), { 1: 'a', '9223372036854775807': 'b' })).toEqual([
      'map',
      [
        [1, 'a'],
        [9223372036854775807n, 'b'],
      ],
    ]);
  });

  it.each([
    [scalar('string'), '\ud800'],
    [scalar('string'), 'a\0b'],
    [scalar('string'), 1],
    [scalar('integer'), 1.5],
    [scalar('integer'), 2 ** 53],
    [scalar('int64'), 2n ** 63n],
    [scalar('real'), Number.NaN],
    [scalar('real'), Number.POSITIVE_INFINITY],
    [scalar('boolean'), 'true'],
    [scalar('uuid'), 'tap0'],
    [scalar('string'), null],
    [set('string'), 'abc'],
    [set('string'), null],
    [map('string', 'string'), ['a']],
    [map('string', 'string'), { a: 1 }],
  ] as const)('refuses to write %j with value %s', (spec, value) => {
    expect(codeOf(() => encodeValue(spec, value))).toBe('invalid-value');
  });

  it.each([
    [scalar('integer'), 9223372036854775807n],
    [scalar('integer'), '1'],
    [scalar('string'), ['set', []]],
    [optional('string'), ['set', ['a', 'b']]],
    [scalar('uuid'), '5d1c3ec9-90d2-4d6e-8d9f-0d3c40ba4da4'],
    [map('string', 'string'), ['map', [['a']]]],
    [map('string', 'string'), { a: 'b' }],
    [set('integer'), ['set', [1, 2, 1]]],
    [set('integer'), ['set']],
    [
      map('string', 'string'),
      [
        'map',
        [
          ['a', 'b'],
          ['a', 'c'],
        ],
      ],
    ],
  ] as const)('refuses to read %j from %s', (spec, json) => {
    expect(codeOf(() => decodeValue(spec, json))).toBe('protocol');
  });
});
