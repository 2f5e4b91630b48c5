import type { OvsdbClient } from '../../../../ovsdb/client.ts';
import type { ColumnSpecs, RowOf, TableSpecs, Uuid } from '../../../../ovsdb/columns.ts';
import type { Change, Replica, ReplicaEvent } from '../../../../ovsdb/replica.ts';
import type { Snapshot } from '../../../../ovsdb/snapshot.ts';
import type { TableIndex } from '../../../../ovsdb/table-index.ts';
import { foreignTransact, type PlainTable, plainRows, plainWire } from './plain.ts';
import type { Random } from './random.ts';
import type { LawSchema } from './random-schema.ts';

type Row = RowOf<ColumnSpecs>;
interface Kept {
  readonly snapshot: Snapshot<TableSpecs>;
  readonly tables: ReadonlyMap<string, PlainTable>;
}
interface Watched {
  readonly index: TableIndex<readonly never[], Row>;
  readonly table: string;
  /** The index again, by looking at every row. */
  readonly scan: (row: Row) => readonly unknown[];
}

/** One replica, watched: everything that a replica promises is compared with what it does, at every event. */
export class Follower {
  readonly client: OvsdbClient<TableSpecs>;
  readonly replica: Replica<TableSpecs>;
  /** What the laws were found broken by. */
  readonly faults: string[] = [];
  events = 0;
  resumed = 0;
  resyncs = 0;
  snapshots = 0;
  readonly #schema: LawSchema;
  readonly #random: Random;
  /** The tables as the events tell them. */
  readonly #told = new Map<string, Map<Uuid, Row>>();
  readonly #watched: Watched[] = [];
  readonly #kept: Kept[] = [];
  #seq = -1;

