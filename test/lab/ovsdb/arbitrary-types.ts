import fc from 'fast-check';
import { parseType } from '../../../ovsdb/column-type.ts';
import type { Json } from '../../../ovsdb/json.ts';
import { type AtomicKind, type BaseType, INT64_MAX, INT64_MIN } from '../../../ovsdb/type-model.ts';

/** Types, values, conditions and mutations as JSON, most of them valid and many nearly so; small pools, so that equals meet. */
const UUIDS = [
  '00000000-0000-0000-0000-000000000000',
  '5d1c3ec9-90d2-4d6e-8d9f-0d3c40ba4da4',
  '5d1c3ec9-90d2-4d6e-8d9f-0d3c40ba4da5',
  'f0000000-0000-4000-8000-000000000000',
];
const POOLS = {
  integer: [0, 1, 2, 3, 4, -1, -7, 2 ** 53 - 1, 2n ** 53n, 3037000500, INT64_MAX, INT64_MAX - 1n, INT64_MIN],
  real: [0, 0.5, 1, 2, -1.25, 3.75, 1e300, -1e300, 1e-300, 1e15, 1e22],
  boolean: [false, true],
  string: ['', 'a', 'ab', 'abc', 'true', 'Ä', '😀', 'a😀', '\uffee', 'needs "quotes"', '\u0001\n'],
  uuid: UUIDS.map((uuid) => ['uuid', uuid]),
} satisfies Record<AtomicKind, readonly Json[]>;
const KINDS = Object.keys(POOLS) as AtomicKind[]; // the keys just written

const pool = (kind: AtomicKind): fc.Arbitrary<Json> => fc.constantFrom<Json>(...POOLS[kind]);
const integerPair = fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -3, max: 6 }));

const constraints = {
  integer: integerPair.map(([min, more]): Record<string, Json> => ({ minInteger: min, maxInteger: min + more })),
  real: integerPair.map(([min, more]): Record<string, Json> => ({ minReal: min / 2, maxReal: min + more })),
  boolean: fc.constant<Record<string, Json>>({}),
  string: integerPair.map(([min, more]): Record<string, Json> => ({ minLength: min, maxLength: min + more })),
  uuid: fc.constantFrom<Record<string, Json>>(
    { refTable: 'T0' },
    { refTable: 'T0', refType: 'weak' },
    { refTable: 'no' },
  ),
} satisfies Record<AtomicKind, fc.Arbitrary<Record<string, Json>>>;

const oddMember = fc.constantFrom<Record<string, Json>>(
  {},
  {},
  {},
  {},
  {},
  { minInteger: 1.5 },
  { refType: 'x' },
  { oh: 1 },
);

function baseTypeOf(kind: AtomicKind): fc.Arbitrary<Json> {
  const values = fc.array(pool(kind), { maxLength: 4 }).map((items): Json => ['set', items]);
  return fc.oneof(
    { arbitrary: fc.constant<Json>(kind), weight: 4 },
    { arbitrary: constraints[kind].map((more): Json => ({ type: kind, ...more })), weight: 3 },
    { arbitrary: fc.oneof(values, pool(kind)).map((items): Json => ({ type: kind, enum: items })), weight: 2 },
    { arbitrary: oddMember.map((odd): Json => ({ type: kind, ...odd })), weight: 1 },
  );
}

const baseType = fc.constantFrom(...KINDS).chain(baseTypeOf);

/** A type that may well be wrong. */
export const typeJson: fc.Arbitrary<Json> = fc.oneof(
  { arbitrary: baseType, weight: 1 },
  {
    arbitrary: fc.record(
      {
        key: baseType,
        value: baseType,
        min: fc.constantFrom<Json>(0, 0, 0, 1, 2, -1),
        max: fc.constantFrom<Json>(1, 2, 3, 'unlimited', 'unlimited', 0, 'many'),
      },
      { requiredKeys: ['key'], noNullPrototype: true },
    ),
    weight: 4,
  },
);

/** A type that is right, and refers to no table. */
export const validTypeJson: fc.Arbitrary<Json> = typeJson.filter((json) => {
  try {
    const { key, value } = parseType(json);
    return !JSON.stringify(json).includes('refTable') && key !== value;
  } catch {
    return false;
  }
});

/** An atom for this type: allowed ones, their neighbours, and now and then another type's. */
function atomFor(base: BaseType): fc.Arbitrary<Json> {
  const allowed: readonly Json[] = (base.enum ?? []).map(
    (atom): Json => (base.type === 'uuid' ? ['uuid', String(atom)] : atom),
  );
  const bounds: readonly Json[] = 'min' in base ? [base.min, base.max, 1, 2, 3] : [];
  const near = [...allowed, ...allowed, ...bounds];
  const own: fc.Arbitrary<Json> = near.length === 0 ? pool(base.type) : fc.constantFrom<Json>(...near);
  return fc.oneof(
    { arbitrary: own, weight: 40 },
    { arbitrary: pool(base.type), weight: 3 },
    { arbitrary: fc.constantFrom(...KINDS).chain(pool), weight: 1 },
    {
      arbitrary: fc.constantFrom<Json>(null, ['uuid', 'x'], ['uuid'], ['named-uuid', 'other'], ['named-uuid', '1'], {}),
      weight: 1,
    },
  );
}

