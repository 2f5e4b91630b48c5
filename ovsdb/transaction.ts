import { decodeAtom, decodeValue, isUuid, type Json } from './codec.ts';
import {
  type ColumnName,
  type ColumnSpecs,
  type InputOf,
  type InputRow,
  type NamedUuid,
  ownMember,
  type RowOf,
  type TableName,
  type TableSpecs,
  type Uuid,
} from './columns.ts';
import { encodeMutations, encodeRow, encodeWhere, type Mutation, type Where } from './conditions.ts';
import { OvsdbError } from './errors.ts';

export type { Condition, Mutation, Where } from './conditions.ts';

/** One operation of RFC 7047 section 5.2, as it goes on the wire. */
export type Operation = { readonly op: string } & { readonly [key: string]: Json };

/** Stands for the row to be inserted; may be given wherever a uuid goes, in the same transaction. */
export interface InsertRef extends NamedUuid {
  /** -1 while the row is announced and not inserted. */
  readonly operation: number;
}
export interface InsertOptions {
  /** The reference that {@link Transaction.announce} gave, used before the row was. */
  readonly as?: InsertRef;
  /** The row's UUID, chosen by us (OVS 2.13 and later, ovsdb-server(7) 5.2.1); `duplicate-uuid` when it is or was in use. */
  readonly uuid?: Uuid;
}
/** An operation that answers with the number of rows it touched. */
export interface CountRef {
  readonly operation: number;
}
/** An operation that answers with rows of table K. */
export interface SelectRef<T extends TableSpecs, K extends TableName<T>, C extends ColumnName<T[K]>> {
  readonly operation: number;
  readonly table: K;
  readonly columns: readonly C[];
  /** Carries the type of the tables; never there. */
  readonly tables?: T;
}

export interface WaitExpectation<C extends ColumnSpecs> {
  readonly where: Where<C>;
  readonly columns: readonly (ColumnName<C> | '_uuid')[];
  readonly until: '==' | '!=';
  readonly rows: readonly InputRow<C>[];
  /**
   * How long the server may wait for it; 0, the default, is a test. Infinity: as long as it takes. The client's own limit for the
   * reply is that of `transact`.
   */
  readonly timeoutMs?: number;
}

/** Collects operations; pure, values are encoded and checked as they are given. All of it is done, or nothing. */
export class Transaction<T extends TableSpecs> {
  readonly tables: T;
  readonly #operations: Operation[] = [];
  #announced = 0;

  constructor(tables: T) {
    this.tables = tables;
  }

  get operations(): readonly Operation[] {
    return this.#operations;
  }

  /** A reference to a row that is inserted further on, by `insert(…, { as })`: for rows that refer to each other. */
  announce(): InsertRef {
    return { namedUuid: `announced${++this.#announced}`, operation: -1 };
  }