  constructor(client: OvsdbClient<TableSpecs>, schema: LawSchema, random: Random) {
    this.client = client;
    this.#schema = schema;
    this.#random = random;
    this.replica = client.replicate(schema.specs);
    for (const table of Object.keys(schema.specs)) this.#told.set(table, new Map());
    this.#watch();
    this.replica.subscribe((event) => this.#onEvent(event));
  }

  /** Compares with what ovsdb-client reads, when nobody writes. */
  async compare(endpoint: string, where: ReadonlyMap<string, readonly unknown[] | boolean>): Promise<void> {
    await this.replica.sync({ signal: AbortSignal.timeout(5_000) });
    this.#checkIndexes();
    const selects = Object.entries(this.#schema.specs).flatMap(([table, specs]) =>
      wheres(where.get(table)).map((clauses) => ({
        op: 'select',
        table,
        where: clauses,
        columns: ['_uuid', ...Object.keys(specs)],
      })),
    );
    const results = await foreignTransact(endpoint, 'laws', selects);
    const fresh = new Map<string, Map<string, string>>();
    for (const [n, { table }] of selects.entries()) {
      const { rows } = results[n] as { readonly rows?: readonly Readonly<Record<string, unknown>>[] };
      if (rows === undefined) throw new Error(`select: ${JSON.stringify(results[n])}`);
      // A row need only match one of the conditions.
      const merged = fresh.get(table) ?? new Map<string, string>();
      for (const [uuid, text] of plainWire(this.#schema.specs[table] ?? {}, rows)) merged.set(uuid, text);
      fresh.set(table, merged);
    }
    for (const table of Object.keys(this.#schema.specs)) {
      const difference = differs(this.#plain(table, this.replica.table(table)), fresh.get(table) ?? new Map());
      if (difference !== undefined) this.faults.push(`${table} is not what the server has: ${difference}`);
    }
  }

  /** Looks at all snapshots that were kept. */
  checkSnapshots(): void {
    for (const kept of this.#kept.splice(0)) this.#checkSnapshot(kept);
  }

  #watch(): void {
    for (const { name, columns } of this.#schema.tables) {
      const names = [...columns.keys()];
      const chosen = names.filter(() => this.#random.chance(40)).slice(0, 3);
      if (chosen.length > 0) {
        const index = this.replica.index(name, chosen) as unknown as Watched['index']; // keys are of any type here
        this.#watched.push({ index, table: name, scan: (row) => [chosen.map((column) => row[column])] });
      }
      for (const [column, { refers, spec }] of columns) {
        if (refers === undefined || spec.kind === 'map') continue;
        const index = this.replica.references(name, column) as unknown as Watched['index'];
        this.#watched.push({ index, table: name, scan: (row) => uuidsOf(row[column]).map((uuid) => [uuid]) });
      }
    }
  }

  #onEvent(event: ReplicaEvent<TableSpecs>): void {
    this.events += 1;
    if (event.type === 'synced') {
      if (event.resumed) this.resumed += 1;
      else this.resyncs += 1;
    }
    if (event.type !== 'changes') return;
    for (const change of event.changes) this.#tell(change);
    for (const [table, told] of this.#told) {
      const held = this.replica.table(table);
      if (held.size !== told.size || [...held].some(([uuid, row]) => told.get(uuid) !== row)) {
        this.faults.push(`${table}: the events do not tell what the table holds`);
      }
    }
    this.#checkWhole(event.source);
    if (this.#random.chance(20)) this.#checkIndexes();
    if (this.#random.chance(20)) this.#keep();
    if (this.#kept.length > 0 && this.#random.chance(10)) {
      const [kept] = this.#kept.splice(this.#random.below(this.#kept.length), 1);
      if (kept !== undefined) this.#checkSnapshot(kept);
    }
  }

  #tell(change: Change<TableSpecs>): void {
    const told = this.#told.get(change.table);
    const known = told?.get(change.uuid);
    const expected = change.kind === 'insert' ? undefined : change.old;
    if (known !== expected)
      this.faults.push(`${change.kind} ${change.table} ${change.uuid}: what was told before is not its old row`);
    if (change.kind === 'delete') told?.delete(change.uuid);
    else told?.set(change.uuid, change.new);
  }

  /** Each transaction raises both counters: they differ only in a half of one, and never go back. */
  #checkWhole(source: string): void {
    const rows = [...this.replica.table('Meta').values()] as readonly Row[];
    const [first, second] = ['first', 'second'].map((name) => Number(rows.find((row) => row.name === name)?.seq));
    if (rows.length === 0) return;
    if (first !== second) this.faults.push(`${source}: half a transaction: ${first} and ${second}`);
    if ((first ?? 0) < this.#seq) this.faults.push(`${source}: back from transaction ${this.#seq} to ${first}`);
    this.#seq = first ?? 0;
  }

  #checkIndexes(): void {
    for (const { index, table, scan } of this.#watched) {
      const wanted = new Map<string, { readonly key: readonly unknown[]; readonly uuids: Set<Uuid> }>();
      for (const row of this.replica.table(table).values() as Iterable<Row>) {
        for (const key of scan(row)) {
          const parts = Array.isArray(key) && Array.isArray(key[0]) ? (key[0] as unknown[]) : (key as unknown[]);
          const text = JSON.stringify(
            parts.map((part) => plainRows({ k: { kind: 'set', key: 'string' } }, [['', { k: part }]]).get('')),
          );
          const entry = wanted.get(text) ?? { key: parts, uuids: new Set<Uuid>() };
          entry.uuids.add(row._uuid);
          wanted.set(text, entry);
        }
      }
      if (index.size !== wanted.size) this.faults.push(`index of ${table}: ${index.size} keys, not ${wanted.size}`);
      for (const { key, uuids } of wanted.values()) {
        const found = index.rows(...(key as readonly never[]));
        const same =
          found.length === uuids.size &&
          found.every((row) => uuids.has(row._uuid) && this.replica.table(table).get(row._uuid) === row);
        if (!same)
          this.faults.push(`index of ${table}: key ${String(key)} has ${found.length} rows, not ${uuids.size}`);
      }
    }
  }

  #keep(): void {
    const tables = new Map<string, PlainTable>();
    for (const table of Object.keys(this.#schema.specs))
      tables.set(table, this.#plain(table, this.replica.table(table)));
    this.#kept.push({ snapshot: this.replica.snapshot(), tables });
    this.snapshots += 1;
  }

  #checkSnapshot({ snapshot, tables }: Kept): void {
    for (const [table, text] of tables) {
      const rows = snapshot.table(table);
      const singly = [...text.keys()].map((uuid) => [uuid, rows.get(uuid) ?? {}] as const);
      const gone = [...this.replica.table(table).keys()].filter((uuid) => !text.has(uuid) && rows.has(uuid));
      const found = differs(this.#plain(table, singly), text) ?? differs(this.#plain(table, rows), text);
      if (rows.size !== text.size || gone.length > 0 || found !== undefined) {
        this.faults.push(
          `a snapshot of ${table} has changed: ${found ?? `${rows.size} rows, not ${text.size}; ${gone.length} new ones`}`,
        );
      }
    }
  }

  #plain(table: string, rows: Iterable<readonly [string, object]>): PlainTable {
    return plainRows(this.#schema.specs[table] ?? {}, rows);
  }
}

function uuidsOf(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  return value instanceof Set ? [...value] : [value];
}

/** A select for each condition: monitors want any of them to hold, a select all. */
function wheres(where: readonly unknown[] | boolean | undefined): readonly (readonly unknown[])[] {
  if (where === undefined || where === true || (where !== false && where.length === 0)) return [[]];
  return where === false ? [] : where.map((condition) => [condition]);
}

function differs(held: PlainTable, fresh: PlainTable): string | undefined {
  for (const [uuid, text] of fresh) if (held.get(uuid) !== text) return `${uuid} is ${held.get(uuid)}, not ${text}`;
  for (const [uuid, text] of held) if (!fresh.has(uuid)) return `${uuid} is ${text}, and should not be there`;
  return undefined;
}
