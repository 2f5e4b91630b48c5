import type { Uuid, Value } from './columns.ts';
import { OvsdbError } from './errors.ts';
import type { AnyRow, TableReader } from './table-reader.ts';

/** One row's change; `old` or `new` is missing where the row was or is. */
export type AnyChange =
  | { readonly kind: 'insert'; readonly table: string; readonly uuid: Uuid; readonly new: AnyRow }
  | { readonly kind: 'modify'; readonly table: string; readonly uuid: Uuid; readonly old: AnyRow; readonly new: AnyRow }
  | { readonly kind: 'delete'; readonly table: string; readonly uuid: Uuid; readonly old: AnyRow };

/** `update` is RFC 7047 section 4.1.6; `update2` and `update3` carry one form, ovsdb-server(7) 4.1.15. */
export type UpdateForm = 'update' | 'update2';
export type Readers = ReadonlyMap<string, TableReader>;
export type AnyTables = ReadonlyMap<string, ReadonlyMap<Uuid, AnyRow>>;

/**
 * What a `<table-updates>` does to these tables, which stay as they are; without tables, to empty ones.
 * @throws OvsdbError `protocol` when it does not fit them
 */
export function decodeUpdates(
  form: UpdateForm,
  readers: Readers,
  tables: AnyTables | undefined,
  json: unknown,
): AnyChange[] {
  const decodeRow = form === 'update' ? decodeRowUpdate : decodeRowUpdate2;
  const changes: AnyChange[] = [];
  const byTable = record(json);
  for (const table of Object.keys(byTable)) {
    const reader = readers.get(table);
    const current = tables?.get(table);
    if (reader === undefined || (current === undefined && tables !== undefined))
      throw new OvsdbError('protocol', `an update of table ${table}, which nobody asked for`);
    const updates = record(byTable[table]);
    for (const uuid of Object.keys(updates)) {
      const change = decodeRow({ table, uuid, reader, old: current?.get(uuid) }, record(updates[uuid]));
      if (change !== undefined) changes.push(change);
    }
  }
  return changes;
}

/** Puts changes into the tables. */
export function applyChanges(
  tables: ReadonlyMap<string, { apply(change: AnyChange): void }>,
  changes: readonly AnyChange[],
): void {
  for (const change of changes) tables.get(change.table)?.apply(change);
}

/** The changes that turn what was known into what was read anew. */
export function difference(known: AnyTables, read: readonly AnyChange[]): AnyChange[] {
  // Nothing was known: all is new, and a first read holds each row once.
  if ([...known.values()].every((rows) => rows.size === 0)) return read.filter(({ kind }) => kind === 'insert');
  const seen = new Map([...known.keys()].map((table) => [table, new Set<Uuid>()]));
  const changes: AnyChange[] = [];
  for (const change of read) {
    if (change.kind === 'delete') continue; // an initial read has none
    seen.get(change.table)?.add(change.uuid);
    const row = change.new;
    const old = known.get(change.table)?.get(change.uuid);
    if (old === undefined) changes.push({ kind: 'insert', table: change.table, uuid: change.uuid, new: row });
    else if (!sameRow(old, row))
      changes.push({ kind: 'modify', table: change.table, uuid: change.uuid, old, new: row });
  }
  for (const [table, rows] of known) {
    for (const [uuid, old] of rows) {
      if (!seen.get(table)?.has(uuid)) changes.push({ kind: 'delete', table, uuid, old });
    }
  }
  return changes;
}

interface RowContext {
  readonly table: string;
  readonly uuid: Uuid;
  readonly reader: TableReader;
  readonly old: AnyRow | undefined;
}

function decodeRowUpdate(
  { table, uuid, reader, old }: RowContext,
  update: Readonly<Record<string, unknown>>,
): AnyChange | undefined {
  if (update.new === undefined) return old && { kind: 'delete', table, uuid, old };
  const row = reader.row(uuid, record(update.new));
  if (old === undefined) return { kind: 'insert', table, uuid, new: row };
  return { kind: 'modify', table, uuid, old, new: row };
}

function decodeRowUpdate2(
  { table, uuid, reader, old }: RowContext,
  update: Readonly<Record<string, unknown>>,
): AnyChange | undefined {
  if ('delete' in update) return old && { kind: 'delete', table, uuid, old };
  if (update.modify !== undefined) {
    if (old === undefined) throw new OvsdbError('protocol', `${table} ${uuid} was modified and is not known`);
    return { kind: 'modify', table, uuid, old, new: reader.modified(old, record(update.modify)) };
  }
  const row = reader.row(uuid, record(update.insert ?? update.initial));
  return old === undefined ? { kind: 'insert', table, uuid, new: row } : { kind: 'modify', table, uuid, old, new: row };
}

/** True when every column is equal. */
export function sameRow(a: AnyRow, b: AnyRow): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => sameValue(a[name], b[name]));
}

function sameValue(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (a instanceof Set && b instanceof Set) return a.size === b.size && [...a].every((atom) => b.has(atom));
  if (a instanceof Map && b instanceof Map) {
    return a.size === b.size && [...a].every(([key, value]) => b.has(key) && b.get(key) === value);
  }
  return false;
}

function record(json: unknown): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new OvsdbError('protocol', 'an update is malformed');
  return json as Readonly<Record<string, unknown>>; // an object that is no array has text keys
}
