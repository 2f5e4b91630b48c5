import type { Attachment } from './attachment.ts';
import type { ColumnSpecs, Row, TableName, TableSpecs, Uuid } from './columns.ts';
import { encodeWhere, type Where } from './conditions.ts';
import { isOvsdbError, OvsdbError } from './errors.ts';
import { Listeners, until, type WaitOptions } from './listeners.ts';
import { checkTables, type DatabaseSchema } from './schema.ts';
import type { Session } from './session.ts';
import { type AnyRow, readersFor } from './table-reader.ts';
import { type AnyChange, applyChanges, decodeUpdates, difference, type Readers, type UpdateForm } from './updates.ts';

/** How the server keeps us up to date, best first. */
export type MonitorMethod = 'monitor_cond_since' | 'monitor_cond' | 'monitor';

export interface ReplicaOptions<R extends TableSpecs> {
  /** Rows to be replicated, by table; all where nothing is said. `monitor` alone cannot filter: `unsupported` then. */
  readonly where?: { readonly [K in keyof R]?: Where<R[K]> };
}

type TypedChange<R extends TableSpecs, K extends TableName<R>> =
  | { readonly kind: 'insert'; readonly table: K; readonly uuid: Uuid; readonly new: Row<R, K> }
  | {
      readonly kind: 'modify';
      readonly table: K;
      readonly uuid: Uuid;
      readonly old: Row<R, K>;
      readonly new: Row<R, K>;
    }
  | { readonly kind: 'delete'; readonly table: K; readonly uuid: Uuid; readonly old: Row<R, K> };

/** One row's change; testing `table` narrows the rows. */
export type Change<R extends TableSpecs> = { [K in TableName<R>]: TypedChange<R, K> }[TableName<R>];

export type ReplicaEvent<R extends TableSpecs> =
  | {
      readonly type: 'changes';
      readonly source: 'initial' | 'update' | 'resync';
      readonly changes: readonly Change<R>[];
      readonly transaction?: Uuid;
    }
  /** `resumed`: went on after the last transaction known; else all was read anew and the difference came before. */
  | { readonly type: 'synced'; readonly resumed: boolean }
  | { readonly type: 'lost'; readonly error: OvsdbError };

/** What a replica needs of its client. */
export interface ReplicaOwner {
  readonly database: string;
  readonly monitorId: string;
  release(): void;
}

/**
 * Tables of a database held in memory and kept up to date. Rows are never changed, only replaced, so that they may be kept and
 * compared by identity. Events are delivered synchronously and in commit order, after the whole message is in the tables.
 */
export class Replica<R extends TableSpecs> implements Attachment, Disposable {
  readonly #specs: R;
  readonly #options: ReplicaOptions<R>;
  readonly #owner: ReplicaOwner;
  readonly #tables: ReadonlyMap<string, Map<Uuid, AnyRow>>;
  readonly #listeners = new Listeners<ReplicaEvent<R>>();
  /** After every event, and at the end: when waiters look again. */
  readonly #turns = new Listeners<void>();
  #readers: Readers = new Map();
  #session: Session | undefined;
  #synced = false;
  #everSynced = false;
  #method: MonitorMethod | undefined;
  #fingerprint: string | undefined;
  #lastTransaction: Uuid | undefined;
  #failure: OvsdbError | undefined;
  #final: OvsdbError | undefined;

  constructor(specs: R, owner: ReplicaOwner, options: ReplicaOptions<R> = {}) {
    this.#specs = specs;
    this.#owner = owner;
    this.#options = options;
    this.#tables = new Map(Object.keys(specs).map((table) => [table, new Map<Uuid, AnyRow>()]));
  }

  /** False before the first read and without a connection; the rows are then the last known ones. */
  get synced(): boolean {
    return this.#synced;
  }

  /** The last transaction seen; only clustered databases number them, a standalone one is read anew after each reconnect. */
  get lastTransaction(): Uuid | undefined {
    return this.#lastTransaction;
  }

  get method(): MonitorMethod | undefined {
    return this.#method;
  }

