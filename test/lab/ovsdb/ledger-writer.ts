import { type ClientOptions, OvsdbClient } from '../../../ovsdb/client.ts';
import { isOvsdbError } from '../../../ovsdb/errors.ts';
import { LEDGER, ledgerTables } from './cluster.ts';

export const QUICK = { minMs: 5, maxMs: 100, factor: 2, jitter: 0.2 };

export type LedgerClient = OvsdbClient<typeof ledgerTables>;
type Options = Partial<ClientOptions<typeof ledgerTables>> & Pick<ClientOptions<typeof ledgerTables>, 'endpoint'>;

export function ledgerClient(options: Options): LedgerClient {
  return new OvsdbClient({ database: LEDGER, tables: ledgerTables, reconnect: QUICK, ...options });
}

/** What became of each name, as far as the client was told. */
export interface Outcomes {
  readonly done: Set<string>;
  /** Sent, and no reply. */
  readonly unknown: Set<string>;
  /** Certainly not done. */
  readonly failed: Set<string>;
}

/** Inserts one row. */
export async function insertEntry(client: LedgerClient, name: string, round = 0): Promise<void> {
  const tx = client.transaction();
  tx.insert('Entry', { name, round });
  await client.transact(tx);
}

/** Inserts row after row, several at a time, until told to stop; each name is tried once and never again. */
export class LedgerWriter {
  readonly outcomes: Outcomes = { done: new Set(), unknown: new Set(), failed: new Set() };
  readonly #client: LedgerClient;
  readonly #workers: readonly Promise<void>[];
  #stopped = false;

  constructor(client: LedgerClient, prefix: string, workers = 4) {
    this.#client = client;
    this.#workers = Array.from({ length: workers }, (_, worker) => this.#work(`${prefix}-${worker}`));
  }

  async stop(): Promise<Outcomes> {
    this.#stopped = true;
    await Promise.all(this.#workers);
    return this.outcomes;
  }

  /** Resolves when so many more are done. */
  async advanced(count: number): Promise<void> {
    const goal = this.outcomes.done.size + count;
    while (this.outcomes.done.size < goal) await new Promise((resolve) => setImmediate(resolve));
  }

  async #work(prefix: string): Promise<void> {
    for (let n = 0; !this.#stopped; n++) {
      await this.#client.ready();
      await this.#insert(`${prefix}-${n}`);
    }
  }

  async #insert(name: string): Promise<void> {
    try {
      await insertEntry(this.#client, name);
      this.outcomes.done.add(name);
    } catch (error) {
      if (!isOvsdbError(error)) throw error;
      (error.code === 'unknown-outcome' ? this.outcomes.unknown : this.outcomes.failed).add(name);
    }
  }
}

/** What the database says against what the client was told; empty when all is as it should be. */
export function contradictions(outcomes: Outcomes, dump: ReadonlyMap<string, number>): readonly string[] {
  const count = (name: string): number => dump.get(name) ?? 0;
  return [
    ...[...outcomes.done]
      .filter((name) => count(name) !== 1)
      .map((name) => `${name}: done, and there ${count(name)} times`),
    ...[...outcomes.failed]
      .filter((name) => count(name) !== 0)
      .map((name) => `${name}: failed, and there ${count(name)} times`),
    ...[...outcomes.unknown]
      .filter((name) => count(name) > 1)
      .map((name) => `${name}: unknown, and there ${count(name)} times`),
  ];
}
