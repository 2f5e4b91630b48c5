import type { NamedUuids } from './atom.ts';
import { checkDatum, compareDatums, type Datum, defaultDatum, parseDatum, writeDatum } from './datum.ts';
import type { Json } from './json.ts';
import { isJsonObject } from './member-reader.ts';
import { TransactionNames } from './named-uuids.ts';
import { syntaxError } from './rfc-error.ts';
import { type ColumnSchema, columnOf, parseColumnSet, type TableSchema } from './schema.ts';

/** A row in ovsdb-server's own form: a value for each of its table's columns, `_uuid` and `_version` too. */
export type DatumRow = ReadonlyMap<string, Datum>;

export interface ParsedRow {
  readonly row: DatumRow;
  /** Names of the columns that the JSON had; the others have their defaults. */
  readonly included: readonly string[];
}

/** The row that an insert of nothing makes; both UUIDs are zero, the server gives them. */
export function defaultRow(table: TableSchema): DatumRow {
  return new Map(columnsOf(table).map((column) => [column.name, defaultDatum(column.type)]));
}

/**
 * Reads a `<row>` (RFC 7047 section 5.1) and checks each value against its column.
 * @throws OvsdbError with ovsdb-server's name and words: `unknown column`, and those of {@link parseDatum}
 */
export function parseRow(table: TableSchema, json: unknown, names?: NamedUuids): ParsedRow {
  if (!isJsonObject(json)) throw syntaxError(json, 'row must be JSON object');
  const row = new Map(defaultRow(table));
  for (const [name, value] of Object.entries(json)) {
    const column = columnOf(table, name);
    if (column === undefined) throw syntaxError(json, `No column ${name} in table ${table.name}.`, 'unknown column');
    row.set(name, parseDatum(column.type, value, { names }));
  }
  return { row, included: Object.keys(json) };
}

/** These columns of the row as JSON; all when none are named. */
export function writeRow(table: TableSchema, row: DatumRow, columns?: readonly string[]): Record<string, Json> {
  const json: Record<string, Json> = {};
  for (const name of columns ?? parseColumnSet(table, undefined)) {
    const column = columnOf(table, name);
    const datum = row.get(name);
    if (column !== undefined && datum !== undefined) json[name] = writeDatum(column.type, datum);
  }
  return json;
}

/** Negative, zero or positive: by the columns in the order given. */
export function compareRows(a: DatumRow, b: DatumRow, columns: Iterable<string>): number {
  for (const name of columns) {
    const order = compareDatums(a.get(name) ?? NOTHING, b.get(name) ?? NOTHING);
    if (order !== 0) return order;
  }
  return 0;
}

export function equalRows(a: DatumRow, b: DatumRow, columns: Iterable<string> = a.keys()): boolean {
  return compareRows(a, b, columns) === 0;
}

/**
 * Checks a row before it is sent in an `insert`: its values, and the defaults of the columns that it leaves out. What only the server
 * knows (references, indexes, the number of rows) is not looked at.
 * @throws OvsdbError as the server would refuse it
 */
export function checkInsert(table: TableSchema, json: unknown, names: NamedUuids = new TransactionNames()): void {
  const { row } = parseRow(table, json, names);
  for (const column of columnsOf(table)) {
    const datum = row.get(column.name);
    if (datum?.keys.length === 1) checkDatum(column.type, datum); // only a single value can be a default
  }
}

/** Checks a row before it is sent in an `update`. @throws OvsdbError as the server would refuse it */
export function checkUpdate(table: TableSchema, json: unknown, names: NamedUuids = new TransactionNames()): void {
  for (const name of parseRow(table, json, names).included) {
    if (columnOf(table, name)?.mutable === true) continue;
    throw syntaxError(json, `Cannot update immutable column ${name} in table ${table.name}.`, 'constraint violation');
  }
}

const NOTHING: Datum = { keys: [] };

function columnsOf(table: TableSchema): readonly ColumnSchema[] {
  return parseColumnSet(table, undefined).flatMap((name) => columnOf(table, name) ?? []);
}
