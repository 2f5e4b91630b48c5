import type { OvsdbClient } from '../../../../ovsdb/client.ts';
import type {
  AtomicType,
  ColumnSpec,
  ColumnSpecs,
  InputOf,
  InputRow,
  TableSpecs,
  Uuid,
} from '../../../../ovsdb/columns.ts';
import { isOvsdbError } from '../../../../ovsdb/errors.ts';
import type { Replica } from '../../../../ovsdb/replica.ts';
import type { InsertRef, Mutation, Transaction, Where } from '../../../../ovsdb/transaction.ts';
import type { Random } from './random.ts';
import type { LawColumn, LawSchema, LawTable } from './random-schema.ts';

/** What became of a transaction. */
export type Outcome = 'committed' | 'refused' | 'unknown';
type AnyInput = InputOf<ColumnSpec>;

/** Writes random transactions: all kinds of operations on all kinds of columns. What the server refuses is no fault here. */
export class Writer {
  readonly #client: OvsdbClient<TableSpecs>;
  readonly #schema: LawSchema;
  #reals: readonly number[] = REALS;
  readonly #random: Random;
  /** Tells which rows there are. */
  readonly #known: Replica<TableSpecs>;

  constructor(client: OvsdbClient<TableSpecs>, schema: LawSchema, random: Random, known: Replica<TableSpecs>) {
    this.#client = client;
    this.#schema = schema;
    this.#random = random;
    this.#known = known;
  }

  /** Two counters that every transaction raises, and what makes the server keep its history. */
  async begin(): Promise<void> {
    const tx = this.#client.transaction();
    // A cluster forgets transactions once they have more atoms than the database: one row that nobody touches has many.
    tx.insert('Meta', { name: 'first' });
    tx.insert('Meta', { name: 'pad', pad: Array.from({ length: 5_000 }, (_, n) => n) });
    tx.insert('Meta', { name: 'second' });
    await this.#client.transact(tx);
  }

