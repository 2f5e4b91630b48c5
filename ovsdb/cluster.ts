import type { Json } from './codec.ts';
import type { Uuid } from './columns.ts';
import { isOvsdbError, OvsdbError } from './errors.ts';
import type { Session } from './session.ts';

/** What a server says of one database it serves: the row of `_Server.Database` (ovsdb-server(5)). */
export interface ServerDatabase {
  readonly name: string;
  readonly model: 'standalone' | 'clustered' | 'relay';
  /** To a majority of the cluster, or to the relay's source; standalone: always true. */
  readonly connected: boolean;
  readonly leader: boolean;
  /** Its schema as JSON text; undefined while a server has not joined its cluster. */
  readonly schema?: string;
  /** The cluster's and the server's own identity. */
  readonly cid?: Uuid;
  readonly sid?: Uuid;
  /** Of the last log entry that the server has applied. */
  readonly index?: bigint;
}

/** The highest log entry seen of a cluster: a server that is behind it would take us back in time. */
export interface SeenIndex {
  readonly cid: Uuid | undefined;
  readonly index: bigint;
}

/**
 * Why a server must be left for the next one, as OVS's IDL decides; undefined when it will do. Pure.
 * `leaderOnly` has no effect on a standalone database; a relay is never a leader.
 */
export function unsuitable(
  database: ServerDatabase,
  options: { readonly leaderOnly: boolean; readonly seen: SeenIndex | undefined },
): OvsdbError | undefined {
  const { name, model } = database;
  if (model === 'standalone') return undefined;
  const source = model === 'relay' ? 'the source that it relays' : 'a majority of its cluster';
  if (database.schema === undefined)
    return new OvsdbError('cluster-disconnected', `the server of ${name} has not reached ${source} yet`);
  if (!database.connected)
    return new OvsdbError('cluster-disconnected', `the server of ${name} is not connected to ${source}`);
  if (options.leaderOnly && model === 'relay') {
    return new OvsdbError(
      'not-leader',
      `the server of ${name} is a relay, which is never the leader (leaderOnly is set)`,
    );
  }
  if (options.leaderOnly && !database.leader)
    return new OvsdbError('not-leader', `the server of ${name} is not the leader`);
  const { seen } = options;
  if (
    model === 'clustered' &&
    seen?.cid === database.cid &&
    seen !== undefined &&
    (database.index ?? seen.index) < seen.index
  ) {
    const indexes = `${database.index} where ${seen.index} was seen`;
    return new OvsdbError('stale-data', `the server of ${name} has older data than was seen already: index ${indexes}`);
  }
  return undefined;
}

/** The higher of what was seen and what this server has; another cluster begins anew. */
export function newerIndex(seen: SeenIndex | undefined, database: ServerDatabase): SeenIndex | undefined {
  const { cid, index } = database;
  if (database.model !== 'clustered' || index === undefined) return seen;
  return seen !== undefined && seen.cid === cid && seen.index > index ? seen : { cid, index };
}

/** The monitor's id on each session; replicas have others. */
export const SERVER_MONITOR = 'server-database';

/**
 * Follows the row of one database in `_Server` on a session, and asks the server to keep the connection when databases change
 * (`set_db_change_aware`, ovsdb-server(7)): a monitor that ends with its database says so instead.
 */
export class ServerWatch {
  #row: Readonly<Record<string, unknown>> | undefined;
  #database: ServerDatabase | undefined;

  /** Undefined: the server does not have the database, now. */
  get database(): ServerDatabase | undefined {
    return this.#database;
  }

  /**
   * Begins; `changed` is called in the order of the wire, first before this resolves. False: the server has no `_Server` (OVS before
   * 2.9), and nothing can be known of its databases.
   */
  async start(
    session: Session,
    name: string,
    options: { readonly timeoutMs: number; readonly signal: AbortSignal; readonly changed: () => void },
  ): Promise<boolean> {
    const { changed, ...wait } = options;
    const requests = { Database: [{ columns: COLUMNS, where: [['name', '==', name]] }] };
    const onResult = (result: unknown): void => {
      this.#update(result);
      changed();
    };
    try {
      await session.request('monitor_cond', ['_Server', SERVER_MONITOR, requests], { ...wait, onResult });
    } catch (error) {
      if (isOvsdbError(error, 'rpc-error')) return false;
      throw error;
    }
    await session.request('set_db_change_aware', [true], wait).catch((error: unknown) => {
      if (!isOvsdbError(error, 'rpc-error')) throw error; // an older server ends the connection instead, which does as well
    });
    return true;
  }

  /** True when the notification was about our row. @throws OvsdbError `protocol` */
  notification(method: string, params: readonly unknown[]): boolean {
    if (method !== 'update2' || params[0] !== SERVER_MONITOR) return false;
    this.#update(params[1]);
    return true;
  }

  #update(updates: unknown): void {
    for (const rows of Object.values(record(updates))) {
      for (const update of Object.values(record(rows))) this.#updateRow(record(update));
    }
    this.#database = this.#row === undefined ? undefined : decode(this.#row);
  }

  #updateRow(update: Readonly<Record<string, unknown>>): void {
    if ('delete' in update) this.#row = undefined;
    else if ('modify' in update)
      this.#row = { ...this.#row, ...record(update.modify) }; // every column holds one value at most: sent whole
    else this.#row = record(update.initial ?? update.insert);
  }
}

const COLUMNS: readonly Json[] = ['name', 'model', 'connected', 'leader', 'schema', 'cid', 'sid', 'index'];

/** Columns that have their type's default may be left out of an update2. */
function decode(row: Readonly<Record<string, unknown>>): ServerDatabase {
  const { name, model = 'standalone', connected = false, leader = false } = row;
  const schema = optional(row.schema);
  const cid = uuid(optional(row.cid));
  const sid = uuid(optional(row.sid));
  const index = optional(row.index);
  if (model !== 'standalone' && model !== 'clustered' && model !== 'relay') throw malformed();
  if (typeof name !== 'string' || typeof connected !== 'boolean' || typeof leader !== 'boolean') throw malformed();
  if (schema !== undefined && typeof schema !== 'string') throw malformed();
  if (index !== undefined && typeof index !== 'bigint' && !Number.isSafeInteger(index)) throw malformed();
  return {
    name,
    model,
    connected,
    leader,
    ...(schema === undefined ? {} : { schema }),
    ...(cid === undefined ? {} : { cid }),
    ...(sid === undefined ? {} : { sid }),
    ...(index === undefined ? {} : { index: BigInt(index as number | bigint) }), // just checked
  };
}

/** The one element of a set of at most one, which may stand alone. */
function optional(value: unknown): unknown {
  if (!Array.isArray(value) || value[0] !== 'set') return value;
  const elements: unknown = value[1];
  if (!Array.isArray(elements) || elements.length > 1) throw malformed();
  return elements[0];
}

function uuid(value: unknown): Uuid | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value[0] !== 'uuid' || typeof value[1] !== 'string') throw malformed();
  return value[1];
}

function record(json: unknown): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw malformed();
  return json as Readonly<Record<string, unknown>>; // an object that is no array has text keys
}

function malformed(): OvsdbError {
  return new OvsdbError('protocol', 'an update of _Server.Database is malformed');
}
