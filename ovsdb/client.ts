import { setTimeout as delay } from 'node:timers/promises';
import type { Attachment } from './attachment.ts';
import { type BackoffPolicy, backoffMs, DEFAULT_BACKOFF } from './backoff.ts';
import type { ServerDatabase } from './cluster.ts';
import type { ColumnName, RowOf, TableName, TableSpecs, Uuid } from './columns.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import { OvsdbError, type OvsdbErrorCode } from './errors.ts';
import { Listeners, until, type WaitOptions } from './listeners.ts';
import { OvsdbLock } from './lock.ts';
import { parseRemotes, RemoteRing } from './remotes.ts';
import { Replica, type ReplicaOptions } from './replica.ts';
import type { DatabaseSchema } from './schema.ts';
import { presentColumns } from './schema-check.ts';
import { checkDuration } from './timer.ts';
import { parseTransactReply } from './transact-reply.ts';
import { type Operation, Transaction, TransactResult, type Where } from './transaction.ts';
import { checkOperations } from './transaction-check.ts';

export interface ClientOptions<T extends TableSpecs> extends ConnectionOptions<T> {
  /**
   * `unix:/path`, `tcp:host:port` or `ssl:host:port`; the servers of a cluster as a list, or in one text with commas. Tried in an order
   * shuffled once, one after another; {@link reconnect} waits only when all have failed.
   */
  readonly endpoint: string | readonly string[];
  /** false: one connection, and no other when it ends. */
  readonly reconnect?: false | BackoffPolicy;
  /** For the order of remotes and the backoff's jitter, in [0, 1). */
  readonly random?: () => number;
}

export type ClientState =
  | { readonly kind: 'connecting'; readonly attempt: number; readonly remote: string }
  /** `generation` counts connections from 1. */
  | { readonly kind: 'connected'; readonly generation: number; readonly remote: string }
  /** Every remote has failed. */
  | { readonly kind: 'backoff'; readonly attempt: number; readonly delayMs: number; readonly error: OvsdbError }
  | { readonly kind: 'closed'; readonly error?: OvsdbError };

export interface TransactOptions extends WaitOptions {
  /** How long to wait for the reply; default `requestTimeoutMs`. */
  readonly timeoutMs?: number;
}

type Backoff = Extract<ClientState, { kind: 'backoff' }>;

/** A connection that lived as long was a good one; those that end sooner count as failures of their remote. */
const STEADY_MS = 1_000;
/** So ends a connection that was of no use, however long it lived: what cannot be read now cannot be read a moment later. */
const USELESS: readonly OvsdbErrorCode[] = ['protocol', 'too-large'];

/** One database of a server or a cluster, over a connection that is made anew when it breaks. Owns socket and timers until disposed. */
export class OvsdbClient<T extends TableSpecs> implements AsyncDisposable {
  readonly tables: T;
  readonly #options: ClientOptions<T>;
  readonly #stop = new AbortController();
  readonly #listeners = new Listeners<ClientState>();
  readonly #attachments = new Set<Attachment>();
  readonly #locks = new Set<string>();
  readonly #remotes: string;
  readonly #ring: RemoteRing;
  readonly #connection: Connection<T>;
  readonly #running: Promise<void>;
  #state: ClientState;
  #generation = 0;
  #connectedAtMs = 0;
  /** Rounds of all remotes since the last good connection, and this one. */
  #attempt = 1;
  /** What #lose has settled for #run. */
  #lost: { readonly backoff: Backoff | undefined } | undefined;
  #lastMonitorId = 0;

  /** A client that is connected and checked; nothing is left of it when this fails. */
  static async connect<T extends TableSpecs>(options: ClientOptions<T>, wait?: WaitOptions): Promise<OvsdbClient<T>> {
    const client = new OvsdbClient(options);
    try {
      await client.ready(wait);
    } catch (error) {
      await client[Symbol.asyncDispose]();
      throw error;
    }
    return client;
  }

