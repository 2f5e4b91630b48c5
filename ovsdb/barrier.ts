import type { ColumnName, ColumnSpecs, MapColumn, SetColumn, TableName, TableSpecs, Uuid } from './columns.ts';
import { OvsdbError } from './errors.ts';
import type { WaitOptions } from './listeners.ts';
import type { Replica } from './replica.ts';
import type { Mutation, SelectRef, Transaction, TransactResult } from './transaction.ts';

/** Columns of a table with one row: a writer raises `next`, the program that acts on the database follows with `current`. */
export interface BarrierColumns<T extends TableSpecs, K extends TableName<T>> {
  readonly table: K;
  readonly next: IntegerColumn<T[K]>;
  readonly current: IntegerColumn<T[K]>;
}

type IntegerColumn<C extends ColumnSpecs> = {
  [N in ColumnName<C>]: C[N] extends SetColumn | MapColumn
    ? never
    : C[N] extends { readonly key: 'integer' | 'int64' }
      ? N
      : never;
}[ColumnName<C>];

/** The step of one transaction. */
export interface BarrierRef<T extends TableSpecs, K extends TableName<T>> {
  readonly select: SelectRef<T, K, ColumnName<T[K]>>;
  readonly columns: BarrierColumns<T, K>;
}

/** Raises `next` by one as part of the transaction, as ovs-vsctl does with `Open_vSwitch.next_cfg`. */
export function bumpBarrier<T extends TableSpecs, K extends TableName<T>>(
  tx: Transaction<T>,
  columns: BarrierColumns<T, K>,
): BarrierRef<T, K> {
  const raise = [[columns.next, '+=', 1]] as readonly unknown[] as readonly Mutation<T[K]>[]; // IntegerColumn says that it is a number
  tx.mutate(columns.table, [], raise);
  return { select: tx.select(columns.table, [], [columns.next as ColumnName<T[K]>]), columns };
}

/**
 * Waits until `current` has reached the value that the transaction gave to `next`: what it wrote has been acted upon. The replica
 * must hold both the table and the column; the rows' own error columns say how it went.
 */
export async function waitForBarrier<T extends TableSpecs, K extends TableName<T>, R extends TableSpecs>(
  replica: Replica<R>,
  result: TransactResult<T>,
  ref: BarrierRef<T, K>,
  wait?: WaitOptions,
): Promise<void> {
  const { table, next, current } = ref.columns;
  const [row] = result.rows(ref.select) as readonly { readonly _uuid: Uuid; readonly [column: string]: unknown }[]; // by name below
  if (row === undefined) throw new OvsdbError('invalid-use', `table ${table} has no row to wait for`);
  const target = row[next] as number | bigint; // IntegerColumn
  const rows = replica.table(table as string as TableName<R>) as ReadonlyMap<
    Uuid,
    { readonly [column: string]: unknown }
  >; // throws if not held
  await replica.waitFor(() => (rows.get(row._uuid)?.[current] as number | bigint) >= target, wait);
}
