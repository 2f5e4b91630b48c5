import type { Row, TableName, TableSpecs, Uuid } from './columns.ts';
import { OvsdbError } from './errors.ts';
import type { AnyRow } from './table-reader.ts';

/** All tables of a replica as they were after one transaction; stays as it is. */
export class Snapshot<R extends TableSpecs> {
  /** The transaction after which this is the content, where the server numbers them. */
  readonly transaction: Uuid | undefined;
  /** Whether the replica was synced; else these are the last known rows. */
  readonly synced: boolean;
  readonly #tables: ReadonlyMap<string, ReadonlyMap<Uuid, AnyRow>>;

  constructor(tables: ReadonlyMap<string, ReadonlyMap<Uuid, AnyRow>>, transaction: Uuid | undefined, synced: boolean) {
    this.#tables = tables;
    this.transaction = transaction;
    this.synced = synced;
  }

  /** The rows of one table; the first look at all of them copies the table's map, not the rows. */
  table<K extends TableName<R>>(name: K): ReadonlyMap<Uuid, Row<R, K>> {
    const rows = this.#tables.get(name);
    if (rows === undefined) throw new OvsdbError('invalid-use', `the replica does not hold table ${name}`);
    return rows as ReadonlyMap<string, unknown> as ReadonlyMap<Uuid, Row<R, K>>; // rows are read by the declaration that types them
  }
}
