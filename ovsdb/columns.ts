/**
 * What a caller needs of a database: tables, columns and their types. Declared once, it is checked against the server's schema and
 * gives rows their TypeScript types. `int64` is the database's `integer` for columns that may go beyond 2^53 (counters).
 */
export type AtomicType = 'integer' | 'int64' | 'real' | 'boolean' | 'string' | 'uuid';
/** Lower-case text of RFC 4122. */
export type Uuid = string;
/** One value of a column. */
export type Atom = number | bigint | boolean | string;
/** A column's decoded value; `undefined` only where the schema lacks a column declared {@link absentOk}. */
export type Value = Atom | null | undefined | ReadonlySet<Atom> | ReadonlyMap<Atom, Atom>;
/** Stands for the UUID of a row that the same transaction inserts (`<named-uuid>`, RFC 7047 section 5.1). */
export interface NamedUuid {
  readonly namedUuid: string;
}

export interface ScalarColumn<A extends AtomicType = AtomicType> {
  readonly kind: 'scalar';
  readonly key: A;
  readonly absentOk?: boolean;
}
export interface OptionalColumn<A extends AtomicType = AtomicType> {
  readonly kind: 'optional';
  readonly key: A;
  readonly absentOk?: boolean;
}
export interface SetColumn<A extends AtomicType = AtomicType> {
  readonly kind: 'set';
  readonly key: A;
  readonly absentOk?: boolean;
}
export interface MapColumn<K extends AtomicType = AtomicType, V extends AtomicType = AtomicType> {
  readonly kind: 'map';
  readonly key: K;
  readonly value: V;
  readonly absentOk?: boolean;
}
export type ColumnSpec = ScalarColumn | OptionalColumn | SetColumn | MapColumn;
export type ColumnSpecs = Readonly<Record<string, ColumnSpec>>;
export type TableSpecs = Readonly<Record<string, ColumnSpecs>>;

/** Exactly one value. */
export function scalar<const A extends AtomicType>(key: A): ScalarColumn<A> {
  return { kind: 'scalar', key };
}

/** One value or none (`null`). */
export function optional<const A extends AtomicType>(key: A): OptionalColumn<A> {
  return { kind: 'optional', key };
}

/** Any number of values. */
export function set<const A extends AtomicType>(key: A): SetColumn<A> {
  return { kind: 'set', key };
}

/** Any number of keys with a value each. */
export function map<const K extends AtomicType, const V extends AtomicType>(key: K, value: V): MapColumn<K, V> {
  return { kind: 'map', key, value };
}

/** Accepts a schema that has no such column; rows then carry `undefined` in it. */
export function absentOk<C extends ColumnSpec>(column: C): C & { readonly absentOk: true } {
  return { ...column, absentOk: true };
}

/** Only gives the literal its type. */
export function defineTables<const T extends TableSpecs>(tables: T): T {
  return tables;
}

export type AtomOf<A extends AtomicType> = A extends 'integer' | 'real'
  ? number
  : A extends 'int64'
    ? number | bigint
    : A extends 'boolean'
      ? boolean
      : string;

type PresentValueOf<C> =
  C extends MapColumn<infer K, infer V>
    ? ReadonlyMap<AtomOf<K>, AtomOf<V>>
    : C extends ScalarColumn<infer A>
      ? AtomOf<A>
      : C extends OptionalColumn<infer A>
        ? AtomOf<A> | null
        : C extends SetColumn<infer A>
          ? ReadonlySet<AtomOf<A>>
          : never;

/** The decoded value of a declared column. */
export type ValueOf<C> = C extends { readonly absentOk: true } ? PresentValueOf<C> | undefined : PresentValueOf<C>;

/** A decoded row; never changed, only replaced. */
export type RowOf<C extends ColumnSpecs> = { readonly _uuid: Uuid } & { readonly [N in keyof C]: ValueOf<C[N]> };

/** A row of one of the declared tables. */
export type Row<T extends TableSpecs, K extends keyof T> = RowOf<T[K]>;

export type InputAtomOf<A extends AtomicType> = A extends 'uuid' ? Uuid | NamedUuid : AtomOf<A>;

/** What a caller may give for a column. */
export type InputOf<C> =
  C extends MapColumn<infer K, infer V>
    ? ReadonlyMap<InputAtomOf<K>, InputAtomOf<V>> | Readonly<Record<string, InputAtomOf<V>>>
    : C extends ScalarColumn<infer A>
      ? InputAtomOf<A>
      : C extends OptionalColumn<infer A>
        ? InputAtomOf<A> | null
        : C extends SetColumn<infer A>
          ? readonly InputAtomOf<A>[] | ReadonlySet<InputAtomOf<A>>
          : never;

/** A row to be written: columns left out keep their value, or get the schema's default in an insert. */
export type InputRow<C extends ColumnSpecs> = { readonly [N in keyof C]?: InputOf<C[N]> };

export type ColumnName<C> = keyof C & string;
export type TableName<T> = keyof T & string;

/** The member of this name; nothing that every object inherits: a column may well be called `constructor`. */
export function ownMember<V>(record: Readonly<Record<string, V>>, name: string): V | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