/** A value that may well be wrong for the type. */
export function valueFor(json: Json): fc.Arbitrary<Json> {
  const { key, value } = parseType(json);
  const set = fc.array(atomFor(key), { maxLength: 4 }).map((items): Json => ['set', items]);
  const odd = fc.constantFrom<Json>(['set'], ['map', [[1]]], ['map'], ['set', 1], null, { a: 1 });
  if (value === undefined) {
    return fc.oneof(
      { arbitrary: atomFor(key), weight: 5 },
      { arbitrary: set, weight: 10 },
      { arbitrary: odd, weight: 1 },
    );
  }
  const pairs = fc.array(fc.tuple(atomFor(key), atomFor(value)), { maxLength: 4 });
  return fc.oneof(
    { arbitrary: pairs.map((items): Json => ['map', items]), weight: 12 },
    { arbitrary: set, weight: 2 },
    { arbitrary: odd, weight: 1 },
  );
}

const column = fc.constantFrom(...Array.from({ length: 20 }, () => 'v'), 'w', '_uuid');
const anyFunction = fc.constantFrom('==', '!=', '<', '<=', '>', '>=', 'includes', 'excludes', '=');
const anyMutator = fc.constantFrom('+=', '-=', '*=', '/=', '%=', 'insert', 'delete', '=');

/** A condition that mostly fits the type. */
export function conditionFor(json: Json): fc.Arbitrary<Json> {
  const type = parseType(json);
  const ordered = type.max === 1 && type.value === undefined && isNumeric(type.key);
  const fitting = fc.constantFrom('==', '!=', 'includes', 'excludes', ...(ordered ? ['<', '<=', '>', '>='] : []));
  const operator = fc.oneof({ arbitrary: fitting, weight: 9 }, { arbitrary: anyFunction, weight: 1 });
  return fc.oneof(
    { arbitrary: fc.tuple(column, operator, valueFor(json)), weight: 20 },
    { arbitrary: fc.constantFrom<Json>(true, false, [], ['v', '=='], 1), weight: 1 },
  );
}

/** A mutation that mostly fits the type. */
export function mutationFor(json: Json): fc.Arbitrary<Json> {
  const type = parseType(json);
  const single = type.max === 1 && type.min === 1 && type.value === undefined;
  const arithmetic = isNumeric(type.key) && type.value === undefined ? ['+=', '-=', '*=', '/=', '%='] : [];
  const fitting = fc.constantFrom(...arithmetic, ...(single && arithmetic.length > 0 ? [] : ['insert', 'delete']));
  const operator = fc.oneof({ arbitrary: fitting, weight: 9 }, { arbitrary: anyMutator, weight: 1 });
  const value = operator.chain((name) =>
    (name.endsWith('=') ? atomFor(type.key) : valueFor(json)).map((v) => [name, v] as const),
  );
  return fc.oneof(
    {
      arbitrary: fc.tuple(column, value).map(([name, [mutator, argument]]): Json => [name, mutator, argument]),
      weight: 20,
    },
    { arbitrary: fc.constantFrom<Json>(true, [], ['v', '+=']), weight: 1 },
  );
}

function isNumeric(base: BaseType): boolean {
  return base.type === 'integer' || base.type === 'real';
}

const digits = fc.string({ unit: fc.constantFrom(...'00123456789'), minLength: 1, maxLength: 22 });
/** Numbers as text, most of them as JSON has it. */
export const numberText = fc
  .tuple(
    fc.constantFrom('', '', '-', '+'),
    fc.oneof(digits, fc.constantFrom('0', '1', '9223372036854775807', '9223372036854775808', '18446744073709551616')),
    fc.option(digits, { nil: undefined }),
    fc.option(fc.tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '+', '-'), fc.oneof(fc.nat(40), fc.nat(400))), {
      nil: undefined,
    }),
  )
  .map(([sign, whole, fraction, exponent]) => {
    return `${sign}${whole}${fraction === undefined ? '' : `.${fraction}`}${exponent?.join('') ?? ''}`;
  })
  // ovsdb-server reads these as 0 to 3: the last digit overflows its 64 bits. We read the number that stands there.
  .filter((text) => !/^[-+]?0*1844674407370955161[6-9]/.test(text.replace('.', '')));

/** What stands between the quotes of a string. */
export const stringText = fc
  .array(
    fc.constantFrom(
      'a',
      'Ä',
      '😀',
      ' ',
      '\\n',
      '\\/',
      '\\x',
      '\\u0041',
      '\\ud83d\\ude00',
      '\\ud83d',
      '\\u000',
      '\\u0000',
      '\\\\',
      '\t',
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.join(''));
