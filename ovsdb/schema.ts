import { parseType, writeType } from './column-type.ts';
import { isOvsdbError, OvsdbError } from './errors.ts';
import { type Json, stringifyJson } from './json.ts';
import { isId, isJsonObject, MemberReader } from './member-reader.ts';
import { rfcError, syntaxError } from './rfc-error.ts';
import { type BaseType, type ColumnType, UINT_MAX } from './type-model.ts';

/** `<column-schema>` of RFC 7047 section 3.2. */
export interface ColumnSchema {
  readonly name: string;
  readonly type: ColumnType;
  /** false: only an insert sets it. */
  readonly mutable: boolean;
  /** true: it does not outlive the server. */
  readonly ephemeral: boolean;
}

/** `<table-schema>`. `_uuid` and `_version`, which every table has, are not among the columns: see {@link columnOf}. */
export interface TableSchema {
  readonly name: string;
  readonly columns: ReadonlyMap<string, ColumnSchema>;
  readonly mutable: boolean;
  /** Infinity for no bound. */
  readonly maxRows: number;
  /** false: a row that nothing strongly refers to is removed. */
  readonly isRoot: boolean;
  /** Sets of columns, each of which no two rows may have equal. */
  readonly indexes: readonly (readonly string[])[];
}

/** `<database-schema>`. */
export interface DatabaseSchema {
  readonly name: string;
  /** `x.y.z`, or empty when the schema has none. */
  readonly version: string;
  /** Empty when the schema has none. */
  readonly cksum: string;
  readonly tables: ReadonlyMap<string, TableSchema>;
  /** Equal for equal schemas. */
  readonly fingerprint: string;
}

/**
 * Reads a schema, the reply to `get_schema`, as strictly as ovsdb-server: nothing unknown, valid names, references to tables that are
 * there. As there, a schema without any `isRoot` has roots only, a weak reference is always mutable, and a strong reference to what is
 * no root is never ephemeral.
 * @throws OvsdbError `protocol`; `server` has ovsdb-server's name and words
 */
export function parseSchema(json: unknown): DatabaseSchema {
  try {
    const reader = new MemberReader(json, 'database schema');
    const name = String(reader.required('name', 'id'));
    const version = String(reader.optional('version', 'string') ?? '');
    const cksum = String(reader.optional('cksum', 'string') ?? '');
    const tablesJson = reader.required('tables', 'object');
    reader.finish();
    if (version !== '' && !VERSION.test(version)) {
      throw syntaxError(json, `schema version "${version}" not in format x.y.z`);
    }
    const parsed = named(tablesJson, json, parseTableSchema);
    const rooted = [...parsed.values()].some((table) => table.isRoot);
    const tables = new Map([...parsed].map(([key, table]) => [key, rooted ? table : { ...table, isRoot: true }]));
    const settled = new Map([...tables].map(([key, table]) => [key, settleReferences(table, tables)]));
    return { name, version, cksum, tables: settled, fingerprint: stringifyJson(json) };
  } catch (error) {
    if (!isOvsdbError(error)) throw error;
    throw new OvsdbError('protocol', error.message, { cause: error, server: error.server });
  }
}

/** The schema as JSON; `isRoot` is left out when all tables are roots, as old databases have it. */
export function writeSchema(schema: DatabaseSchema): Json {
  const rootsOnly = [...schema.tables.values()].every((table) => table.isRoot);
  const tables = [...schema.tables].map(([name, table]) => [name, writeTableSchema(table, rootsOnly)]);
  return {
    name: schema.name,
    ...(schema.version === '' ? {} : { version: schema.version }),
    ...(schema.cksum === '' ? {} : { cksum: schema.cksum }),
    tables: Object.fromEntries(tables),
  };
}

/** Reads a `<table-schema>`. @throws OvsdbError `syntax error` and those of types */
export function parseTableSchema(json: unknown, name: string): TableSchema {
  const reader = new MemberReader(json, `table schema for table ${name}`);
  const columnsJson = reader.required('columns', 'object');
  const mutable = reader.optional('mutable', 'boolean') !== false;
  const maxRows = reader.optional('maxRows', 'integer');
  const isRoot = reader.optional('isRoot', 'boolean') === true;
  const indexes = reader.optional('indexes', 'array');
  reader.finish();
  if (maxRows !== undefined && Number(maxRows) <= 0) throw syntaxError(json, 'maxRows must be at least 1');
  const columns = isJsonObject(columnsJson) ? columnsJson : {};
  if (Object.keys(columns).length === 0) throw syntaxError(json, 'table must have at least one column');
  const table: TableSchema = {
    name,
    columns: named(columns, json, parseColumnSchema),
    mutable,
    maxRows: maxRows === undefined || Number(maxRows) >= UINT_MAX ? Number.POSITIVE_INFINITY : Number(maxRows),
    isRoot,
    indexes: [],
  };
  const parsed = Array.isArray(indexes) ? indexes.map((index) => parseIndex(table, index, json)) : [];
  return { ...table, indexes: parsed };
}

