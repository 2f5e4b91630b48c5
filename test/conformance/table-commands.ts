import { randomUUID } from 'node:crypto';
import { canonicalJson } from '../../ovsdb/canonical-json.ts';
import {
  compareConditions,
  matchesAny,
  matchesEvery,
  type ParsedCondition,
  parseCondition,
  writeCondition,
} from '../../ovsdb/condition.ts';
import { equalDatums } from '../../ovsdb/datum.ts';
import { isOvsdbError, OvsdbError } from '../../ovsdb/errors.ts';
import { executeMutations, parseMutations, writeMutations } from '../../ovsdb/mutation.ts';
import { type DatumRow, equalRows, parseRow, writeRow } from '../../ovsdb/row.ts';
import {
  columnOf,
  parseColumnSchema,
  parseColumnSet,
  parseSchema,
  parseTableSchema,
  type TableSchema,
  writeColumnSchema,
  writeSchema,
  writeTableSchema,
} from '../../ovsdb/schema.ts';
import { asArray, type Printer, readArgument, unbox } from './outcome.ts';

type Arguments = readonly Uint8Array[];

export function parseColumns(print: Printer, [name, json]: Arguments): void {
  print.line(canonicalJson(writeColumnSchema(parseColumnSchema(readArgument(json), textOf(name)))));
}

export function parseTables(print: Printer, [name, json, defaultIsRoot]: Arguments): void {
  const table = parseTableSchema(readArgument(json), textOf(name));
  print.line(canonicalJson(writeTableSchema(table, textOf(defaultIsRoot) === 'true')));
}

export function parseSchemas(print: Printer, [json]: Arguments): void {
  print.line(canonicalJson(writeSchema(parseSchema(readArgument(json)))));
}

export function parseRows(print: Printer, [tableJson, ...rows]: Arguments): void {
  const table = readTable(tableJson);
  for (const json of rows) {
    const { row, included } = parseRow(table, unbox(readArgument(json)));
    print.line(canonicalJson(writeRow(table, row)));
    print.line([...included].sort().join(', ') || '<none>');
  }
}

/** OVS hashes of a UUID its first word alone, since the rest is as random: rows that differ nowhere else have equal hashes. */
export function compareRows(print: Printer, [tableJson, ...rows]: Arguments): void {
  const table = readTable(tableJson);
  const parsed = rows.map((json) => {
    const [name, row]: readonly unknown[] = asArray(readArgument(json), 'row');
    return { name: String(name), row: parseRow(table, row).row };
  });
  for (const [n, a] of parsed.entries()) {
    for (const b of parsed.slice(n + 1)) {
      if (equalRows(a.row, b.row)) print.line(`${a.name} == ${b.name}`);
      else if (hashed(table, a.row) === hashed(table, b.row)) print.line(`hash(${a.name}) == hash(${b.name})`);
    }
  }
}

export function parseConditions(print: Printer, [tableJson, ...conditions]: Arguments): void {
  const table = readTable(tableJson);
  for (const json of conditions) {
    attempt(print, () => print.line(canonicalJson(writeCondition(parseCondition(table, readArgument(json))))));
  }
}

export function evaluateConditions(print: Printer, args: Arguments): void {
  evaluate(print, args, matchesEvery);
}

export function evaluateConditionsAny(print: Printer, args: Arguments): void {
  evaluate(print, args, matchesAny);
}

export function compareConditionPairs(print: Printer, [tableJson, conditionsJson]: Arguments): void {
  const conditions = readConditions(readTable(tableJson), conditionsJson);
  for (const [n, condition] of conditions.slice(1).entries()) {
    const order = Math.sign(compareConditions(conditions[n] ?? [], condition));
    print.line(`condition ${n}-${n + 1}: ${order}`);
  }
}

export function parseMutationLists(print: Printer, [tableJson, ...mutations]: Arguments): void {
  const table = readTable(tableJson);
  for (const json of mutations) {
    attempt(print, () => print.line(canonicalJson(writeMutations(parseMutations(table, readArgument(json))))));
  }
}

