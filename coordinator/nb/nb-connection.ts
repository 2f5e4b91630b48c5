import { OvsdbClient } from '../../ovsdb/client.ts';
import { isOvsdbError, OvsdbError } from '../../ovsdb/errors.ts';
import type { Replica } from '../../ovsdb/replica.ts';
import type { Transaction, TransactResult } from '../../ovsdb/transaction.ts';
import type { Logger } from '../../platform/log.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import { type NbRows, nbTables } from './nb-tables.ts';

type NbClient = OvsdbClient<typeof nbTables>;
export type NbReplica = Replica<typeof nbTables>;
export type NbTransaction = Transaction<typeof nbTables>;

/** How long one transaction may take until its outcome counts as unknown. */
const transactTimeoutMs = 10_000;
/** Failed tries at one remote before the next of the list gets its turn. */
const triesPerRemote = 2;

/**
 * One connection to OVN_Northbound with a live replica. Of several remotes the first that answers is used; when it is lost, the
 * next. `synced` false means: the rows are the last known ones, and nothing may be decided that needs them.
 */
export class NbConnection implements AsyncDisposable {
  readonly #remotes: readonly string[];
  readonly #onChange: () => void;
  readonly #logger: Logger;
  #index = 0;
  #current: { readonly client: NbClient; readonly replica: NbReplica; readonly subscriptions: readonly Disposable[] };
  #lastRows: NbRows | undefined;
  #revision = 0;
  #closed = false;

  constructor(options: {
    readonly remotes: readonly string[];
    readonly logger: Logger;
    readonly onChange: () => void;
  }) {
    if (options.remotes.length === 0) throw new ShuntError('config-invalid', 'connect to OVN NB: no remote is given');
    this.#remotes = options.remotes;
    this.#onChange = options.onChange;
    this.#logger = options.logger;
    this.#current = this.#open();
  }

  get synced(): boolean {
    return this.#current.replica.synced;
  }

  /** Grows with every change of rows: what was computed of an older one is stale. */
  get revision(): number {
    return this.#revision;
  }

  /** The newest rows; after a change of remote the old ones until the new replica is complete. Undefined before the first read. */
  get rows(): NbRows | undefined {
    if (this.synced) this.#lastRows = rowsOf(this.#current.replica);
    return this.#lastRows;
  }

  /** One transaction, built on the rows of now. Throws `ovsdb-unavailable`, `preimage-changed`, `ovsdb-refused`, `outcome-unknown`. */
  async transact(
    doing: string,
    build: (tx: NbTransaction, rows: NbRows) => void,
  ): Promise<TransactResult<typeof nbTables>> {
    const rows = this.rows;
    if (!this.synced || !rows) throw new ShuntError('ovsdb-unavailable', `${doing}: OVN NB is not connected`);
    const { client } = this.#current;
    const tx = client.transaction();
    build(tx, rows);
    try {
      return await client.transact(tx, { timeoutMs: transactTimeoutMs });
    } catch (error) {
      throw asShuntError(doing, error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await close(this.#current);
  }

  #open() {
    const endpoint = this.#remotes[this.#index]!; // index stays below length
    const client = new OvsdbClient({ endpoint, database: 'OVN_Northbound', tables: nbTables });
    const replica = client.replicate(nbTables);
    const subscriptions = [
      replica.subscribe((event) => {
        this.#revision += 1;
        if (event.type === 'synced')
          this.#logger.info({ remote: endpoint, resumed: event.resumed }, 'OVN NB is synced');
        if (event.type === 'lost') this.#logger.warn({ remote: endpoint, why: event.error.message }, 'OVN NB is lost');
        this.#onChange();
      }),
      client.onState((state) => {
        if (state.kind === 'backoff' && state.attempt >= triesPerRemote) this.#tryNext(endpoint, state.error);
        if (state.kind === 'closed' && state.error && !this.#closed) {
          this.#logger.error({ remote: endpoint, why: state.error.message }, 'OVN NB cannot be used');
          this.#onChange();
        }
      }),
    ];
    return { client, replica, subscriptions };
  }

  #tryNext(endpoint: string, error: OvsdbError): void {
    if (this.#remotes.length < 2 || this.#closed) return;
    this.#logger.warn({ remote: endpoint, why: error.message }, 'OVN NB does not answer here, trying the next remote');
    const old = this.#current;
    this.#index = (this.#index + 1) % this.#remotes.length;
    this.#current = this.#open();
    close(old).catch((closeError: unknown) => this.#logger.debug({ err: closeError }, 'closing an OVN NB connection'));
    this.#onChange();
  }
}

function rowsOf(replica: NbReplica): NbRows {
  return {
    switches: replica.table('Logical_Switch'),
    ports: replica.table('Logical_Switch_Port'),
    dhcp: replica.table('DHCP_Options'),
    routerPorts: replica.table('Logical_Router_Port'),
  };
}

async function close(connection: {
  client: NbClient;
  replica: NbReplica;
  subscriptions: readonly Disposable[];
}): Promise<void> {
  for (const subscription of connection.subscriptions) subscription[Symbol.dispose]();
  connection.replica[Symbol.dispose]();
  await connection.client[Symbol.asyncDispose]();
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
