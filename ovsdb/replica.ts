import type { Attachment } from './attachment.ts';
import type { TableSpecs, Uuid } from './columns.ts';
import { asOvsdbError, isOvsdbError, OvsdbError } from './errors.ts';
import { given, until, type WaitOptions } from './listeners.ts';
import { ConditionState, encodeConditions, type MonitorConditions } from './monitor-conditions.ts';
import * as monitor from './monitor-request.ts';
import type { ReplicaEvent, ReplicaOptions, ReplicaOwner } from './replica-events.ts';
import { ReplicaFeed } from './replica-feed.ts';
import { ReplicaTables } from './replica-tables.ts';
import type { DatabaseSchema } from './schema.ts';
import { checkTables } from './schema-check.ts';
import type { Session } from './session.ts';
import { Snapshot } from './snapshot.ts';
import { AmbiguousDifference, readersFor } from './table-reader.ts';
import { decodeUpdates, type Readers, type UpdateForm } from './updates.ts';

export type { MonitorConditions, MonitorWhere } from './monitor-conditions.ts';
export type { MonitorMethod } from './monitor-request.ts';
export type { Change, ReplicaEvent, ReplicaOptions, ReplicaOwner } from './replica-events.ts';

/**
 * Tables of a database held in memory and kept up to date. Rows are never changed, only replaced, so that they may be kept and
 * compared by identity. Events are delivered synchronously and in commit order, after the whole message is in the tables.
 */
export class Replica<R extends TableSpecs> extends ReplicaTables<R> implements Attachment, Disposable {
  readonly #specs: R;
  readonly #owner: ReplicaOwner;
  readonly #conditions: ConditionState;
  readonly #feed = new ReplicaFeed<R>();
  #readers: Readers = new Map();
  #session: Session | undefined;
  /** Counts monitors. Each has an id of its own, so that nothing of an earlier one is taken for it. */
  #round = 0;
  #synced = false;
  #everSynced = false;
  #method: monitor.MonitorMethod | undefined;
  #fingerprint: string | undefined;
  #lastTransaction: Uuid | undefined;
  #failure: OvsdbError | undefined;
  /** Why nothing could be read; the client goes on to try, and it is forgotten when it can. */
  #unreadable: OvsdbError | undefined;
  #final: OvsdbError | undefined;

  constructor(specs: R, owner: ReplicaOwner, options: ReplicaOptions<R> = {}) {
    super(specs);
    this.#specs = specs;
    this.#owner = owner;
    this.#conditions = new ConditionState(encodeConditions(specs, options.where ?? {}));
  }

  /** False before the first read and without a connection; the rows are then the last known ones. */
  get synced(): boolean {
    return this.#synced;
  }

  /** The last transaction seen; only clustered databases number them, a standalone one is read anew after each reconnect. */
  get lastTransaction(): Uuid | undefined {
    return this.#lastTransaction;
  }

  get method(): monitor.MonitorMethod | undefined {
    return this.#method;
  }

  /** Of the monitor on this connection. */
  get monitorId(): string {
    return `${this.#owner.monitorId}.${this.#round}`;
  }

