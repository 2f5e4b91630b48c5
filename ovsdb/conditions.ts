import { encodeMap, encodeSet, encodeValue, type Json } from './codec.ts';
import {
  type AtomOf,
  type ColumnName,
  type ColumnSpec,
  type ColumnSpecs,
  type InputOf,
  type MapColumn,
  type NamedUuid,
  ownMember,
  type Uuid,
} from './columns.ts';
import { OvsdbError } from './errors.ts';

export type ConditionOperator = '==' | '!=' | 'includes' | 'excludes' | '<' | '<=' | '>' | '>=';

/** One test of a row (RFC 7047 section 5.1). */
export type Condition<C extends ColumnSpecs> =
  | { [N in ColumnName<C>]: readonly [N, ConditionOperator, InputOf<C[N]>] }[ColumnName<C>]
  | readonly ['_uuid', '==' | '!=', Uuid | NamedUuid];

/** All must hold; `[]` is every row. */
export type Where<C extends ColumnSpecs> = readonly Condition<C>[];

type Arithmetic = '+=' | '-=' | '*=' | '/=' | '%=';
type MutationOf<N, S> =
  S extends MapColumn<infer K>
    ?
        | readonly [N, 'insert', InputOf<S>]
        | readonly [N, 'delete', InputOf<S> | readonly AtomOf<K>[] | ReadonlySet<AtomOf<K>>]
    : readonly [N, Arithmetic, number | bigint] | readonly [N, 'insert' | 'delete', InputOf<S>];

/** One change of a column's value in place; `delete` on a map takes entries, or a list of keys. */
export type Mutation<C extends ColumnSpecs> = { [N in ColumnName<C>]: MutationOf<N, C[N]> }[ColumnName<C>];

/** Conditions as they go on the wire. @throws OvsdbError `invalid-value`, `invalid-use` */
export function encodeWhere<C extends ColumnSpecs>(columns: C, where: Where<C>): Json[] {
  return (where as readonly (readonly [string, string, unknown])[]).map(([name, operator, value]) => [
    name,
    operator,
    name === '_uuid' ? encodeValue(UUID_COLUMN, value) : named(name, () => encodeValue(columnOf(columns, name), value)),
  ]);
}

/** Mutations as they go on the wire. */
export function encodeMutations<C extends ColumnSpecs>(columns: C, mutations: readonly Mutation<C>[]): Json[] {
  return (mutations as readonly (readonly [string, string, unknown])[]).map(([name, mutator, value]) => {
    const spec = columnOf(columns, name);
    return [name, mutator, named(name, () => encodeOperand(spec, mutator, value))];
  });
}

/** A row as it goes on the wire; columns with value `undefined` are left out. */
export function encodeRow(columns: ColumnSpecs, row: object): Record<string, Json> {
  const encoded: Record<string, Json> = {};
  for (const [name, value] of Object.entries(row)) {
    if (value !== undefined) encoded[name] = named(name, () => encodeValue(columnOf(columns, name), value));
  }
  return encoded;
}

function encodeOperand(spec: ColumnSpec, mutator: string, value: unknown): Json {
  if (mutator !== 'insert' && mutator !== 'delete') return encodeValue({ kind: 'scalar', key: spec.key }, value);
  if (spec.kind !== 'map') return encodeValue(spec, value);
  const keys = mutator === 'delete' && (Array.isArray(value) || value instanceof Set);
  return keys ? encodeSet(spec.key, value) : encodeMap(spec.key, spec.value, value);
}

const UUID_COLUMN: ColumnSpec = { kind: 'scalar', key: 'uuid' };

function columnOf(columns: ColumnSpecs, name: string): ColumnSpec {
  const spec = ownMember(columns, name);
  if (spec === undefined) throw new OvsdbError('invalid-use', `column ${name} was not declared`);
  return spec;
}

function named<V>(column: string, encode: () => V): V {
  try {
    return encode();
  } catch (error) {
    if (!(error instanceof OvsdbError)) throw error;
    throw new OvsdbError(error.code, `column ${column}: ${error.message}`, { cause: error });
  }
}
