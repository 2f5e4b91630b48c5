import { type ClientState, OvsdbClient } from '../../ovsdb/client.ts';
import { isOvsdbError, OvsdbError } from '../../ovsdb/errors.ts';
import type { Replica, ReplicaEvent } from '../../ovsdb/replica.ts';
import type { TlsOptions } from '../../ovsdb/tls.ts';
import type { Transaction, TransactResult } from '../../ovsdb/transaction.ts';
import type { Logger } from '../../platform/log.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import { graceKeys, graceOwner } from '../grace/grace-rules.ts';
import { type NbRows, nbTables } from './nb-tables.ts';

type NbClient = OvsdbClient<typeof nbTables>;
export type NbReplica = Replica<typeof nbTables>;
export type NbTransaction = Transaction<typeof nbTables>;

/** How long one transaction may take until its outcome counts as unknown. */
const transactTimeoutMs = 10_000;
/**
 * One connection to OVN_Northbound with a live replica. Of several remotes the client takes one after another until one suits (of a
 * cluster: its leader). `synced` false means: the rows are the last known ones, and nothing may be decided that needs them.
 */
export class NbConnection implements AsyncDisposable {
  readonly #client: NbClient;
  readonly #replica: NbReplica;
  readonly #onChange: () => void;
  readonly #logger: Logger;
  readonly #subscriptions: readonly Disposable[];
  #read = false;
  #revision = 0;
  #closed = false;

  constructor(options: {
    readonly remotes: readonly string[];
    readonly tls?: TlsOptions | undefined;
    readonly logger: Logger;
    readonly onChange: () => void;
  }) {
    this.#onChange = options.onChange;
    this.#logger = options.logger;
    this.#client = connect(options.remotes, options.tls);
    const where = {
      Port_Group: [['external_ids', 'includes', { [graceKeys.owner]: graceOwner }]],
      ACL: false,
    } as const;
    this.#replica = this.#client.replicate(nbTables, { where });
    this.#subscriptions = [
      this.#replica.subscribe((event) => this.#onEvent(event)),
      this.#client.onState((state) => this.#onState(state)),
    ];
  }

  get synced(): boolean {
    return this.#replica.synced;
  }

  /** Grows with every change of rows: what was computed of an older one is stale. */
  get revision(): number {
    return this.#revision;
  }

  /** The newest rows; without a connection the last known ones. Undefined before the first read. */
  get rows(): NbRows | undefined {
    return this.#read ? rowsOf(this.#replica) : undefined;
  }

  /** One transaction, built on the rows of now. Throws `ovsdb-unavailable`, `preimage-changed`, `ovsdb-refused`, `outcome-unknown`. */
  async transact(
    doing: string,
    build: (tx: NbTransaction, rows: NbRows) => void,
  ): Promise<TransactResult<typeof nbTables>> {
    const rows = this.rows;
    if (!this.synced || !rows) throw new ShuntError('ovsdb-unavailable', `${doing}: OVN NB is not connected`);
    const tx = this.#client.transaction();
    build(tx, rows);
    try {
      return await this.#client.transact(tx, { timeoutMs: transactTimeoutMs });
    } catch (error) {
      throw asShuntError(doing, error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
    this.#replica[Symbol.dispose]();
    await this.#client[Symbol.asyncDispose]();
  }

  #onEvent(event: ReplicaEvent<typeof nbTables>): void {
    this.#revision += 1;
    if (event.type === 'synced') {
      this.#read = true;
      const { state } = this.#client;
      const remote = state.kind === 'connected' ? state.remote : undefined;
      this.#logger.info({ remote, resumed: event.resumed }, 'OVN NB is synced');
    }
    if (event.type === 'lost') this.#logger.warn({ why: event.error.message }, 'OVN NB is lost');
    this.#onChange();
  }

  #onState(state: ClientState): void {
    if (state.kind === 'backoff' && !isTold(state.attempt)) return; // the first tries say it, then every so often
    if (state.kind === 'backoff')
      this.#logger.warn({ why: state.error.message, attempt: state.attempt }, 'OVN NB cannot be reached, trying on');
    if (state.kind === 'closed' && state.error && !this.#closed) {
      this.#logger.error({ why: state.error.message }, 'OVN NB cannot be used');
      this.#onChange();
    }
  }
}

function connect(remotes: readonly string[], tls: TlsOptions | undefined): NbClient {
  try {
    return new OvsdbClient({ endpoint: remotes, tls, database: 'OVN_Northbound', tables: nbTables });
  } catch (cause) {
    if (!isOvsdbError(cause, 'invalid-use')) throw cause;
    throw new ShuntError('config-invalid', `connect to OVN NB: ${cause.message}`, { cause });
  }
}

/** Of the failed attempts those that are logged: the second, for the first is often a restart, and then ever fewer. */
function isTold(attempt: number): boolean {
  return attempt > 1 && (attempt & (attempt - 1)) === 0;
}

function rowsOf(replica: NbReplica): NbRows {
  return {
    switches: replica.table('Logical_Switch'),
    ports: replica.table('Logical_Switch_Port'),
    dhcp: replica.table('DHCP_Options'),
    routerPorts: replica.table('Logical_Router_Port'),
    groups: replica.table('Port_Group'),
  };
}

function asShuntError(doing: string, error: unknown): ShuntError {
  if (isOvsdbError(error, 'unknown-outcome', 'timed-out'))
    return new ShuntError('outcome-unknown', doing, { cause: error });
  if (isOvsdbError(error, 'wait-failed', 'lock-not-owned'))
    return new ShuntError('preimage-changed', doing, { cause: error });
  if (isOvsdbError(error, 'not-connected', 'refused', 'connection-lost', 'closed', 'overloaded', 'not-leader')) {
    return new ShuntError('ovsdb-unavailable', doing, { cause: error });
  }
  if (error instanceof OvsdbError) return new ShuntError('ovsdb-refused', doing, { cause: error });
  return new ShuntError('internal', doing, { cause: error });
}