  /** One transaction. */
  async write(): Promise<Outcome> {
    const tx = this.#client.transaction();
    tx.mutate('Meta', [['name', '==', 'first']], [['seq', '+=', 1]] as readonly Mutation<ColumnSpecs>[]);
    const inserted = new Map<string, InsertRef[]>();
    const coming = this.#random.chance(20)
      ? { table: this.#random.of(this.#schema.tables), ref: tx.announce() }
      : undefined;
    if (coming !== undefined) inserted.set(coming.table.name, [coming.ref]);
    for (let count = 1 + this.#random.below(4); count > 0; count--) this.#operation(tx, inserted);
    if (coming !== undefined) tx.insert(coming.table.name, this.#row(coming.table, inserted, true), { as: coming.ref });
    tx.mutate('Meta', [['name', '==', 'second']], [['seq', '+=', 1]] as readonly Mutation<ColumnSpecs>[]);
    try {
      await this.#client.transact(tx, { timeoutMs: 3_000 });
      return 'committed';
    } catch (error) {
      if (isOvsdbError(error, ...REFUSALS)) return 'refused';
      // A cluster may change its leader, or be slow beyond measure: the laws must hold whatever became of it.
      if (!isOvsdbError(error, 'unknown-outcome', 'not-connected', 'not-leader')) throw error;
      await this.#client.ready({ signal: AbortSignal.timeout(5_000) });
      return 'unknown';
    }
  }

  /** Conditions that the server's monitors and selects both know. */
  where(table: LawTable): Where<ColumnSpecs> {
    const random = this.#random;
    const [column, declared] = random.of([...table.columns]);
    const operator = random.of(['==', '!=', 'includes', 'excludes'] as const);
    this.#reals = SHORT_REALS; // `ovsdb-client` hands conditions on with 15 digits
    const value = this.#fit(declared, new Map());
    this.#reals = REALS;
    return [[column, operator, value]] as unknown as Where<ColumnSpecs>;
  }

  #value(spec: ColumnSpec, refers: string | undefined, inserted: ReadonlyMap<string, readonly InsertRef[]>): AnyInput {
    const random = this.#random;
    const key = (): unknown => this.#atom(spec.key, refers, inserted);
    switch (spec.kind) {
      case 'scalar':
        return key() as AnyInput;
      case 'optional':
        return (random.chance(25) ? null : key()) as AnyInput;
      case 'set':
        return random.some(3, key) as AnyInput;
      case 'map':
        return new Map(random.some(3, () => [key(), this.#atom(spec.value, undefined, inserted)] as const)) as AnyInput;
    }
  }

  #operation(tx: Transaction<TableSpecs>, inserted: Map<string, InsertRef[]>): void {
    const random = this.#random;
    const table = random.of(this.#schema.tables);
    const kind = random.of(['insert', 'insert', 'update', 'mutate', 'mutate', 'delete'] as const);
    if (kind === 'insert') {
      const ref = tx.insert(table.name, this.#row(table, inserted, true));
      inserted.set(table.name, [...(inserted.get(table.name) ?? []), ref]);
    } else if (kind === 'update') tx.update(table.name, this.#which(table), this.#row(table, inserted, false));
    else if (kind === 'mutate') tx.mutate(table.name, this.#which(table), this.#mutations(table, inserted));
    else tx.delete(table.name, this.#which(table));
  }

  #row(table: LawTable, inserted: ReadonlyMap<string, readonly InsertRef[]>, fresh: boolean): InputRow<ColumnSpecs> {
    const entries = [...table.columns].filter(([, column]) => (fresh || !column.immutable) && this.#random.chance(60));
    return Object.fromEntries(entries.map(([name, column]) => [name, this.#fit(column, inserted)]));
  }

  /** As many elements as the schema allows. */
  #fit(column: LawColumn, inserted: ReadonlyMap<string, readonly InsertRef[]>): AnyInput {
    const value = this.#value(column.spec, column.refers, inserted);
    const { min = 1, max = 1 } = column.json.type as { readonly min?: number; readonly max?: number | 'unlimited' };
    if (max === 'unlimited') return value;
    if (value instanceof Map) return new Map([...value].slice(0, max)) as AnyInput;
    if (!Array.isArray(value)) return value;
    const items = value.slice(0, max);
    return (items.length < min ? [this.#atom(column.spec.key, column.refers, inserted)] : items) as AnyInput;
  }

  #which(table: LawTable): Where<ColumnSpecs> {
    const rows = [...this.#known.table(table.name).keys()];
    if (rows.length > 0 && this.#random.chance(75)) return [['_uuid', '==', this.#random.of(rows)]];
    return this.#random.chance(85) ? this.where(table) : [];
  }

  #mutations(table: LawTable, inserted: ReadonlyMap<string, readonly InsertRef[]>): readonly Mutation<ColumnSpecs>[] {
    const mutable = [...table.columns].filter(([, column]) => !column.immutable);
    if (mutable.length === 0) return [];
    const mutations = this.#random.some(3, () => this.#mutation(this.#random.of(mutable), inserted));
    return mutations.filter((mutation) => mutation !== undefined);
  }

  #mutation(
    [name, column]: readonly [string, LawColumn],
    inserted: ReadonlyMap<string, readonly InsertRef[]>,
  ): Mutation<ColumnSpecs> | undefined {
    const random = this.#random;
    const { spec } = column;
    const numeric = spec.key === 'integer' || spec.key === 'int64' || spec.key === 'real';
    const { max = 1 } = column.json.type as { readonly max?: number | 'unlimited' };
    if (spec.kind === 'set' && max === 1) return undefined; // an atom to the server
    if (spec.kind === 'set' || spec.kind === 'map') {
      if (spec.kind === 'set' && numeric && random.chance(20)) return [name, random.of(['+=', '-=']), 1] as never;
      if (spec.kind === 'map' && max === 1) return undefined; // two inserted into one would be too many
      const value = this.#fit(column, inserted);
      const operand = value instanceof Map && random.chance(30) ? [...value.keys()] : value;
      const mutator = operand === value ? random.of(['insert', 'delete'] as const) : 'delete';
      return [name, mutator, operand] as never; // typed by the declared column only
    }
    if (!numeric) return undefined;
    return [name, random.of(['+=', '-=', '*=']), 1 + random.below(2)] as never;
  }

  #atom(type: AtomicType, refers: string | undefined, inserted: ReadonlyMap<string, readonly InsertRef[]>): unknown {
    const random = this.#random;
    switch (type) {
      case 'integer':
        return random.of([0, 1, 2, 3, -1, 2 ** 31, -(2 ** 40)]);
      case 'int64':
        return random.of<number | bigint>([0, 1, 2, -5, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n]);
      case 'real':
        return random.of(this.#reals);
      case 'boolean':
        return random.chance(50);
      case 'string':
        return random.of(['', 'a', 'b', 'c', 'ä"\\/', '😀\n\u2028', '7', '["uuid","x"]', ' ']);
      case 'uuid':
        return this.#uuid(refers, inserted);
    }
  }

  #uuid(refers: string | undefined, inserted: ReadonlyMap<string, readonly InsertRef[]>): Uuid | InsertRef {
    const random = this.#random;
    if (refers === undefined) return `00000000-0000-4000-8000-00000000000${random.below(5)}`;
    const fresh = inserted.get(refers) ?? [];
    const rows = [...this.#known.table(refers).keys()];
    if (fresh.length > 0 && (rows.length === 0 || random.chance(50))) return random.of(fresh);
    return rows.length > 0 ? random.of(rows) : '00000000-0000-4000-8000-000000000009';
  }
}

/** What a random transaction may well deserve. */
const REFUSALS = ['constraint-violation', 'referential-integrity', 'arithmetic', 'duplicate-uuid'] as const;
const SHORT_REALS: readonly number[] = [0, 1, -1.5, 0.3, 1e300, 1e-300];
/** Some look the same in the 15 digits that ovsdb-server writes. */
const REALS: readonly number[] = [...SHORT_REALS, 0.1 + 0.2, 0.3 - 2 ** -53, 1 / 3];