  /** The rows as they are now: a live view, not a copy. */
  table<K extends TableName<R>>(name: K): ReadonlyMap<Uuid, Row<R, K>> {
    const rows = this.#tables.get(name);
    if (rows === undefined) throw new OvsdbError('invalid-use', `the replica does not hold table ${name}`);
    return rows as ReadonlyMap<string, unknown> as ReadonlyMap<Uuid, Row<R, K>>; // rows are read by the declaration that types them
  }

  /** Resolves when synced. @throws OvsdbError `schema-mismatch`, `unsupported`, `rpc-error`, `closed`, `aborted` */
  async ready(wait?: WaitOptions): Promise<void> {
    await until(this.#turns, 'waiting for the replica', () => this.#checkSynced() || undefined, wait);
  }

  subscribe(listener: (event: ReplicaEvent<R>) => void): Disposable {
    return this.#listeners.subscribe(listener);
  }

  /**
   * Resolves with the first value other than undefined, null or false; looked at now and after every event, while synced.
   * @throws what the predicate throws, and as {@link ready}
   */
  waitFor<V>(predicate: (replica: this) => V | undefined | null | false, wait?: WaitOptions): Promise<V> {
    const check = (): V | undefined => {
      const value = this.#checkSynced() ? predicate(this) : undefined;
      return value === null || value === false ? undefined : value;
    };
    return until(this.#turns, 'waiting for rows', check, wait);
  }

  [Symbol.dispose](): void {
    if (this.#final !== undefined) return;
    const session = this.#session;
    this.detach(new OvsdbError('closed', 'the replica was disposed'), true);
    this.#owner.release();
    session?.request('monitor_cancel', [this.#owner.monitorId]).catch(() => {}); // the connection may go first
  }

  attach(session: Session, schema: DatabaseSchema): void {
    this.#session = session;
    this.#failure = undefined;
    try {
      checkTables(schema, this.#specs);
      this.#readers = readersFor(schema, this.#specs);
    } catch (error) {
      this.#fail(session, error);
      return;
    }
    if (this.#fingerprint !== schema.fingerprint) this.#lastTransaction = undefined; // rows were read by another schema
    this.#fingerprint = schema.fingerprint;
    void this.#monitor(session, 'monitor_cond_since');
  }

  detach(error: OvsdbError, final: boolean): void {
    const attached = this.#session !== undefined;
    this.#session = undefined;
    this.#synced = false;
    if (final) this.#final ??= error;
    if (attached) this.#emit({ type: 'lost', error });
    else this.#turns.emit();
  }

  get monitorId(): string {
    return this.#owner.monitorId;
  }

  /** The client reads the schema again and attaches us anew. */
  canceled(error: OvsdbError): void {
    if (this.#session === undefined) return;
    this.#session = undefined;
    this.#synced = false;
    this.#emit({ type: 'lost', error });
  }

  notification(method: string, params: readonly unknown[]): void {
    if (params[0] !== this.#owner.monitorId || this.#session === undefined) return;
    if (method === 'update3') this.#onUpdate('update2', params[2], params[1]);
    else if (method === 'update2' || method === 'update') this.#onUpdate(method, params[1]);
  }

  #checkSynced(): boolean {
    if (this.#final !== undefined) throw new OvsdbError('closed', 'the replica has ended', { cause: this.#final });
    if (this.#failure !== undefined) throw this.#failure;
    return this.#synced;
  }

  async #monitor(session: Session, method: MonitorMethod): Promise<void> {
    try {
      const params = [this.#owner.database, this.#owner.monitorId, this.#monitorRequests(method)];
      if (method === 'monitor_cond_since') params.push(this.#lastTransaction ?? NO_TRANSACTION);
      await session.request(method, params, { onResult: (result) => this.#onFirstRead(session, method, result) });
    } catch (error) {
      const next = FALLBACK[method];
      const unknownMethod = isOvsdbError(error, 'rpc-error') && error.server?.error === 'unknown method';
      if (unknownMethod && next !== undefined) return this.#monitor(session, next);
      this.#fail(session, error);
    }
  }

  #monitorRequests(method: MonitorMethod): Record<string, unknown> {
    const requests: Record<string, unknown> = {};
    for (const [table, reader] of this.#readers) {
      const where = this.#options.where?.[table];
      if (where === undefined) requests[table] = { columns: reader.columns };
      else if (method === 'monitor') throw new OvsdbError('unsupported', 'the server cannot filter rows');
      else requests[table] = { columns: reader.columns, where: encodeWhere(this.#specs[table] as ColumnSpecs, where) }; // readers are made from specs
    }
    // `monitor_cond` wants a list, one entry a set of columns; the others take either.
    return Object.fromEntries(Object.entries(requests).map(([table, request]) => [table, [request]]));
  }

  #onFirstRead(session: Session, method: MonitorMethod, result: unknown): void {
    if (session !== this.#session) return; // disposed meanwhile
    this.#method = method;
    const form = method === 'monitor' ? 'update' : 'update2';
    const { found, transaction, updates } =
      method === 'monitor_cond_since' ? parseSince(result) : { found: false, transaction: undefined, updates: result };
    const changes = this.#guarded(() => {
      if (found) return decodeUpdates(form, this.#readers, this.#tables, updates);
      const nothing = new Map([...this.#tables.keys()].map((table) => [table, new Map<Uuid, AnyRow>()]));
      return difference(this.#tables, decodeUpdates(form, this.#readers, nothing, updates));
    });
    this.#lastTransaction = numbered(transaction);
    this.#synced = true;
    const source = this.#everSynced ? 'resync' : 'initial';
    this.#everSynced = true;
    applyChanges(this.#tables, changes);
    if (changes.length > 0) this.#emitChanges(source, changes);
    this.#emit({ type: 'synced', resumed: found });
  }

  #onUpdate(form: UpdateForm, updates: unknown, transaction?: unknown): void {
    const changes = this.#guarded(() => decodeUpdates(form, this.#readers, this.#tables, updates));
    if (transaction !== undefined) this.#lastTransaction = numbered(transaction);
    applyChanges(this.#tables, changes);
    if (changes.length > 0) this.#emitChanges('update', changes);
  }

  #emitChanges(source: 'initial' | 'update' | 'resync', changes: readonly AnyChange[]): void {
    const typed = changes as readonly unknown[] as readonly Change<R>[]; // rows are read by the declaration that types them
    const transaction = this.#lastTransaction === undefined ? {} : { transaction: this.#lastTransaction };
    this.#emit({ type: 'changes', source, changes: typed, ...transaction });
  }

  #emit(event: ReplicaEvent<R>): void {
    this.#listeners.emit(event);
    this.#turns.emit();
  }

  /** What does not fit what we hold ends the session; the next one reads everything anew. */
  #guarded<V>(decode: () => V): V {
    try {
      return decode();
    } catch (error) {
      this.#lastTransaction = undefined;
      throw error;
    }
  }

  #fail(session: Session, error: unknown): void {
    if (session !== this.#session || session.error !== undefined) return; // the reconnect deals with it
    this.#failure = isOvsdbError(error) ? error : new OvsdbError('protocol', 'the monitor failed', { cause: error });
    this.#emit({ type: 'lost', error: this.#failure });
  }
}

/** Asks for everything (ovsdb-server(7) 4.1.16); also what a standalone server, which does not number transactions, answers. */
const NO_TRANSACTION = '00000000-0000-0000-0000-000000000000';

function numbered(transaction: unknown): Uuid | undefined {
  return typeof transaction === 'string' && transaction !== NO_TRANSACTION ? transaction : undefined;
}

const FALLBACK: Record<MonitorMethod, MonitorMethod | undefined> = {
  monitor_cond_since: 'monitor_cond',
  monitor_cond: 'monitor',
  monitor: undefined,
};

function parseSince(result: unknown): { found: boolean; transaction: unknown; updates: unknown } {
  if (!Array.isArray(result) || typeof result[0] !== 'boolean') {
    throw new OvsdbError('protocol', 'the reply to monitor_cond_since is malformed');
  }
  return { found: result[0], transaction: result[1], updates: result[2] };
}