export function executeMutationLists(print: Printer, [tableJson, mutationsJson, rowsJson]: Arguments): void {
  const table = readTable(tableJson);
  const lists = asArray(readArgument(mutationsJson), 'MUTATION argument').map((list) => parseMutations(table, list));
  const rows = readRows(table, rowsJson);
  for (const [n, mutations] of lists.entries()) {
    print.line(`mutation ${String(n).padStart(2)}:`);
    for (const [at, row] of rows.entries()) {
      print.line(`row ${at}: ${showMutated(table, row, () => executeMutations(row, mutations))}`);
    }
    print.line('');
  }
}

export function query(print: Printer, [tableJson, rowsJson, conditionsJson]: Arguments): void {
  const table = readTable(tableJson);
  const rows = readRows(table, rowsJson);
  for (const [n, condition] of readConditions(table, conditionsJson).entries()) {
    const marks = rows.map((row) => (matchesEvery(condition, row) ? '1' : '-'));
    print.line(`query ${String(n).padStart(2)}:${inFives(marks)}`);
  }
}

export function queryDistinct(print: Printer, [tableJson, rowsJson, conditionsJson, columnsJson]: Arguments): void {
  const table = readTable(tableJson);
  const columns = parseColumnSet(table, readArgument(columnsJson));
  const rows = withUuids(readRows(table, rowsJson));
  const examples: DatumRow[] = [];
  const classes = rows.map((row) => {
    const known = examples.findIndex((example) => equalRows(example, row, columns));
    return known === -1 ? examples.push(row) - 1 : known;
  });
  for (const [n, condition] of readConditions(table, conditionsJson).entries()) {
    const found = new Set(classes.filter((_, at) => matchesEvery(condition, rows[at] as DatumRow))); // one class a row
    const marks = classes.map((name) => (found.has(name) ? String.fromCharCode(0x61 + name) : '-'));
    print.line(`query ${String(n).padStart(2)}:${inFives(marks)}`);
  }
}

function evaluate(
  print: Printer,
  [tableJson, conditionsJson, rowsJson]: Arguments,
  matches: (condition: ParsedCondition, row: DatumRow) => boolean,
): void {
  const table = readTable(tableJson);
  const conditions = readConditions(table, conditionsJson);
  const rows = readRows(table, rowsJson);
  for (const [n, condition] of conditions.entries()) {
    const marks = rows.map((row) => (matches(condition, row) ? 'T' : '-'));
    print.line(`condition ${String(n).padStart(2)}:${inFives(marks)}`);
  }
}

function showMutated(table: TableSchema, row: DatumRow, mutate: () => DatumRow): string {
  try {
    const changed = mutate();
    const columns = parseColumnSet(table, undefined).filter((name) => {
      const [before, after] = [row.get(name), changed.get(name)];
      return columnOf(table, name) !== undefined && before && after && !equalDatums(before, after);
    });
    return columns.length === 0 ? 'no change' : canonicalJson(writeRow(table, changed, columns));
  } catch (error) {
    if (!isOvsdbError(error)) throw error;
    return error.message;
  }
}

function attempt(print: Printer, act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof OvsdbError)) throw error;
    print.fault(error);
  }
}

function inFives(marks: readonly string[]): string {
  return marks.map((mark, n) => (n % 5 === 0 ? ` ${mark}` : mark)).join('');
}

function readTable(json: Uint8Array | undefined): TableSchema {
  return parseTableSchema(unbox(readArgument(json)), 'mytable');
}

function readRows(table: TableSchema, json: Uint8Array | undefined): readonly DatumRow[] {
  return asArray(readArgument(json), 'ROW argument').map((row) => parseRow(table, row).row);
}

function readConditions(table: TableSchema, json: Uint8Array | undefined): readonly ParsedCondition[] {
  return asArray(readArgument(json), 'CONDITION argument').map((condition) => parseCondition(table, condition));
}

function hashed(table: TableSchema, row: DatumRow): string {
  return canonicalJson(writeRow(table, row)).replaceAll(/(\["uuid","[0-9a-f]{8})[-0-9a-f]{28}/g, '$1');
}

/** Rows of a table have a UUID each. */
function withUuids(rows: readonly DatumRow[]): readonly DatumRow[] {
  return rows.map((row) => new Map(row).set('_uuid', { keys: [randomUUID()] }));
}

function textOf(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('utf8');
}
