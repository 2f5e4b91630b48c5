import { defaultAtom } from './atom.ts';
import { decodeValue, EMPTY_MAP, EMPTY_SET, TextPool } from './codec.ts';
import {
  type Atom,
  type AtomicType,
  type ColumnSpec,
  type ColumnSpecs,
  ownMember,
  type TableSpecs,
  type Uuid,
  type Value,
} from './columns.ts';
import { OvsdbError } from './errors.ts';
import type { ColumnSchema, DatabaseSchema } from './schema.ts';
import { isComposite } from './type-model.ts';

/** A row as the library sees it; callers see it through the types of their declaration. */
export type AnyRow = { readonly _uuid: Uuid } & Readonly<Record<string, Value>>;

/** Reads the rows of one table: the declaration joined with the server's schema. */
export interface TableReader {
  /** Columns that the server has, to be asked for. */
  readonly columns: readonly string[];
  /** A whole row; columns left out have their defaults, as update2 does. */
  row(uuid: Uuid, json: Readonly<Record<string, unknown>>): AnyRow;
  /** The row after an update2 `modify`: differences for sets and maps, new values for the rest (ovsdb-server(7) 4.1.15). */
  modified(old: AnyRow, json: Readonly<Record<string, unknown>>): AnyRow;
}

/** One reader a declared table; the tables must have passed `checkTables`. */
export function readersFor(schema: DatabaseSchema, tables: TableSpecs): ReadonlyMap<string, TableReader> {
  return new Map(Object.entries(tables).map(([name, columns]) => [name, tableReader(schema, name, columns)]));
}

interface ColumnReader {
  readonly name: string;
  readonly spec: ColumnSpec;
  readonly initial: Value;
  readonly pool: TextPool | undefined;
  /** Every object has something of this name: only then is it asked whose it is. */
  readonly inherited: boolean;
  /** Column of more than one value: update2 sends differences. */
  readonly composite: boolean;
}

function tableReader(schema: DatabaseSchema, table: string, specs: ColumnSpecs): TableReader {
  const known = schema.tables.get(table)?.columns;
  const all = Object.entries(specs).map(([name, spec]) => columnReader(name, spec, known?.get(name)));
  const present = new Map(all.filter(({ name }) => known?.has(name)).map((column) => [column.name, column]));
  return {
    columns: [...present.keys()],
    row(uuid, json) {
      // Every row of a table gets its properties in one order, so that V8 gives them one shape.
      const row: MutableRow = { _uuid: uuid };
      for (const column of all) {
        const value = column.inherited ? ownMember(json, column.name) : json[column.name];
        row[column.name] = value === undefined ? column.initial : decode(column, value, table);
      }
      return row;
    },
    modified(old, json) {
      const row: MutableRow = { ...old };
      for (const name in json) {
        const column = present.get(name);
        if (column === undefined) continue;
        const { spec, composite } = column;
        const value = decode(column, json[name], table);
        if (!composite || spec.kind === 'scalar' || spec.kind === 'optional') row[name] = value;
        else if (isAmbiguous(spec, old[name], value)) throw new AmbiguousDifference(table, name);
        else if (spec.kind === 'set') row[name] = toggled(old[name] as AtomSet, value as AtomSet);
        else row[name] = patched(old[name] as AtomMap, value as AtomMap);
      }
      return row;
    },
  };
}

type MutableRow = Record<string, Value> & { _uuid: Uuid };
/**
 * The server compares reals exactly and writes 15 digits of them: what looks like the value that we hold may be that one, gone, or
 * another one, new (0.3 and 0.1 + 0.2). Only the row itself tells.
 */
export class AmbiguousDifference extends OvsdbError {
  constructor(table: string, column: string) {
    super('unsupported', `${table}.${column}: the difference of reals can be read in two ways`);
  }
}

function isAmbiguous(spec: ColumnSpec, old: Value, difference: Value): boolean {
  if (spec.kind === 'set') {
    return spec.key === 'real' && [...(difference as AtomSet)].some((atom) => (old as AtomSet).has(atom));
  }
  if (spec.kind !== 'map' || (spec.key !== 'real' && spec.value !== 'real')) return false;
  const held = old as AtomMap;
  return [...(difference as AtomMap)].some(([k, v]) => held.has(k) && (spec.key === 'real' || held.get(k) === v));
}

/** What `decode` gives for a declared set, and for a declared map. */
type AtomSet = ReadonlySet<Atom>;
type AtomMap = ReadonlyMap<Atom, Atom>;

function columnReader(name: string, spec: ColumnSpec, column: ColumnSchema | undefined): ColumnReader {
  const inherited = name in Object.prototype;
  if (column === undefined) return { name, spec, initial: undefined, pool: undefined, inherited, composite: false };
  const pool = spec.kind === 'map' ? new TextPool() : undefined;
  return {
    name,
    spec,
    initial: defaultValue(spec, column.type.min),
    pool,
    inherited,
    composite: isComposite(column.type),
  };
}

/** ovsdb's default: as many default atoms as the column must have, and that is one or none. */
function defaultValue(spec: ColumnSpec, min: number): Value {
  switch (spec.kind) {
    case 'scalar':
      return defaultOf(spec.key);
    case 'optional':
      return min === 0 ? null : defaultOf(spec.key);
    case 'set':
      return min === 0 ? EMPTY_SET : new Set([defaultOf(spec.key)]);
    case 'map':
      return min === 0 ? EMPTY_MAP : new Map([[defaultOf(spec.key), defaultOf(spec.value)]]);
  }
}

function defaultOf(type: AtomicType): Atom {
  return defaultAtom(type === 'int64' ? 'integer' : type);
}

/**
 * Set difference: what is in one of the two. `datum-algebra.ts` has the same for values in ovsdb-server's own form; rows hold sets and
 * maps, for which sorting would cost more than all the rest.
 */
function toggled(old: ReadonlySet<Atom>, difference: ReadonlySet<Atom>): ReadonlySet<Atom> {
  const next = new Set(old);
  for (const atom of difference) if (!next.delete(atom)) next.add(atom);
  return next.size === 0 ? EMPTY_SET : next;
}

/** Map difference: a pair that is there goes, a key with another value gets it, a new key is added. */
function patched(old: ReadonlyMap<Atom, Atom>, difference: ReadonlyMap<Atom, Atom>): ReadonlyMap<Atom, Atom> {
  const next = new Map(old);
  for (const [key, value] of difference) {
    if (next.get(key) === value) next.delete(key);
    else next.set(key, value);
  }
  return next.size === 0 ? EMPTY_MAP : next;
}

function decode({ name, spec, pool }: ColumnReader, json: unknown, table: string): Value {
  try {
    return decodeValue(spec, json, pool);
  } catch (cause) {
    throw new OvsdbError('protocol', `${table}.${name}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
