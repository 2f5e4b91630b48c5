import { setTimeout as delay } from 'node:timers/promises';
import type { Attachment } from './attachment.ts';
import { type BackoffPolicy, backoffMs, DEFAULT_BACKOFF } from './backoff.ts';
import type { TableSpecs } from './columns.ts';
import { isOvsdbError, OvsdbError } from './errors.ts';
import { Listeners, until, type WaitOptions } from './listeners.ts';
import { OvsdbLock } from './lock.ts';
import { Replica, type ReplicaOptions } from './replica.ts';
import { checkTables, type DatabaseSchema, parseSchema } from './schema.ts';
import { Session, type SessionLimits } from './session.ts';
import { openSocket } from './socket.ts';
import { parseTransactReply } from './transact-reply.ts';
import { type Operation, Transaction, TransactResult } from './transaction.ts';

export interface ClientOptions<T extends TableSpecs> extends Partial<SessionLimits> {
  /** `unix:/path` or `tcp:host:port`. */
  readonly endpoint: string;
  readonly database: string;
  /** Compared with the server's schema at every connect. */
  readonly tables: T;
  /** false: one connection, and no other when it ends. */
  readonly reconnect?: false | BackoffPolicy;
  /** For the backoff's jitter, in [0, 1). */
  readonly random?: () => number;
  readonly connectTimeoutMs?: number;
}

export type ClientState =
  | { readonly kind: 'connecting'; readonly attempt: number }
  /** `generation` counts connections from 1. */
  | { readonly kind: 'connected'; readonly generation: number }
  | { readonly kind: 'backoff'; readonly attempt: number; readonly delayMs: number; readonly error: OvsdbError }
  | { readonly kind: 'closed'; readonly error?: OvsdbError };

export interface TransactOptions extends WaitOptions {
  /** How long to wait for the reply; default `requestTimeoutMs`. */
  readonly timeoutMs?: number;
}

/** One database of one server, over a connection that is made anew when it breaks. Owns socket and timers until disposed. */
export class OvsdbClient<T extends TableSpecs> implements AsyncDisposable {
  readonly tables: T;
  readonly #options: ClientOptions<T>;
  readonly #stop = new AbortController();
  readonly #listeners = new Listeners<ClientState>();
  readonly #attachments = new Set<Attachment>();
  readonly #locks = new Set<string>();
  readonly #running: Promise<void>;
  #state: ClientState = { kind: 'connecting', attempt: 1 };
  #session: Session | undefined;
  #schema: DatabaseSchema | undefined;
  #generation = 0;
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

  /** Begins to connect at once; failures show in {@link state}. */
  constructor(options: ClientOptions<T>) {
    this.#options = options;
    this.tables = options.tables;
    this.#running = this.#run();
  }

  get state(): ClientState {
    return this.#state;
  }