/** The table as JSON; `isRoot` is written where it is not as `defaultIsRoot` says. */
export function writeTableSchema(table: TableSchema, defaultIsRoot = false): Json {
  const columns = [...table.columns].map(([name, column]) => [name, writeColumnSchema(column)]);
  return {
    ...(table.mutable ? {} : { mutable: false }),
    ...(table.isRoot === defaultIsRoot ? {} : { isRoot: table.isRoot }),
    columns: Object.fromEntries(columns),
    ...(table.maxRows === Number.POSITIVE_INFINITY ? {} : { maxRows: table.maxRows }),
    ...(table.indexes.length === 0 ? {} : { indexes: table.indexes }),
  };
}

/** Reads a `<column-schema>`. @throws OvsdbError `syntax error` and those of types */
export function parseColumnSchema(json: unknown, name: string): ColumnSchema {
  const reader = new MemberReader(json, `schema for column ${name}`);
  const mutable = reader.optional('mutable', 'boolean') !== false;
  const ephemeral = reader.optional('ephemeral', 'boolean') === true;
  const typeJson = reader.required('type', 'string', 'object');
  reader.finish();
  const type = parseType(typeJson);
  return { name, type, mutable: mutable || isWeak(type.key) || isWeak(type.value), ephemeral };
}

/** The column as JSON. */
export function writeColumnSchema(column: ColumnSchema): Json {
  return {
    ...(column.mutable ? {} : { mutable: false }),
    ...(column.ephemeral ? { ephemeral: true } : {}),
    type: writeType(column.type),
  };
}

/** A column by its name, `_uuid` and `_version` too. */
export function columnOf(table: TableSchema, name: string): ColumnSchema | undefined {
  return table.columns.get(name) ?? STANDARD_COLUMNS.get(name);
}

/** Names of columns that must be there and stand once; undefined for all, `_uuid` and `_version` first. @throws OvsdbError `syntax error` */
export function parseColumnSet(table: TableSchema, json: unknown): readonly string[] {
  if (json === undefined) return [...STANDARD_COLUMNS.keys(), ...table.columns.keys()];
  const names = new Set<string>();
  for (const name of Array.isArray(json) ? json : [undefined]) {
    if (typeof name !== 'string' || names.has(name)) throw syntaxError(json, 'array of distinct column names expected');
    if (columnOf(table, name) === undefined) throw syntaxError(json, `${name} is not a valid column name`);
    names.add(name);
  }
  return [...names];
}

const VERSION = /^\d+\.\d+\.\d+$/;
const STANDARD_COLUMNS: ReadonlyMap<string, ColumnSchema> = new Map(
  ['_uuid', '_version'].map((name) => [
    name,
    {
      name,
      type: { key: { type: 'uuid', refType: 'strong' }, min: 1, max: 1 },
      mutable: false,
      ephemeral: name === '_version',
    },
  ]),
);

function named<T>(members: unknown, json: unknown, parse: (member: unknown, name: string) => T): Map<string, T> {
  const entries = Object.entries(isJsonObject(members) ? members : {});
  for (const [name] of entries) {
    if (name.startsWith('_')) throw syntaxError(json, 'names beginning with "_" are reserved');
    if (!isId(name)) throw syntaxError(json, 'name must be a valid id');
  }
  return new Map(entries.map(([name, member]) => [name, parse(member, name)]));
}

function parseIndex(table: TableSchema, index: unknown, json: unknown): readonly string[] {
  const names = parseColumnSet(table, index ?? null);
  if (names.length === 0) throw syntaxError(json, 'index must have at least one column');
  const ephemeral = names.find((name) => columnOf(table, name)?.ephemeral);
  if (ephemeral !== undefined) {
    throw syntaxError(json, `ephemeral columns (such as ${ephemeral}) may not be indexed`);
  }
  return names;
}

function settleReferences(table: TableSchema, tables: ReadonlyMap<string, TableSchema>): TableSchema {
  const columns = new Map<string, ColumnSchema>();
  for (const [name, column] of table.columns) {
    const { key, value } = column.type;
    const owns = [
      ownsReferred(tables, key, `column ${name} key`),
      value !== undefined && ownsReferred(tables, value, `column ${name} value`),
    ];
    // Were it ephemeral, the rows that only it refers to would be gone when the server starts again.
    columns.set(name, owns.includes(true) ? { ...column, ephemeral: false } : column);
  }
  return { ...table, columns };
}

/** True for a strong reference to a table that is no root. */
function ownsReferred(tables: ReadonlyMap<string, TableSchema>, base: BaseType, what: string): boolean {
  if (base.type !== 'uuid' || base.refTable === undefined) return false;
  const referred = tables.get(base.refTable);
  if (referred === undefined) throw rfcError('syntax error', `${what} refers to undefined table ${base.refTable}`);
  return base.refType === 'strong' && !referred.isRoot;
}

function isWeak(base: BaseType | undefined): boolean {
  return base?.type === 'uuid' && base.refTable !== undefined && base.refType === 'weak';
}
