import type { Socket } from 'node:net';
import type { Attachment } from './attachment.ts';
import { newerIndex, type SeenIndex, type ServerDatabase, ServerWatch, unsuitable } from './cluster.ts';
import type { TableSpecs } from './columns.ts';
import { asOvsdbError, isOvsdbError, OvsdbError } from './errors.ts';
import { type DatabaseSchema, parseSchema } from './schema.ts';
import { checkTables } from './schema-check.ts';
import { Session, type SessionLimits } from './session.ts';
import { openSocket } from './socket.ts';
import { type TlsOptions, tlsError } from './tls.ts';

export interface ConnectionOptions<T extends TableSpecs> extends Partial<SessionLimits> {
  readonly database: string;
  /** Compared with the server's schema at every connect. */
  readonly tables: T;
  /** For `ssl:` remotes, which cannot do without. */
  readonly tls?: TlsOptions | undefined;
  /** true, the default: of a cluster only the leader will do, as in OVS's IDL. false: any server that a majority hears. */
  readonly leaderOnly?: boolean;
  readonly connectTimeoutMs?: number;
}

/** For the socket, and then for each answer until the connection is ready. */
const connectTimeoutDefaultMs = 5_000;

/** What a connection tells its client. */
export interface ConnectionOwner {
  readonly attachments: ReadonlySet<Attachment>;
  /** Checked, and everything attached. */
  began(remote: string): void;
  /** It had begun, and is over. */
  ended(error: OvsdbError): void;
}

/** The connection to one remote after another: from the socket to a server that suits and whose schema fits, until it ends. */
export class Connection<T extends TableSpecs> {
  readonly #options: ConnectionOptions<T>;
  readonly #owner: ConnectionOwner;
  #session: Session | undefined;
  #schema: DatabaseSchema | undefined;
  #watch = new ServerWatch();
  /** Across connections. */
  #seen: SeenIndex | undefined;
  /** The schema in `_Server` that was in force when ours was read. */
  #schemaText: string | undefined;
  #canceled = new Set<Attachment>();
  #refreshing = false;

  constructor(options: ConnectionOptions<T>, owner: ConnectionOwner) {
    this.#options = options;
    this.#owner = owner;
  }

  /** Undefined before everything is checked and after the end. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** The last one read. */
  get schema(): DatabaseSchema | undefined {
    return this.#schema;
  }

  get server(): ServerDatabase | undefined {
    return this.#watch.database;
  }

  /** One connection from beginning to end; resolves with the reason of its end. */
  async run(remote: string, signal: AbortSignal): Promise<OvsdbError> {
    const { database, connectTimeoutMs: timeoutMs = connectTimeoutDefaultMs, tls } = this.#options;
    let session: Session | undefined;
    try {
      session = this.#openSession(await openSocket(remote, { timeoutMs, signal, tls }));
      await this.#watch.start(session, database, { timeoutMs, signal, changed: () => this.#judge() });
      this.#schemaText = this.#watch.database?.schema;
      const schema = await this.#readSchema(session, signal);
      this.#begin(session, schema, remote);
      await session.closed;
      return session.error ?? new OvsdbError('connection-lost', 'the connection was lost');
    } catch (cause) {
      const error = connectError(session?.error ?? cause, { database, remote, tls, heard: session?.heard === true });
      session?.destroy(error);
      await session?.closed;
      return error;
    }
  }

  #openSession(socket: Socket): Session {
    this.#watch = new ServerWatch();
    this.#canceled = new Set();
    this.#refreshing = false;
    const handlers = {
      notification: (method: string, params: readonly unknown[]) => this.#notify(method, params),
      ended: (error: OvsdbError) => this.#end(error),
    };
    return new Session(socket, handlers, withoutUndefined(this.#options));
  }

  async #readSchema(session: Session, signal?: AbortSignal): Promise<DatabaseSchema> {
    const { database, tables, connectTimeoutMs: timeoutMs = connectTimeoutDefaultMs } = this.#options;
    const schema = parseSchema(await session.request('get_schema', [database], { signal, timeoutMs }));
    checkTables(schema, tables);
    return schema;
  }

