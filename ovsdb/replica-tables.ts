import type { ColumnName, Row, TableName, TableSpecs, Uuid, ValueOf } from './columns.ts';
import { OvsdbError } from './errors.ts';
import { LiveTable } from './live-table.ts';
import { byColumns, byKeys, byReference, type IndexKey, type IndexPlan, TableIndex } from './table-index.ts';
import type { AnyRow } from './table-reader.ts';
import { type AnyChange, type AnyTables, applyChanges } from './updates.ts';

/** The tables of a replica, and the ways to look at them. */
export class ReplicaTables<R extends TableSpecs> {
  readonly #tables: ReadonlyMap<string, LiveTable>;
  /** The rows of each table, live. */
  protected readonly rows: AnyTables;

  constructor(specs: R) {
    this.#tables = new Map(Object.keys(specs).map((table) => [table, new LiveTable()]));
    this.rows = new Map([...this.#tables].map(([name, table]) => [name, table.rows]));
  }

  /** The rows as they are now: a live view, not a copy. */
  table<K extends TableName<R>>(name: K): ReadonlyMap<Uuid, Row<R, K>> {
    return this.#table(name).rows as ReadonlyMap<string, unknown> as ReadonlyMap<Uuid, Row<R, K>>; // rows are read by the declaration that types them
  }

  /** Rows by the values of these columns, or by the key that a function gives; kept up until it is disposed. */
  index<K extends TableName<R>, const N extends readonly ColumnName<R[K]>[]>(
    table: K,
    columns: N,
  ): TableIndex<{ readonly [I in keyof N]: ValueOf<R[K][N[I]]> }, Row<R, K>>;
  index<K extends TableName<R>, V extends IndexKey>(
    table: K,
    keyOf: (row: Row<R, K>) => V | undefined,
  ): TableIndex<readonly [V], Row<R, K>>;
  index(table: string, by: readonly string[] | ((row: never) => IndexKey | undefined)): unknown {
    const plan = typeof by === 'function' ? byKeys({ kind: 'one', of: (row) => by(typed(row)) }) : byColumns(by);
    return new TableIndex<readonly unknown[], unknown>(this.#table(table), plan as IndexPlan<readonly unknown[]>); // the overloads type the keys
  }

  /** Rows by each of the keys that a function gives: one row may have several. */
  indexMany<K extends TableName<R>, V extends IndexKey>(
    table: K,
    keysOf: (row: Row<R, K>) => Iterable<V>,
  ): TableIndex<readonly [V], Row<R, K>> {
    return new TableIndex(this.#table(table), byKeys({ kind: 'many', of: (row) => keysOf(typed(row)) }));
  }

  /** Rows by the uuids in this column: who refers to a row. */
  references<K extends TableName<R>>(table: K, column: ColumnName<R[K]>): TableIndex<readonly [Uuid], Row<R, K>> {
    return new TableIndex(this.#table(table), byReference(column));
  }

  /** All tables as they are now; they stay as they are. */
  protected versions(): AnyTables {
    return new Map([...this.#tables].map(([name, table]) => [name, table.version()]));
  }

  protected apply(changes: readonly AnyChange[]): void {
    applyChanges(this.#tables, changes);
  }

  #table(name: string): LiveTable {
    const table = this.#tables.get(name);
    if (table === undefined) throw new OvsdbError('invalid-use', `the replica does not hold table ${name}`);
    return table;
  }
}

/** Rows are read by the declaration that types them. */
function typed<V>(row: AnyRow): V {
  return row as unknown as V;
}
