import { compareAtoms, type NamedUuids } from './atom.ts';
import { compareText } from './canonical-json.ts';
import type { Atom } from './columns.ts';
import { compareDatums, type Datum, equalDatums, parseDatum, writeDatum } from './datum.ts';
import { excludesAll, includesAll } from './datum-algebra.ts';
import type { Json } from './json.ts';
import { rfcError, syntaxError } from './rfc-error.ts';
import type { DatumRow } from './row.ts';
import { type ColumnSchema, columnOf, type TableSchema } from './schema.ts';
import { type ColumnType, describeType, isOptionalScalar, isScalar } from './type-model.ts';

/** `<function>` of RFC 7047 section 5.1. */
export type ConditionFunction = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'includes' | 'excludes';

/** One test of a row; ovsdb-server's monitors also know `true` and `false` (ovsdb-server(7) 4.1.12). */
export type Clause =
  | { readonly kind: 'constant'; readonly holds: boolean }
  | {
      readonly kind: 'compare';
      readonly column: ColumnSchema;
      readonly function: ConditionFunction;
      readonly argument: Datum;
    };

/** In ovsdb-server's order: what leaves the fewest rows is first. */
export type ParsedCondition = readonly Clause[];

/**
 * Reads a list of `<condition>` as strictly as ovsdb-server. `<`, `<=`, `>`, `>=` are for numbers, also optional ones; `includes` and
 * `excludes` take any subset.
 * @throws OvsdbError with ovsdb-server's name and words: `syntax error`, `unknown column`, `unknown function`, and those of data
 */
export function parseCondition(table: TableSchema, json: unknown, names?: NamedUuids): ParsedCondition {
  if (!Array.isArray(json)) throw syntaxError(json, 'Parse error in condition.');
  return json.map((clause) => parseClause(table, clause, names)).sort(compareClauses);
}

/** The condition as JSON. */
export function writeCondition(condition: ParsedCondition): Json {
  return condition.map((clause) =>
    clause.kind === 'constant'
      ? clause.holds
      : [clause.column.name, clause.function, writeDatum(clause.column.type, clause.argument)],
  );
}

/** All clauses hold, as in a transaction's `where`; none is true. */
export function matchesEvery(condition: ParsedCondition, row: DatumRow): boolean {
  return condition.every((clause) => evaluateClause(clause, row));
}

/** One of the clauses holds, as in a monitor's `where`; none is true. */
export function matchesAny(condition: ParsedCondition, row: DatumRow): boolean {
  return condition.length === 0 || condition.some((clause) => evaluateClause(clause, row));
}

/** True when the clause holds for the row. A missing optional number is neither less nor greater than any. */
export function evaluateClause(clause: Clause, row: DatumRow): boolean {
  if (clause.kind === 'constant') return clause.holds;
  const { type, name } = clause.column;
  const field = row.get(name) ?? { keys: [] };
  const { argument } = clause;
  const [left] = field.keys;
  const [right, ...others] = argument.keys; // there may be others in what an optional column is to exclude
  const single = (isScalar(type) || isOptionalScalar(type)) && others.length === 0;
  if (single && left !== undefined && right !== undefined) return compareSingle(clause.function, left, right);
  switch (clause.function) {
    case '==':
      return equalDatums(field, argument);
    case '!=':
      return !equalDatums(field, argument);
    case 'includes':
      return includesAll(field, argument);
    case 'excludes':
      return excludesAll(field, argument);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return false;
  }
}

/** ovsdb-server's order of conditions: by the number of clauses, then by the clauses. */
export function compareConditions(a: ParsedCondition, b: ParsedCondition): number {
  if (a.length !== b.length) return a.length - b.length;
  for (const [n, clause] of a.entries()) {
    const order = compareClauses(clause, b[n] as Clause); // both have as many
    if (order !== 0) return order;
  }
  return 0;
}

/** By the share of rows that each is expected to leave. */
const RANKS: Readonly<Record<ConditionFunction, number>> = {
  '==': 2,
  'includes': 3,
  '<=': 4,
  '<': 5,
  '>=': 6,
  '>': 7,
  'excludes': 8,
  '!=': 9,
};

function parseClause(table: TableSchema, json: unknown, names: NamedUuids | undefined): Clause {
  if (typeof json === 'boolean') return { kind: 'constant', holds: json };
  if (!Array.isArray(json) || json.length !== 3) throw syntaxError(json, 'Parse error in condition.');
  const [name, operator, value]: readonly unknown[] = json;
  if (typeof name !== 'string' || typeof operator !== 'string') throw syntaxError(json, 'Parse error in condition.');
  const column = columnOf(table, name);
  if (column === undefined) throw syntaxError(json, `No column ${name} in table ${table.name}.`, 'unknown column');
  const type = argumentType(column, parseFunction(operator), json);
  return { kind: 'compare', column, function: parseFunction(operator), argument: parseDatum(type, value, { names }) };
}

function parseFunction(name: string): ConditionFunction {
  if (Object.hasOwn(RANKS, name)) return name as ConditionFunction; // its keys are all functions
  throw rfcError('unknown function', `No function named ${name}.`);
}

/** The column's type, with as many elements as the function allows. */
function argumentType({ name, type }: ColumnSchema, operator: ConditionFunction, json: unknown): ColumnType {
  switch (operator) {
    case '==':
    case '!=':
      return type;
    case 'includes':
      return isScalar(type) ? type : { ...type, min: 0 };
    case 'excludes':
      return isScalar(type) ? type : { ...type, min: 0, max: Number.POSITIVE_INFINITY };
    case '<':
    case '<=':
    case '>':
    case '>=': {
      const numeric = type.key.type === 'integer' || type.key.type === 'real';
      if (numeric && (isScalar(type) || isOptionalScalar(type))) return { ...type, min: 1 };
      throw syntaxError(
        json,
        `Type mismatch: "${operator}" operator may not be applied to column ${name} of type ${describeType(type)}.`,
      );
    }
  }
}

function compareSingle(operator: ConditionFunction, left: Atom, right: Atom): boolean {
  const order = compareAtoms(left, right);
  switch (operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '==':
    case 'includes':
      return order === 0;
    case '!=':
    case 'excludes':
      return order !== 0;
    case '>=':
      return order >= 0;
    case '>':
      return order > 0;
  }
}

function compareClauses(a: Clause, b: Clause): number {
  const byRank = rank(a) - rank(b);
  if (byRank !== 0 || a.kind === 'constant' || b.kind === 'constant') return byRank;
  return compareColumns(a.column.name, b.column.name) || compareDatums(a.argument, b.argument);
}

function rank(clause: Clause): number {
  return clause.kind === 'constant' ? Number(clause.holds) : RANKS[clause.function];
}

/** `_uuid` is first, since the server finds rows by it at once. */
function compareColumns(a: string, b: string): number {
  return Number(b.startsWith('_')) - Number(a.startsWith('_')) || compareText(a, b);
}