  /**
   * Begins to connect at once; failures show in {@link state}.
   * @throws OvsdbError `invalid-use` for an endpoint that cannot be read, or `ssl:` without `tls`
   */
  constructor(options: ClientOptions<T>) {
    const remotes = parseRemotes(options.endpoint);
    if (options.tls === undefined && remotes.some((remote) => remote.startsWith('ssl:')))
      throw new OvsdbError('invalid-use', `${remotes.join(',')}: ssl: needs the option tls, at least its ca`);
    for (const name of ['connectTimeoutMs', 'probeIntervalMs', 'requestTimeoutMs'] as const)
      checkDuration(name, options[name]);
    this.#options = options;
    this.tables = options.tables;
    this.#remotes = remotes.join(',');
    this.#ring = new RemoteRing(remotes, options.random ?? Math.random);
    this.#connection = new Connection(options, {
      began: (remote) => this.#begin(remote),
      ended: (error) => this.#lose(error),
      attachments: this.#attachments,
    });
    this.#state = { kind: 'connecting', attempt: 1, remote: this.#ring.current };
    this.#running = this.#run();
  }

  get state(): ClientState {
    return this.#state;
  }

  /** Schema of the last connection. */
  get schema(): DatabaseSchema | undefined {
    return this.#connection.schema;
  }

  /** What the server says of the database: its model, leader, index; undefined when not connected, or before OVS 2.9. */
  get server(): ServerDatabase | undefined {
    return this.#connection.session === undefined ? undefined : this.#connection.server;
  }

  onState(listener: (state: ClientState) => void): Disposable {
    return this.#listeners.subscribe(listener);
  }

  /** Resolves when connected. Rejects at once on `schema-mismatch`, which waiting does not cure, and when closed. */
  async ready(wait?: WaitOptions): Promise<void> {
    const check = (): true | undefined => {
      const state = this.#state;
      if (state.kind === 'closed') throw state.error ?? new OvsdbError('closed', 'the client was disposed');
      if (state.kind === 'backoff' && state.error.code === 'schema-mismatch') throw state.error;
      return (state.kind === 'connected' && this.#connection.session !== undefined) || undefined;
    };
    await until(this.#listeners, `connecting to ${this.#remotes}`, check, wait);
  }

  transaction(): Transaction<T> {
    return new Transaction(this.tables);
  }

  /**
   * Sends a transaction and resolves when it is committed.
   * @throws OvsdbError `not-connected` when nothing was sent; `unknown-outcome` when it was and no reply came; what the server
   * refused has its own codes and changed nothing. Rows that the schema forbids are refused here, with the server's error: nothing is sent.
   */
  async transact(tx: Transaction<T>, options: TransactOptions = {}): Promise<TransactResult<T>> {
    const { session, schema } = this.#connection;
    if (session === undefined) throw new OvsdbError('not-connected', `transact: no connection to ${this.#remotes}`);
    const { operations } = tx;
    if (schema !== undefined) checkOperations(schema, operations);
    const reply = await session.request('transact', [this.#options.database, ...operations], {
      ...options,
      changes: operations.some(changes),
    });
    return new TransactResult(this.tables, parseTransactReply(operations, reply));
  }

  /** Reads rows once; all declared columns unless some are named. Those that may be absent and are, are undefined. */
  async select<K extends TableName<T>, C extends ColumnName<T[K]> = ColumnName<T[K]>>(
    table: K,
    where: Where<T[K]>,
    columns?: readonly C[],
    options?: TransactOptions,
  ): Promise<readonly Pick<RowOf<T[K]>, C | '_uuid'>[]> {
    const tx = this.transaction();
    const specs = this.tables[table] ?? {}; // what is not declared, select refuses
    const names = columns ?? (Object.keys(specs) as C[]); // the keys of T[K]
    const rows = tx.select(table, where, presentColumns(this.schema, table, specs, names));
    return (await this.transact(tx, options)).rows(rows);
  }

  /** Names of the server's databases. */
  async listDatabases(options?: TransactOptions): Promise<readonly string[]> {
    const names = await this.#request('list_dbs', options);
    if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names;
    throw new OvsdbError('protocol', 'the reply to list_dbs is no list of names');
  }

  /** Tells one run of the server from another (`get_server_id`, OVS 2.7). */
  async serverId(options?: TransactOptions): Promise<Uuid> {
    const id = await this.#request('get_server_id', options);
    if (typeof id === 'string') return id;
    throw new OvsdbError('protocol', 'the reply to get_server_id is no text');
  }

  /** Begins to hold these tables in memory; across reconnects, until disposed. */
  replicate<R extends TableSpecs>(tables: R, options?: ReplicaOptions<R>): Replica<R> {
    const owner = {
      database: this.#options.database,
      monitorId: `monitor-${++this.#lastMonitorId}`,
      release: () => void this.#attachments.delete(replica),
    };
    const replica = new Replica(tables, owner, options);
    this.#adopt(replica);
    return replica;
  }

  /** Begins to ask for a lock; across reconnects, until disposed. */
  lock(name: string, options?: { readonly steal?: boolean }): OvsdbLock {
    if (this.#locks.has(name)) throw new OvsdbError('invalid-use', `lock ${name} is asked for already`);
    const release = (): void => {
      this.#attachments.delete(lock);
      this.#locks.delete(name);
    };
    const lock = new OvsdbLock(name, { release }, options);
    this.#adopt(lock);
    this.#locks.add(name);
    return lock;
  }

  /** Closes the connection; open requests are rejected, replicas and locks end. */
  async [Symbol.asyncDispose](): Promise<void> {
    const error = new OvsdbError('closed', 'the client was disposed');
    this.#stop.abort(error);
    this.#connection.session?.destroy(error);
    await this.#running;
  }

  #adopt(attachment: Attachment): void {
    if (this.#state.kind === 'closed')
      throw new OvsdbError('closed', 'the client is closed', { cause: this.#state.error });
    this.#attachments.add(attachment);
    const { session, schema } = this.#connection;
    if (session !== undefined && schema !== undefined) attachment.attach(session, schema);
  }

  #request(method: string, options: TransactOptions = {}): Promise<unknown> {
    const { session } = this.#connection;
    if (session !== undefined) return session.request(method, [], { ...options });
    return Promise.reject(new OvsdbError('not-connected', `${method}: no connection to ${this.#remotes}`));
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { reconnect } = this.#options;
    for (;;) {
      this.#setConnecting(this.#attempt);
      const error = await this.#connection.run(this.#ring.current, signal);
      const lost = this.#lost;
      this.#lost = undefined;
      if (signal.aborted || (lost !== undefined && reconnect === false)) return this.#close(error);
      const backoff = lost === undefined ? this.#failed(error) : lost.backoff;
      if (backoff === undefined) continue; // the next remote has its turn
      if (reconnect === false) return this.#close(backoff.error);
      if (lost === undefined) this.#set(backoff);
      await delay(backoff.delayMs, undefined, { signal }).catch(() => {}); // rejects on abort only
      if (signal.aborted) return this.#close(error);
      this.#attempt++;
    }
  }

  /** Turns to the next remote; undefined when it may be tried at once. */
  #failed(error: OvsdbError): Backoff | undefined {
    if (!this.#ring.failed(error)) return undefined;
    const { reconnect, random = Math.random } = this.#options;
    const attempt = this.#attempt;
    const delayMs = backoffMs(reconnect || DEFAULT_BACKOFF, attempt, random());
    return { kind: 'backoff', attempt, delayMs, error: this.#ring.endRound() };
  }

  #begin(remote: string): void {
    this.#connectedAtMs = performance.now();
    this.#set({ kind: 'connected', generation: ++this.#generation, remote });
  }

  /** A connection that had begun is gone. */
  #lose(error: OvsdbError): void {
    const ends = this.#options.reconnect === false || this.#stop.signal.aborted; // #close has the last word then
    if (performance.now() - this.#connectedAtMs >= STEADY_MS && !USELESS.includes(error.code)) {
      this.#ring.succeeded();
      this.#attempt = 1;
    }
    this.#lost = { backoff: this.#failed(error) };
    if (!ends)
      this.#state = this.#lost.backoff ?? { kind: 'connecting', attempt: this.#attempt, remote: this.#ring.current };
    for (const attachment of [...this.#attachments]) attachment.detach(error, false);
    if (!ends) this.#listeners.emit(this.#state);
  }

  #close(error: OvsdbError): void {
    for (const attachment of [...this.#attachments]) attachment.detach(error, true);
    this.#attachments.clear();
    this.#set(this.#stop.signal.aborted ? { kind: 'closed' } : { kind: 'closed', error });
  }

  #setConnecting(attempt: number): void {
    const { current: remote } = this.#ring;
    const state = this.#state;
    if (state.kind !== 'connecting' || state.attempt !== attempt || state.remote !== remote)
      this.#set({ kind: 'connecting', attempt, remote });
  }

  #set(state: ClientState): void {
    this.#state = state;
    this.#listeners.emit(state);
  }
}

function changes({ op }: Operation): boolean {
  return op === 'insert' || op === 'update' || op === 'mutate' || op === 'delete';
}