  /** All tables as they are now, for good: O(tables), and O(1) more for each row that changes while somebody holds it. */
  snapshot(): Snapshot<R> {
    return new Snapshot(this.versions(), this.#lastTransaction, this.#synced);
  }

  /** Resolves when synced. @throws OvsdbError `schema-mismatch`, `unsupported`, `rpc-error`, `closed`, `aborted` */
  async ready(wait?: WaitOptions): Promise<void> {
    await until(this.#feed.turns, 'waiting for the replica', () => this.#checkSynced() || undefined, wait);
  }

  /**
   * Resolves when the replica holds whatever the server had committed when this was called: everything on a standalone server; in
   * a cluster what the member has applied, which on a follower, or a leader that was cut off, may lack the newest.
   * @throws as {@link ready}
   */
  async sync({ signal }: WaitOptions = {}): Promise<void> {
    for (;;) {
      await this.ready({ signal });
      const session = this.#session;
      const round = this.#round;
      if (session === undefined) continue; // lost since: not ready
      try {
        // An empty transaction: its reply comes behind the updates of all that was committed before.
        await session.request('transact', [this.#owner.database], { signal });
        if (this.#synced && this.#isCurrent(session, round)) return; // else the monitor ended meanwhile
      } catch (error) {
        if (session.error === undefined) throw error; // else the next connection goes on
      }
    }
  }

  /**
   * Changes which rows are replicated; tables not named keep their conditions. Resolves when the replica shows what was asked for
   * here, or in a later call, on this connection or a later one. Calls in quick succession may travel as one request.
   * @throws OvsdbError `invalid-value`, `invalid-use`; `unsupported` when the server cannot filter; `rpc-error` when it refuses
   * these conditions: the earlier ones hold again; `aborted`: they come into force none the less; `closed`, `schema-mismatch`
   */
  async setConditions(conditions: MonitorConditions<R>, wait: WaitOptions = {}): Promise<void> {
    if (this.#final !== undefined || this.#failure?.code === 'schema-mismatch') this.#checkSynced(); // throws
    const encoded = encodeConditions(this.#specs, conditions);
    const session = this.#session;
    if (session !== undefined && this.#method === 'monitor') throw monitor.cannotFilter();
    const done = this.#conditions.want(encoded, wait);
    if (session !== undefined && this.#failure !== undefined) this.#begin(session);
    else if (session !== undefined && this.#synced) this.#changeConditions(session);
    await done;
  }

  subscribe(listener: (event: ReplicaEvent<R>) => void): Disposable {
    return this.#feed.subscribe(listener);
  }

  /**
   * Resolves with the first value other than undefined, null or false; looked at now and after every event, while synced.
   * @throws what the predicate throws, and as {@link ready}
   */
  waitFor<V>(predicate: (replica: this) => V | undefined | null | false, wait?: WaitOptions): Promise<V> {
    const check = (): V | undefined => (this.#checkSynced() ? given(predicate(this)) : undefined);
    return until(this.#feed.turns, 'waiting for rows', check, wait);
  }

  [Symbol.dispose](): void {
    if (this.#final !== undefined) return;
    const session = this.#session;
    this.detach(new OvsdbError('closed', 'the replica was disposed'), true);
    this.#owner.release();
    session?.request('monitor_cancel', [this.monitorId]).catch(() => {}); // the connection may go first
  }

  attach(session: Session, schema: DatabaseSchema): void {
    this.#session = session;
    try {
      checkTables(schema, this.#specs);
      this.#readers = readersFor(schema, this.#specs);
    } catch (error) {
      this.#fail(session, error);
      return;
    }
    if (this.#fingerprint !== schema.fingerprint) this.#lastTransaction = undefined; // rows were read by another schema
    this.#fingerprint = schema.fingerprint;
    this.#begin(session);
  }

  detach(error: OvsdbError, final: boolean): void {
    const attached = this.#session !== undefined;
    const mismatch = error.code === 'schema-mismatch'; // may show between two monitors
    if (mismatch) this.#failure = error;
    if (attached && !this.#synced && isOvsdbError(error, 'protocol', 'too-large')) {
      this.#unreadable = error;
      this.#conditions.fail(error);
    }
    if (final) this.#final ??= error;
    this.#leave();
    if (final) this.#conditions.fail(new OvsdbError('closed', 'the replica has ended', { cause: error }));
    if (attached || mismatch) this.#feed.emit({ type: 'lost', error });
    else this.#feed.turns.emit();
    if (final) this.#feed.end();
  }

  /** The client reads the schema again and attaches us anew. */
  canceled(error: OvsdbError): void {
    if (this.#session === undefined) return;
    this.#leave();
    this.#feed.emit({ type: 'lost', error });
  }

  notification(method: string, params: readonly unknown[]): void {
    const session = this.#session;
    if (params[0] !== this.monitorId || session === undefined || !this.#synced) return;
    if (method === 'update3') this.#onUpdate(session, 'update2', params[2], params[1]);
    else if (method === 'update2' || method === 'update') this.#onUpdate(session, method, params[1]);
  }

  #checkSynced(): boolean {
    if (this.#final !== undefined) throw new OvsdbError('closed', 'the replica has ended', { cause: this.#final });
    const failure = this.#failure ?? this.#unreadable;
    if (failure !== undefined) throw failure;
    return this.#synced;
  }

  #isCurrent(session: Session, round: number): boolean {
    return session === this.#session && round === this.#round;
  }

  #leave(): void {
    this.#session = undefined;
    this.#synced = false;
    // Rows may already be those of the change that was on its way, or not: nobody can tell, so that all is read anew.
    if (this.#conditions.changeIsOpen) this.#lastTransaction = undefined;
  }

  /** Begins a monitor: after the last transaction and with the conditions that the rows were read with, else with those wanted. */
  #begin(session: Session): void {
    const round = ++this.#round;
    this.#failure = undefined;
    this.#synced = false;
    if (this.#lastTransaction === undefined) this.#conditions.restart();
    const plan = {
      database: this.#owner.database,
      id: this.monitorId,
      readers: this.#readers,
      conditions: this.#conditions.confirmed,
      after: this.#lastTransaction,
    };
    const wanted = (): boolean => round === this.#round;
    const onResult: monitor.OnFirstRead = (method, result) => this.#onFirstRead(session, round, method, result);
    const failed = (error: unknown): void => void (wanted() && this.#fail(session, error));
    monitor.startMonitor({ session, plan, wanted, onResult }).catch(failed);
  }

  #onFirstRead(session: Session, round: number, method: monitor.MonitorMethod, result: unknown): void {
    if (!this.#isCurrent(session, round)) return; // disposed, or begun anew meanwhile
    this.#method = method;
    const first = this.#guarded(session, () => {
      const read = monitor.decodeFirstRead(method, result, { readers: this.#readers, rows: this.rows });
      this.apply(read.changes);
      return read;
    });
    if (first === undefined) return;
    const { changes, resumed, transaction } = first;
    this.#unreadable = undefined;
    this.#lastTransaction = transaction;
    this.#synced = true;
    const source = this.#everSynced ? 'resync' : 'initial';
    this.#everSynced = true;
    this.#conditions.shown();
    this.#feed.emitChanges(source, changes, transaction);
    if (this.#isCurrent(session, round)) this.#feed.emit({ type: 'synced', resumed });
    if (this.#isCurrent(session, round)) this.#changeConditions(session); // a listener may have ended us
  }

  #changeConditions(session: Session): void {
    const where = this.#conditions.next();
    if (where === undefined) return;
    const round = this.#round;
    const params = monitor.conditionChangeParams(this.monitorId, where);
    const onResult = (): void => {
      if (!this.#isCurrent(session, round)) return;
      this.#conditions.confirm(); // the rows came in an update before
      this.#feed.turns.emit();
      this.#changeConditions(session);
    };
    session.request('monitor_cond_change', params, { lasting: true, onResult }).catch((error: unknown) => {
      if (!this.#isCurrent(session, round) || session.error !== undefined) return; // the reconnect deals with it
      this.#conditions.refuse(asOvsdbError(error, MONITOR_FAILED));
      // The server may have changed some tables' conditions before it refused another's.
      this.#readAnew(session);
    });
  }

  #readAnew(session: Session): void {
    this.#lastTransaction = undefined;
    session.request('monitor_cancel', [this.monitorId]).catch(() => {}); // ended with the connection else
    this.#begin(session);
  }

  #onUpdate(session: Session, form: UpdateForm, updates: unknown, transaction?: unknown): void {
    const changes = this.#guarded(session, () => {
      const decoded = decodeUpdates(form, this.#readers, this.rows, updates);
      this.apply(decoded);
      return decoded;
    });
    if (changes === undefined) return;
    if (transaction !== undefined) this.#lastTransaction = monitor.numbered(transaction);
    this.#feed.emitChanges('update', changes, this.#lastTransaction);
  }

  /** What does not fit what we hold, or is not applied whole, ends the session; the next one reads everything anew. Undefined when this one does. */
  #guarded<V>(session: Session, decode: () => V): V | undefined {
    try {
      return decode();
    } catch (error) {
      this.#lastTransaction = undefined;
      if (!(error instanceof AmbiguousDifference)) throw error;
      this.#readAnew(session);
      this.#feed.emit({ type: 'lost', error });
      return undefined;
    }
  }

  #fail(session: Session, error: unknown): void {
    if (session !== this.#session || session.error !== undefined) return; // the reconnect deals with it
    this.#failure = asOvsdbError(error, MONITOR_FAILED);
    this.#synced = false;
    this.#conditions.fail(this.#failure);
    this.#feed.emit({ type: 'lost', error: this.#failure });
  }
}

const MONITOR_FAILED = 'the monitor failed';