  #begin(session: Session, schema: DatabaseSchema, remote: string): void {
    if (session.error !== undefined) throw session.error;
    this.#session = session;
    this.#schema = schema;
    // Before anybody else hears of the connection: what is asked for first is answered first.
    for (const attachment of this.#owner.attachments) attachment.attach(session, schema);
    this.#owner.began(remote);
    this.#refresh(); // the schema may have changed while it was read
  }

  #end(error: OvsdbError): void {
    if (this.#session === undefined) return; // ended before it began
    this.#session = undefined;
    this.#owner.ended(error);
  }

  /** What is thrown in here ends the session. */
  #notify(method: string, params: readonly unknown[]): void {
    if (this.#watch.notification(method, params)) {
      this.#judge();
      this.#refresh();
    } else if (method === 'monitor_canceled') this.#cancel(params[0]);
    else for (const attachment of this.#owner.attachments) attachment.notification(method, params);
  }

  #judge(): void {
    const { database } = this.#options;
    const row = this.#watch.database;
    if (row === undefined) {
      if (this.#session === undefined) return; // get_schema will say it in the server's own words
      throw removed(database);
    }
    const error = unsuitable(row, { leaderOnly: this.#options.leaderOnly ?? true, seen: this.#seen });
    if (error !== undefined) throw error;
    this.#seen = newerIndex(this.#seen, row);
  }

  #cancel(monitorId: unknown): void {
    const error = new OvsdbError(
      'connection-lost',
      'the server ended the monitor: the database was converted or replaced',
    );
    for (const attachment of this.#owner.attachments) {
      if (attachment.monitorId !== monitorId) continue;
      this.#canceled.add(attachment);
      attachment.canceled?.(error);
    }
    this.#refresh();
  }

  /** Reads the schema again where it has changed, and lets everybody whose monitor was cancelled begin anew by it. */
  #refresh(): void {
    const session = this.#session;
    const stale = this.#watch.database?.schema !== this.#schemaText || this.#canceled.size > 0;
    if (session === undefined || this.#refreshing || !stale) return;
    this.#refreshing = true;
    this.#reread(session).then(
      () => {
        if (session !== this.#session) return;
        this.#refreshing = false;
        this.#refresh();
      },
      (cause: unknown) =>
        session.destroy(
          isOvsdbError(cause, 'rpc-error')
            ? removed(this.#options.database, cause)
            : asOvsdbError(cause, 'the schema could not be read'),
        ),
    );
  }

  async #reread(session: Session): Promise<void> {
    const schemaText = this.#watch.database?.schema;
    const canceled = this.#canceled;
    this.#canceled = new Set();
    const schema = await this.#readSchema(session);
    if (session !== this.#session) return;
    this.#schemaText = schemaText;
    this.#schema = schema;
    for (const attachment of canceled) {
      if (this.#owner.attachments.has(attachment)) attachment.attach(session, schema);
    }
  }
}

interface ConnectContext {
  readonly database: string;
  readonly remote: string;
  readonly tls: TlsOptions | undefined;
  /** The server has said anything, over TLS that worked. */
  readonly heard: boolean;
}

/** A server that does not know the database is as little use as one with another schema. */
function connectError(cause: unknown, { database, remote, tls, heard }: ConnectContext): OvsdbError {
  if (!isOvsdbError(cause)) return new OvsdbError('protocol', `${remote}: the connection failed`, { cause });
  if (cause.code === 'rpc-error')
    return new OvsdbError('schema-mismatch', `database ${database}: ${cause.message}`, { cause });
  if (cause.code !== 'connection-lost' || tls === undefined || heard || !remote.startsWith('ssl:')) return cause;
  // With TLS 1.3 a server judges our certificate after our side of the handshake is done, and may be gone before its alert is read.
  const ending = cause.cause instanceof Error ? cause.cause : new Error(cause.message);
  return (
    tlsError(remote, tls, ending) ??
    tlsError(remote, tls, Object.assign(ending, { code: ENDED_AFTER_HANDSHAKE })) ??
    cause
  );
}

/** Stands for the alert that did not arrive. */
const ENDED_AFTER_HANDSHAKE = 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED';

/** Whoever waits goes on waiting: it may be put back, or be on the next server. */
function removed(database: string, cause?: unknown): OvsdbError {
  return new OvsdbError('connection-lost', `database ${database} was removed from the server`, { cause });
}

/** Options given as undefined mean the default. */
function withoutUndefined(options: Partial<SessionLimits>): Partial<SessionLimits> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