  insert<K extends TableName<T>>(table: K, row: InputRow<T[K]>, { as, uuid }: InsertOptions = {}): InsertRef {
    if (as !== undefined && as.operation !== -1) throw new OvsdbError('invalid-use', 'this reference has a row');
    if (uuid !== undefined && !isUuid(uuid)) throw new OvsdbError('invalid-value', `${uuid} is no uuid`);
    const ref: { namedUuid: string; operation: number } = as ?? {
      namedUuid: `row${this.#operations.length}`,
      operation: -1,
    };
    const encoded = encodeRow(this.#columns(table), row);
    const own = uuid === undefined ? {} : { uuid };
    ref.operation = this.#add({ op: 'insert', table, row: encoded, 'uuid-name': ref.namedUuid, ...own });
    return ref;
  }

  update<K extends TableName<T>>(table: K, where: Where<T[K]>, row: InputRow<T[K]>): CountRef {
    const columns = this.#columns(table);
    return {
      operation: this.#add({ op: 'update', table, where: encodeWhere(columns, where), row: encodeRow(columns, row) }),
    };
  }

  mutate<K extends TableName<T>>(table: K, where: Where<T[K]>, mutations: readonly Mutation<T[K]>[]): CountRef {
    const columns = this.#columns(table);
    const encoded = encodeMutations(columns, mutations);
    return { operation: this.#add({ op: 'mutate', table, where: encodeWhere(columns, where), mutations: encoded }) };
  }

  /** Sets these keys of a map whatever they were and leaves the others; `insert` alone keeps a key that is there. */
  putKeys<K extends TableName<T>, N extends ColumnName<T[K]>>(
    table: K,
    where: Where<T[K]>,
    column: N,
    entries: InputOf<T[K][N]>,
  ): CountRef {
    const keys = entries instanceof Map ? [...entries.keys()] : Object.keys(entries as object); // a map column takes nothing else
    const mutations = [
      [column, 'delete', keys],
      [column, 'insert', entries],
    ] as readonly unknown[] as readonly Mutation<T[K]>[]; // N is checked by encodeMutations to be a map
    return this.mutate(table, where, mutations);
  }

  delete<K extends TableName<T>>(table: K, where: Where<T[K]>): CountRef {
    return { operation: this.#add({ op: 'delete', table, where: encodeWhere(this.#columns(table), where) }) };
  }

  /** The rows as this transaction sees them at this place; all declared columns unless some are named. */
  select<K extends TableName<T>, C extends ColumnName<T[K]> = ColumnName<T[K]>>(
    table: K,
    where: Where<T[K]>,
    columns?: readonly C[],
  ): SelectRef<T, K, C> {
    const specs = this.#columns(table);
    const names = columns ?? (Object.keys(specs) as C[]); // the keys of T[K]
    const operation = this.#add({
      op: 'select',
      table,
      where: encodeWhere(specs, where),
      columns: ['_uuid', ...names],
    });
    return { operation, table, columns: names };
  }

  /** The transaction fails with `wait-failed` unless the rows are as expected. */
  wait<K extends TableName<T>>(table: K, expectation: WaitExpectation<T[K]>): void {
    const columns = this.#columns(table);
    const { timeoutMs = 0 } = expectation;
    this.#add({
      op: 'wait',
      ...(timeoutMs === Number.POSITIVE_INFINITY ? {} : { timeout: timeoutMs }), // left out: no limit (RFC 7047 section 5.2.6)
      table,
      where: encodeWhere(columns, expectation.where),
      columns: expectation.columns,
      until: expectation.until,
      rows: expectation.rows.map((row) => encodeRow(columns, row)),
    });
  }

  /** The row must be there, with exactly these values; a mutate of a row that is gone would succeed and do nothing. */
  requireRow<K extends TableName<T>>(table: K, uuid: Uuid, preImage: InputRow<T[K]> = {}): void {
    const where: Where<T[K]> = [['_uuid', '==', uuid]];
    const columns = (Object.keys(preImage) as ColumnName<T[K]>[]).filter((name) => preImage[name] !== undefined); // InputRow has no other keys
    if (columns.length === 0) this.wait(table, { where, columns: ['_uuid'], until: '!=', rows: [] });
    else this.wait(table, { where, columns, until: '==', rows: [preImage] });
  }

  /** No row may match. */
  requireNone<K extends TableName<T>>(table: K, where: Where<T[K]>): void {
    this.wait(table, { where, columns: ['_uuid'], until: '==', rows: [] });
  }

  /** The transaction fails with `lock-not-owned` unless this connection holds the lock. */
  assertLock(name: string): void {
    this.#add({ op: 'assert', lock: name });
  }

  /** Goes into the database's log, for people. */
  comment(text: string): void {
    this.#add({ op: 'comment', comment: text });
  }

  /** Resolves only when the change is on disk; on a cluster it always is. */
  commit(options: { readonly durable: boolean }): void {
    this.#add({ op: 'commit', durable: options.durable });
  }

  /** Lets the transaction fail with `transaction-aborted`: to try what it would do. */
  abort(): void {
    this.#add({ op: 'abort' });
  }

  #add(operation: Operation): number {
    return this.#operations.push(operation) - 1;
  }

  #columns<K extends TableName<T>>(table: K): T[K] {
    const columns = Object.hasOwn(this.tables, table) ? this.tables[table] : undefined;
    if (columns === undefined) throw new OvsdbError('invalid-use', `table ${table} was not declared`);
    return columns;
  }
}

/** What the server answered to each operation of a committed transaction. */
export class TransactResult<T extends TableSpecs> {
  readonly #tables: T;
  readonly #results: readonly Readonly<Record<string, unknown>>[];

  constructor(tables: T, results: readonly Readonly<Record<string, unknown>>[]) {
    this.#tables = tables;
    this.#results = results;
  }

  /** UUID of an inserted row. */
  uuid(ref: InsertRef): Uuid {
    return decodeAtom('uuid', this.#at(ref.operation).uuid) as Uuid; // decodeAtom throws on all else
  }

  /** Rows matched by an update, mutate or delete; 0 is no error to the server. */
  count(ref: CountRef): number {
    return decodeAtom('integer', this.#at(ref.operation).count) as number; // decodeAtom throws on all else
  }

  /** Rows of a select. */
  rows<K extends TableName<T>, C extends ColumnName<T[K]>>(
    ref: SelectRef<T, K, C>,
  ): readonly Pick<RowOf<T[K]>, C | '_uuid'>[] {
    const { rows } = this.#at(ref.operation);
    if (!Array.isArray(rows)) throw new OvsdbError('protocol', 'the reply to a select has no rows');
    const columns = this.#tables[ref.table] as ColumnSpecs; // the builder has checked the table
    const decoded = rows.map((row: Readonly<Record<string, unknown>>) => decodeRow(columns, ref.columns, row));
    return decoded as readonly unknown[] as readonly Pick<RowOf<T[K]>, C | '_uuid'>[]; // decoded by the types' own declaration
  }

  #at(operation: number): Readonly<Record<string, unknown>> {
    const result = this.#results[operation];
    if (result === undefined) throw new OvsdbError('invalid-use', 'this reference belongs to another transaction');
    return result;
  }
}

function decodeRow(
  specs: ColumnSpecs,
  columns: readonly string[],
  json: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const row: Record<string, unknown> = { _uuid: decodeAtom('uuid', json._uuid) };
  for (const name of columns) {
    const spec = ownMember(specs, name);
    const value = ownMember(json, name);
    if (spec !== undefined) row[name] = value === undefined ? undefined : decodeValue(spec, value);
  }
  return row;
}
