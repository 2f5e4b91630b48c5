import type { Atom, Uuid } from './columns.ts';
import { OvsdbError } from './errors.ts';
import { throwLater } from './listeners.ts';
import type { LiveTable, RowFollower } from './live-table.ts';
import type { AnyRow } from './table-reader.ts';

/** What a row can be found by; `null` is a key like any other, `undefined` is none. */
export type IndexKey = Atom | null;

/** Keys of a row: none, one or several. */
export type KeysOf =
  | { readonly kind: 'one'; readonly of: (row: AnyRow) => IndexKey | undefined }
  | { readonly kind: 'many'; readonly of: (row: AnyRow) => Iterable<IndexKey> };

/** How an index finds its rows. */
export interface IndexPlan<Key extends readonly unknown[]> {
  readonly keysOf: KeysOf;
  /** Turns what callers ask for into what `keysOf` gives. */
  readonly keyOf: (asked: Key) => IndexKey | undefined;
}

/** Rows of one key: the uuid itself while there is one, since most keys are unique. */
type Bucket = Uuid | Set<Uuid>;

/**
 * Finds the rows of one table by key. It changes with the rows, in O(1) a key that changes: inside an event's listener it shows
 * what the tables show. That several rows have a key is no error; {@link one} is for keys that the schema says are unique.
 */
export class TableIndex<Key extends readonly unknown[], Row> implements RowFollower, Disposable {
  readonly #plan: IndexPlan<Key>;
  readonly #rows: ReadonlyMap<Uuid, AnyRow>;
  readonly #buckets = new Map<IndexKey, Bucket>();
  readonly #following: Disposable;
  /** The rows that were there at the beginning are in it. */
  #begun = false;

  constructor(table: LiveTable, plan: IndexPlan<Key>) {
    this.#plan = plan;
    this.#rows = table.rows;
    this.#following = table.follow(this);
    this.#begun = true;
  }

  /** Number of keys. */
  get size(): number {
    return this.#buckets.size;
  }

  /** The rows of this key, in no order; none once it is disposed. */
  rows(...key: Key): readonly Row[] {
    const bucket = this.#bucket(key);
    if (bucket === undefined) return [];
    return (typeof bucket === 'string' ? [bucket] : [...bucket]).map((uuid) => this.#row(uuid));
  }

  /** The row of this key. @throws OvsdbError `invalid-use` when there are several */
  one(...key: Key): Row | undefined {
    const bucket = this.#bucket(key);
    if (bucket === undefined) return undefined;
    if (typeof bucket === 'string') return this.#row(bucket);
    throw new OvsdbError('invalid-use', `${bucket.size} rows have the key ${key.map(String).join(', ')}`);
  }

  has(...key: Key): boolean {
    return this.#bucket(key) !== undefined;
  }

  [Symbol.dispose](): void {
    this.#following[Symbol.dispose]();
    this.#buckets.clear();
  }

  /** Called by the table for every change of a row, and for every row at the beginning; only then does it throw. */
  change(old: AnyRow | undefined, row: AnyRow | undefined): void {
    const { kind } = this.#plan.keysOf;
    const before = old === undefined ? undefined : this.#keys(old, false);
    const after = row === undefined ? undefined : this.#keys(row, true);
    if (before === after) return; // a set that did not change is the same object
    if (old !== undefined && before !== undefined) {
      if (kind === 'one') this.#take(before as IndexKey, old._uuid);
      else for (const key of before as Iterable<IndexKey>) this.#take(key, old._uuid);
    }
    if (row !== undefined && after !== undefined) {
      if (kind === 'one') this.#put(after as IndexKey, row._uuid);
      else for (const key of after as Iterable<IndexKey>) this.#put(key, row._uuid);
    }
  }

  /** A row whose keys cannot be had has none; that its function throws is told once, when the row comes. */
  #keys(row: AnyRow, tell: boolean): IndexKey | Iterable<IndexKey> | undefined {
    const { kind, of } = this.#plan.keysOf;
    try {
      const keys = of(row);
      // What a generator yields is taken here: all keys or, if it throws, none.
      if (kind === 'one' || keys === undefined || keys instanceof Set || Array.isArray(keys)) return keys;
      return [...(keys as Iterable<IndexKey>)]; // of kind 'many'
    } catch (error) {
      if (!this.#begun) throw error; // whoever makes the index hears it at once
      if (tell) throwLater(error);
      return undefined;
    }
  }

  #row(uuid: Uuid): Row {
    return this.#rows.get(uuid) as unknown as Row; // what is in a bucket is in the table, whose rows are of type Row
  }

  #bucket(asked: Key): Bucket | undefined {
    const key = this.#plan.keyOf(asked);
    return key === undefined ? undefined : this.#buckets.get(key);
  }

  #put(key: IndexKey, uuid: Uuid): void {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) this.#buckets.set(key, uuid);
    else if (typeof bucket !== 'string') bucket.add(uuid);
    else if (bucket !== uuid) this.#buckets.set(key, new Set([bucket, uuid]));
  }

  #take(key: IndexKey, uuid: Uuid): void {
    const bucket = this.#buckets.get(key);
    if (bucket === uuid) this.#buckets.delete(key);
    if (bucket === undefined || typeof bucket === 'string') return;
    bucket.delete(uuid);
    const [last] = bucket;
    if (bucket.size === 1 && last !== undefined) this.#buckets.set(key, last);
  }
}

/** By the values of these columns together. */
export function byColumns<Key extends readonly unknown[]>(columns: readonly string[]): IndexPlan<Key> {
  const [first, ...more] = columns;
  if (first === undefined) throw new OvsdbError('invalid-use', 'an index needs a column');
  if (more.length === 0) {
    return { keysOf: { kind: 'one', of: (row) => valueKey(row[first]) }, keyOf: ([value]) => valueKey(value) };
  }
  const of = (row: AnyRow): IndexKey => tupleKey(columns.map((name) => row[name]));
  return { keysOf: { kind: 'one', of }, keyOf: (asked) => tupleKey(asked) };
}

/** By what a function says of the row; `one` key, or `many`. */
export function byKeys(keysOf: KeysOf): IndexPlan<readonly [IndexKey]> {
  return { keysOf, keyOf: ([key]) => key };
}

/** By the uuids in one column: the rows that refer to another row. */
export function byReference(column: string): IndexPlan<readonly [Uuid]> {
  return { keysOf: { kind: 'many', of: (row) => referencesOf(row[column]) }, keyOf: ([uuid]) => uuid };
}

const NONE: readonly IndexKey[] = [];

function referencesOf(value: unknown): Iterable<IndexKey> {
  if (typeof value === 'string') return [value];
  if (value instanceof Set) return value as ReadonlySet<Atom>; // of a declared column
  if (value instanceof Map) return [...value.keys(), ...value.values()] as readonly Atom[]; // what is no uuid is never asked for
  return NONE;
}

/** Equal for equal values of one column. */
function valueKey(value: unknown): IndexKey | undefined {
  if (value instanceof Set) return JSON.stringify([...value].map(String).sort());
  if (value instanceof Map) {
    return JSON.stringify([...value].map(([key, item]) => JSON.stringify([String(key), String(item)])).sort());
  }
  return value as IndexKey | undefined; // an atom, null, or nothing where the schema lacks the column
}

/** Columns have one type each, so that the text of an atom tells it apart; -0 is 0 in text too. */
function tupleKey(values: readonly unknown[]): IndexKey {
  return JSON.stringify(values.map((value) => ((value ?? null) === null ? null : String(valueKey(value)))));
}