  /** Schema of the last connection. */
  get schema(): DatabaseSchema | undefined {
    return this.#schema;
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
      return (state.kind === 'connected' && this.#session !== undefined) || undefined;
    };
    await until(this.#listeners, `connecting to ${this.#options.endpoint}`, check, wait);
  }

  transaction(): Transaction<T> {
    return new Transaction(this.tables);
  }

  /**
   * Sends a transaction and resolves when it is committed.
   * @throws OvsdbError `not-connected` when nothing was sent; `unknown-outcome` when it was and no reply came; what the server
   * refused has its own codes and changed nothing
   */
  async transact(tx: Transaction<T>, options: TransactOptions = {}): Promise<TransactResult<T>> {
    const session = this.#session;
    if (session === undefined)
      throw new OvsdbError('not-connected', `transact: no connection to ${this.#options.endpoint}`);
    const { operations } = tx;
    const reply = await session.request('transact', [this.#options.database, ...operations], {
      ...options,
      changes: operations.some(changes),
    });
    return new TransactResult(this.tables, parseTransactReply(operations, reply));
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
    this.#locks.add(name);
    const release = (): void => {
      this.#attachments.delete(lock);
      this.#locks.delete(name);
    };
    const lock = new OvsdbLock(name, { release }, options);
    this.#adopt(lock);
    return lock;
  }

  /** Closes the connection; open requests are rejected, replicas and locks end. */
  async [Symbol.asyncDispose](): Promise<void> {
    const error = new OvsdbError('closed', 'the client was disposed');
    this.#stop.abort(error);
    this.#session?.destroy(error);
    await this.#running;
  }

  #adopt(attachment: Attachment): void {
    if (this.#state.kind === 'closed')
      throw new OvsdbError('closed', 'the client is closed', { cause: this.#state.error });
    this.#attachments.add(attachment);
    if (this.#session !== undefined && this.#schema !== undefined) attachment.attach(this.#session, this.#schema);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    for (let attempt = 1; ; attempt++) {
      this.#set({ kind: 'connecting', attempt });
      const error = await this.#connection();
      if (this.#options.reconnect === false || signal.aborted) return this.#close(error);
      // A connection that had been a good one has set the state already, at the moment of its loss.
      const backoff = this.#state.kind === 'backoff' ? this.#state : this.#backoff(attempt, error);
      if (this.#state !== backoff) this.#set(backoff);
      attempt = backoff.attempt;
      await delay(backoff.delayMs, undefined, { signal }).catch(() => {}); // rejects on abort only
      if (signal.aborted) return this.#close(error);
    }
  }

  #backoff(attempt: number, error: OvsdbError): Extract<ClientState, { kind: 'backoff' }> {
    const { reconnect, random = Math.random } = this.#options;
    return { kind: 'backoff', attempt, delayMs: backoffMs(reconnect || DEFAULT_BACKOFF, attempt, random()), error };
  }

  /** One connection from beginning to end; resolves with the reason of its end. */
  async #connection(): Promise<OvsdbError> {
    const { signal } = this.#stop;
    const { endpoint, connectTimeoutMs = 5_000 } = this.#options;
    let session: Session | undefined;
    try {
      const socket = await openSocket(endpoint, connectTimeoutMs, { signal });
      const handlers = {
        notification: (method: string, params: readonly unknown[]) => this.#notify(method, params),
        ended: (error: OvsdbError) => this.#lose(error),
      };
      session = new Session(socket, handlers, withoutUndefined(this.#options));
      const schema = parseSchema(
        await session.request('get_schema', [this.#options.database], { signal, timeoutMs: connectTimeoutMs }),
      );
      checkTables(schema, this.tables);
      this.#begin(session, schema);
      await session.closed;
      return session.error ?? new OvsdbError('connection-lost', 'the connection was lost');
    } catch (cause) {
      const error = connectError(cause, this.#options.database);
      session?.destroy(error);
      await session?.closed;
      return error;
    }
  }

  #begin(session: Session, schema: DatabaseSchema): void {
    if (session.error !== undefined) throw session.error;
    this.#session = session;
    this.#schema = schema;
    // Before anybody else hears of the connection: what is asked for first is answered first.
    for (const attachment of this.#attachments) attachment.attach(session, schema);
    this.#set({ kind: 'connected', generation: ++this.#generation });
  }

  #notify(method: string, params: readonly unknown[]): void {
    for (const attachment of this.#attachments) attachment.notification(method, params);
  }

  #lose(error: OvsdbError): void {
    if (this.#session === undefined) return; // ended before it was ready
    this.#session = undefined;
    const ends = this.#options.reconnect === false || this.#stop.signal.aborted; // #close has the last word then
    if (!ends) this.#state = this.#backoff(1, error);
    for (const attachment of [...this.#attachments]) attachment.detach(error, false);
    if (!ends) this.#listeners.emit(this.#state);
  }

  #close(error: OvsdbError): void {
    for (const attachment of [...this.#attachments]) attachment.detach(error, true);
    this.#attachments.clear();
    this.#set(this.#stop.signal.aborted ? { kind: 'closed' } : { kind: 'closed', error });
  }

  #set(state: ClientState): void {
    this.#state = state;
    this.#listeners.emit(state);
  }
}

function changes({ op }: Operation): boolean {
  return op === 'insert' || op === 'update' || op === 'mutate' || op === 'delete';
}

/** A server that does not know the database is as little use as one with another schema. */
function connectError(cause: unknown, database: string): OvsdbError {
  if (isOvsdbError(cause, 'rpc-error'))
    return new OvsdbError('schema-mismatch', `database ${database}: ${cause.message}`, { cause });
  return isOvsdbError(cause) ? cause : new OvsdbError('protocol', 'the connection failed', { cause });
}

/** Options given as undefined mean the default. */
function withoutUndefined(options: Partial<SessionLimits>): Partial<SessionLimits> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
