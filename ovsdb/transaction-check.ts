import { defaultDatum } from './datum.ts';
import { isOvsdbError } from './errors.ts';
import { TransactionNames } from './named-uuids.ts';
import { checkInsert, checkUpdate } from './row.ts';
import type { DatabaseSchema, TableSchema } from './schema.ts';
import { transactionError } from './transact-reply.ts';
import type { Operation } from './transaction.ts';
import { type BaseType, INT64_MAX, INT64_MIN, UINT_MAX } from './type-model.ts';

/**
 * Checks the rows of inserts and updates against the schema before anything is sent. What only the server knows (references, indexes, the
 * number of rows, what a condition finds) is left to it, and so are tables that the schema lacks.
 * @throws OvsdbError the one that the server's refusal of this operation would be
 */
export function checkOperations(schema: DatabaseSchema, operations: readonly Operation[]): void {
  const names = new TransactionNames();
  for (const [n, { op, table: name, row }] of operations.entries()) {
    if (op !== 'insert' && op !== 'update') continue;
    const table = schema.tables.get(String(name));
    if (table === undefined || !mayBeRefused(op, table, row as Encoded)) continue; // both operations carry an object
    try {
      if (op === 'insert') checkInsert(table, row, names);
      else checkUpdate(table, row, names);
    } catch (error) {
      if (!isOvsdbError(error) || error.server === undefined) throw error;
      throw transactionError(operations, n, error.server);
    }
  }
}

type Encoded = Readonly<Record<string, unknown>>;

/** Cheap: values are encoded by their declared types, so that most columns, which have no constraint, cannot be refused. */
function mayBeRefused(op: 'insert' | 'update', table: TableSchema, row: Encoded): boolean {
  for (const name in row) {
    const column = table.columns.get(name);
    if (column === undefined || (op === 'update' && !column.mutable)) return true;
    const { key, value, min, max } = column.type;
    if (!isOpen(key) || (value !== undefined && !isOpen(value))) return true;
    const count = countOf(row[name]);
    if (count < min || count > max) return true;
  }
  return op === 'insert' && bareOf(table).some((name) => row[name] === undefined);
}

/** Elements of an encoded value; an atom alone is one. */
function countOf(json: unknown): number {
  if (!Array.isArray(json) || (json[0] !== 'set' && json[0] !== 'map')) return 1;
  return Array.isArray(json[1]) ? json[1].length : 1;
}

function isOpen(base: BaseType): boolean {
  if (base.enum !== undefined) return false;
  switch (base.type) {
    case 'integer':
      return base.min === INT64_MIN && base.max === INT64_MAX;
    case 'real':
      return base.min === -Number.MAX_VALUE && base.max === Number.MAX_VALUE;
    case 'string':
      return base.minLength === 0 && base.maxLength >= UINT_MAX;
    case 'boolean':
    case 'uuid':
      return true;
  }
}

const bare = new WeakMap<TableSchema, readonly string[]>();

/** Columns whose default may not fulfil their own constraints. */
function bareOf(table: TableSchema): readonly string[] {
  const known = bare.get(table);
  if (known !== undefined) return known;
  const names = [...table.columns.values()].flatMap(({ name, type }) =>
    defaultDatum(type).keys.length > 0 && !(isOpen(type.key) && (type.value === undefined || isOpen(type.value)))
      ? [name]
      : [],
  );
  bare.set(table, names);
  return names;
}
