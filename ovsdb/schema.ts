import type { ColumnSpec, TableSpecs } from './columns.ts';
import { OvsdbError } from './errors.ts';

/** Type of a column as `get_schema` has it (RFC 7047 section 3.2), without the constraints that only the server judges. */
export interface ColumnSchema {
  readonly key: BaseType;
  readonly value?: BaseType;
  readonly min: number;
  /** Infinity for "unlimited". */
  readonly max: number;
}
export type BaseType = 'integer' | 'real' | 'boolean' | 'string' | 'uuid';
export type TableSchema = ReadonlyMap<string, ColumnSchema>;
export interface DatabaseSchema {
  readonly name: string;
  readonly version: string;
  readonly tables: ReadonlyMap<string, TableSchema>;
  /** Equal for equal schemas. */
  readonly fingerprint: string;
}

/** Reads the reply to `get_schema`. @throws OvsdbError `protocol` */
export function parseSchema(json: unknown): DatabaseSchema {
  const schema = object(json, 'schema');
  const tables = new Map<string, TableSchema>();
  for (const [name, table] of Object.entries(object(schema.tables, 'tables'))) {
    const columns = new Map<string, ColumnSchema>();
    for (const [column, body] of Object.entries(object(object(table, name).columns, name))) {
      columns.set(column, parseColumn(object(body, column).type, `${name}.${column}`));
    }
    tables.set(name, columns);
  }
  return { name: String(schema.name), version: String(schema.version), tables, fingerprint: JSON.stringify(json) };
}

/** Compares what is needed with what there is and names everything that is missing at once. @throws OvsdbError `schema-mismatch` */
export function checkTables(schema: DatabaseSchema, needed: TableSpecs): void {
  const faults: string[] = [];
  for (const [tableName, columns] of Object.entries(needed)) {
    const table = schema.tables.get(tableName);
    if (table === undefined) {
      faults.push(`no table ${tableName}`);
      continue;
    }
    for (const [columnName, spec] of Object.entries(columns)) {
      const column = table.get(columnName);
      if (column !== undefined) {
        if (!fits(spec, column))
          faults.push(`${tableName}.${columnName} is ${showColumn(column)}, not ${showSpec(spec)}`);
      } else if (spec.absentOk !== true) faults.push(`no column ${tableName}.${columnName}`);
    }
  }
  if (faults.length === 0) return;
  throw new OvsdbError('schema-mismatch', `database ${schema.name} ${schema.version}: ${faults.join('; ')}`);
}

function fits(spec: ColumnSpec, column: ColumnSchema): boolean {
  if (baseType(spec.key) !== column.key) return false;
  switch (spec.kind) {
    case 'map':
      return column.value === baseType(spec.value);
    case 'set':
      return column.value === undefined;
    case 'optional':
      return column.value === undefined && column.max === 1;
    case 'scalar':
      return column.value === undefined && column.max === 1 && column.min === 1;
  }
}

function baseType(type: ColumnSpec['key']): BaseType {
  return type === 'int64' ? 'integer' : type;
}

function parseColumn(type: unknown, where: string): ColumnSchema {
  if (typeof type === 'string') return { key: parseBase(type, where), min: 1, max: 1 };
  const body = object(type, where);
  const key = parseBase(body.key, where);
  const min = body.min === undefined ? 1 : body.min;
  const max = body.max === undefined ? 1 : body.max === 'unlimited' ? Number.POSITIVE_INFINITY : body.max;
  if (typeof min !== 'number' || typeof max !== 'number')
    throw new OvsdbError('protocol', `schema: bounds of ${where}`);
  return body.value === undefined ? { key, min, max } : { key, value: parseBase(body.value, where), min, max };
}

function parseBase(type: unknown, where: string): BaseType {
  const name = typeof type === 'string' ? type : object(type, where).type;
  switch (name) {
    case 'integer':
    case 'real':
    case 'boolean':
    case 'string':
    case 'uuid':
      return name;
    default:
      throw new OvsdbError('protocol', `schema: type of ${where}`);
  }
}

function object(json: unknown, where: string): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new OvsdbError('protocol', `schema: ${where}`);
  return json as Record<string, unknown>; // an object that is no array has text keys
}

function showColumn(column: ColumnSchema): string {
  if (column.value !== undefined) return `map of ${column.key} to ${column.value}`;
  if (column.max > 1) return `set of ${column.key}`;
  return column.min === 0 ? `optional ${column.key}` : column.key;
}

function showSpec(spec: ColumnSpec): string {
  switch (spec.kind) {
    case 'map':
      return `map of ${spec.key} to ${spec.value}`;
    case 'set':
      return `set of ${spec.key}`;
    case 'optional':
      return `optional ${spec.key}`;
    case 'scalar':
      return spec.key;
  }
}
