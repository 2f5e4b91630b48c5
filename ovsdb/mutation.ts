import { checkAtom, compareAtoms, type NamedUuids } from './atom.ts';
import type { Atom } from './columns.ts';
import { type Datum, fitsSize, parseDatum, sorted, writeDatum } from './datum.ts';
import { subtract, union } from './datum-algebra.ts';
import { isOvsdbError, type OvsdbError } from './errors.ts';
import type { Json } from './json.ts';
import { rfcError, syntaxError } from './rfc-error.ts';
import type { DatumRow } from './row.ts';
import { type ColumnSchema, columnOf, type TableSchema } from './schema.ts';
import { type ColumnType, describeType, INT64_MAX, INT64_MIN, isScalar, isSet, plainBase } from './type-model.ts';

/** `<mutator>` of RFC 7047 section 5.1. */
export type Mutator = '+=' | '-=' | '*=' | '/=' | '%=' | 'insert' | 'delete';
type Arithmetic = Exclude<Mutator, 'insert' | 'delete'>;

export interface ParsedMutation {
  readonly column: ColumnSchema;
  readonly mutator: Mutator;
  readonly argument: Datum;
  /** Type of the argument: not always the column's, since keys alone may be taken from a map. */
  readonly argumentType: ColumnType;
}

/**
 * Reads a list of `<mutation>` as strictly as ovsdb-server.
 * @throws OvsdbError with ovsdb-server's name and words: `syntax error`, `unknown column`, `unknown mutator`, `constraint violation`
 */
export function parseMutations(table: TableSchema, json: unknown, names?: NamedUuids): readonly ParsedMutation[] {
  if (!Array.isArray(json)) throw syntaxError(json, 'Parse error in mutation.');
  return json.map((mutation) => parseMutation(table, mutation, names));
}

/** The mutations as JSON. */
export function writeMutations(mutations: readonly ParsedMutation[]): Json {
  return mutations.map(({ column, mutator, argument, argumentType }) => [
    column.name,
    mutator,
    writeDatum(argumentType, argument),
  ]);
}

/**
 * The row after the mutations, one after the other; the row given stays as it is.
 * @throws OvsdbError with ovsdb-server's name and words: `domain error`, `range error`, `constraint violation`
 */
export function executeMutations(row: DatumRow, mutations: readonly ParsedMutation[]): DatumRow {
  const changed = new Map(row);
  for (const mutation of mutations) {
    const { name } = mutation.column;
    changed.set(name, mutateDatum(mutation, changed.get(name) ?? { keys: [] }));
  }
  return changed;
}

/** The column's value after one mutation. @throws as {@link executeMutations} */
export function mutateDatum({ column, mutator, argument }: ParsedMutation, datum: Datum): Datum {
  switch (mutator) {
    case 'insert':
      return checkCount(column.type, union(datum, argument));
    case 'delete':
      return checkCount(column.type, subtract(datum, argument));
    case '+=':
    case '-=':
    case '*=':
    case '/=':
    case '%=':
      return calculate(column.type, mutator, datum, argument.keys[0] ?? 0);
  }
}

const MUTATORS = ['+=', '-=', '*=', '/=', '%=', 'insert', 'delete'] as const satisfies readonly Mutator[];

function parseMutation(table: TableSchema, json: unknown, names: NamedUuids | undefined): ParsedMutation {
  const [name, operator, value]: readonly unknown[] = Array.isArray(json) && json.length === 3 ? json : [];
  if (typeof name !== 'string' || typeof operator !== 'string') throw syntaxError(json, 'Parse error in mutation.');
  const column = columnOf(table, name);
  if (column === undefined) throw syntaxError(json, `No column ${name} in table ${table.name}.`, 'unknown column');
  if (!column.mutable) {
    const details = `Cannot mutate immutable column ${name} in table ${table.name}.`;
    throw syntaxError(json, details, 'constraint violation');
  }
  const mutator = MUTATORS.find((known) => known === operator);
  if (mutator === undefined) throw rfcError('unknown mutator', `No mutator named ${operator}.`);
  const { type } = column;
  if (mutator === 'insert' || mutator === 'delete') {
    if (isScalar(type)) throw mismatch(column, mutator, json);
    return { column, mutator, ...parseElements(type, mutator, value, names) };
  }
  const { key } = type;
  const numeric = key.type === 'integer' || (key.type === 'real' && mutator !== '%=');
  if (!numeric || !(isScalar(type) || isSet(type))) throw mismatch(column, mutator, json);
  const argumentType: ColumnType = { key: plainBase(key.type), min: 1, max: 1 };
  return { column, mutator, argument: parseDatum(argumentType, value, { names }), argumentType };
}

