import type { ColumnSpec, ColumnSpecs, TableSpecs } from './columns.ts';
import { OvsdbError } from './errors.ts';
import type { DatabaseSchema } from './schema.ts';
import type { AtomicKind, ColumnType } from './type-model.ts';

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
      const column = table.columns.get(columnName);
      if (column !== undefined) {
        if (!fits(spec, column.type))
          faults.push(`${tableName}.${columnName} is ${showColumn(column.type)}, not ${showSpec(spec)}`);
      } else if (spec.absentOk !== true) faults.push(`no column ${tableName}.${columnName}`);
    }
  }
  if (faults.length === 0) return;
  throw new OvsdbError('schema-mismatch', `database ${schema.name} ${schema.version}: ${faults.join('; ')}`);
}

/** Names of columns without those that may be absent and are. */
export function presentColumns<N extends string>(
  schema: DatabaseSchema | undefined,
  table: string,
  specs: ColumnSpecs,
  names: readonly N[],
): readonly N[] {
  const known = schema?.tables.get(table)?.columns;
  return known === undefined ? names : names.filter((name) => known.has(name) || specs[name]?.absentOk !== true);
}

function fits(spec: ColumnSpec, type: ColumnType): boolean {
  if (atomicKind(spec.key) !== type.key.type) return false;
  switch (spec.kind) {
    case 'map':
      return type.value?.type === atomicKind(spec.value);
    case 'set':
      return type.value === undefined;
    case 'optional':
      return type.value === undefined && type.max === 1;
    case 'scalar':
      return type.value === undefined && type.max === 1 && type.min === 1;
  }
}

function atomicKind(type: ColumnSpec['key']): AtomicKind {
  return type === 'int64' ? 'integer' : type;
}

function showColumn({ key, value, min, max }: ColumnType): string {
  if (value !== undefined) return `map of ${key.type} to ${value.type}`;
  if (max > 1) return `set of ${key.type}`;
  return min === 0 ? `optional ${key.type}` : key.type;
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
