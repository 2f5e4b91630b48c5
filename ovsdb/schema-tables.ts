import type { AtomicType, ColumnSpec, TableSpecs } from './columns.ts';
import type { DatabaseSchema } from './schema.ts';
import type { AtomicKind, ColumnType } from './type-model.ts';

/**
 * A declaration of all tables and columns of a schema, for programs that learn only then what the database holds. Integers are `int64`,
 * so that every value can be read; rows have the types of values of any column.
 */
export function tablesOf(schema: DatabaseSchema): TableSpecs {
  return Object.fromEntries(
    [...schema.tables].map(([name, { columns }]) => [
      name,
      Object.fromEntries([...columns.values()].map((column) => [column.name, specOf(column.type)])),
    ]),
  );
}

function specOf({ key, value, min, max }: ColumnType): ColumnSpec {
  if (value !== undefined) return { kind: 'map', key: atomicType(key.type), value: atomicType(value.type) };
  if (max > 1) return { kind: 'set', key: atomicType(key.type) };
  return { kind: min === 0 ? 'optional' : 'scalar', key: atomicType(key.type) };
}

function atomicType(kind: AtomicKind): AtomicType {
  return kind === 'integer' ? 'int64' : kind;
}