/** From a map may be taken pairs, or keys alone. */
function parseElements(
  type: ColumnType,
  mutator: 'insert' | 'delete',
  value: unknown,
  names: NamedUuids | undefined,
): { readonly argument: Datum; readonly argumentType: ColumnType } {
  const argumentType: ColumnType = { ...type, min: 0, max: mutator === 'delete' ? Number.POSITIVE_INFINITY : type.max };
  try {
    return { argument: parseDatum(argumentType, value, { names }), argumentType };
  } catch (error) {
    if (!isOvsdbError(error) || mutator === 'insert' || type.value === undefined) throw error;
    const keys: ColumnType = { key: type.key, min: 0, max: Number.POSITIVE_INFINITY };
    return { argument: parseDatum(keys, value, { names }), argumentType: keys };
  }
}

function mismatch({ name, type }: ColumnSchema, mutator: Mutator, json: unknown): OvsdbError {
  return syntaxError(
    json,
    `Type mismatch: "${mutator}" operator may not be applied to column ${name} of type ${describeType(type)}.`,
  );
}

function checkCount(type: ColumnType, datum: Datum): Datum {
  if (fitsSize(type, datum)) return datum;
  const details = `Attempted to store ${datum.keys.length} elements in ${describeType(type)}.`;
  throw rfcError('constraint violation', details);
}

/** Each element by itself; the results must be allowed, and no two may be equal. */
function calculate(type: ColumnType, mutator: Arithmetic, datum: Datum, argument: Atom): Datum {
  const keys = datum.keys.map((key) =>
    type.key.type === 'real'
      ? calculateReal(mutator, Number(key), Number(argument))
      : calculateInteger(mutator, toBigint(key), toBigint(argument)),
  );
  for (const key of keys) checkAtom(type.key, key);
  const inOrder = [...keys].sort(compareAtoms);
  if (inOrder.some((key, n) => n > 0 && compareAtoms(key, inOrder[n - 1] as Atom) === 0)) {
    throw rfcError('constraint violation', `Result of "${mutator}" operation contains duplicates.`);
  }
  return sorted({ keys });
}

function calculateInteger(mutator: Arithmetic, x: bigint, y: bigint): Atom {
  const result = integerResult(mutator, x, y);
  if (result < INT64_MIN || result > INT64_MAX || overflowsEarly(mutator, x, y)) throw outOfRange(mutator);
  const small = Number(result);
  return Number.isSafeInteger(small) ? small : result;
}

function integerResult(mutator: Arithmetic, x: bigint, y: bigint): bigint {
  switch (mutator) {
    case '+=':
      return x + y;
    case '-=':
      return x - y;
    case '*=':
      return x * y;
    case '/=':
      return x / divisor(y);
    case '%=':
      return x % divisor(y);
  }
}

/** Where ovsdb-server refuses what would just fit: two factors whose product is nearly 2^63, and the rest of the smallest by -1. */
function overflowsEarly(mutator: Arithmetic, x: bigint, y: bigint): boolean {
  if (mutator === '*=') return x > 0n && y > 0n && x >= INT64_MAX / y;
  return mutator === '%=' && x === INT64_MIN && y === -1n;
}

function calculateReal(mutator: Arithmetic, x: number, y: number): number {
  const result = realResult(mutator, x, y);
  if (!Number.isFinite(result)) throw outOfRange(mutator);
  return result;
}

function realResult(mutator: Arithmetic, x: number, y: number): number {
  switch (mutator) {
    case '+=':
      return x + y;
    case '-=':
      return x - y;
    case '*=':
      return x * y;
    case '/=':
      return x / divisor(y);
    case '%=':
      throw rfcError('ovsdb error', 'Operation not supported.');
  }
}

function divisor<N extends number | bigint>(value: N): N {
  if (Number(value) === 0) throw rfcError('domain error', 'Division by zero.');
  return value;
}

function outOfRange(mutator: Arithmetic): OvsdbError {
  return rfcError('range error', `Result of "${mutator}" operation is out of range.`);
}

function toBigint(atom: Atom): bigint {
  return BigInt(atom as number | bigint); // only columns of integers come here
}
