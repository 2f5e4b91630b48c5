import { atomText, checkAtom, compareAtoms, defaultAtom, type NamedUuids, parseAtom, writeAtom } from './atom.ts';
import type { Atom } from './columns.ts';
import type { Json } from './json.ts';
import { rfcError, syntaxError } from './rfc-error.ts';
import { type ColumnType, plainBase, showCount } from './type-model.ts';

/**
 * A column's value in ovsdb-server's own form, whatever its type: keys in order, none twice; a scalar has one, an optional one or none.
 * A map has a value for each key, at the same place; only a map has values.
 */
export interface Datum {
  readonly keys: readonly Atom[];
  readonly values?: readonly Atom[];
}

export interface DatumOptions {
  /** Reads `["named-uuid", …]`, which is refused without. */
  readonly names?: NamedUuids | undefined;
  /** Any number of elements, as differences have it. */
  readonly anySize?: boolean;
}

/**
 * Reads a `<value>` (RFC 7047 section 5.1) as strictly as ovsdb-server: a set of one may stand without its brackets, the number of
 * elements fits the type, no key stands twice, all atoms fulfil their constraints.
 * @throws OvsdbError with ovsdb-server's name and words: `syntax error`, `constraint violation`, `ovsdb error`
 */
export function parseDatum(type: ColumnType, json: unknown, options: DatumOptions = {}): Datum {
  const { names } = options;
  if (type.value === undefined && !(Array.isArray(json) && json[0] === 'set')) {
    return { keys: [parseAtom(type.key, json, names)] };
  }
  const items = unwrap(type.value === undefined ? 'set' : 'map', json);
  if (options.anySize !== true) checkSize(type, items.length, json);
  if (type.value === undefined) return sorted({ keys: items.map((item) => parseAtom(type.key, item, names)) });
  const { key, value } = type;
  const keys: Atom[] = [];
  const values: Atom[] = [];
  for (const item of items) {
    if (!Array.isArray(item) || item.length !== 2) throw syntaxError(item, 'expected 2-element array');
    keys.push(parseAtom(key, item[0], names));
    values.push(parseAtom(value, item[1], names));
  }
  return sorted({ keys, values });
}

/** The value as JSON: a set of one stands without its brackets, the rest in order. */
export function writeDatum(type: ColumnType, datum: Datum): Json {
  const { keys, values } = datum;
  if (type.value !== undefined) {
    const { key, value } = type;
    return ['map', keys.map((atom, n) => [writeAtom(key.type, atom), writeAtom(value.type, values?.[n] ?? 0)])];
  }
  const [first] = keys;
  if (first !== undefined && keys.length === 1) return writeAtom(type.key.type, first);
  return ['set', keys.map((atom) => writeAtom(type.key.type, atom))];
}

/** The value for people, as `ovs-vsctl` shows it: `[1, 2]`, `{a=b}`. */
export function datumText(type: ColumnType, { keys, values }: Datum): string {
  const items = keys.map((key, n) => {
    const text = atomText(type.key.type, key);
    return type.value === undefined ? text : `${text}=${atomText(type.value.type, values?.[n] ?? 0)}`;
  });
  if (type.max === 1 && keys.length > 0) return items.join(', ');
  return type.value === undefined ? `[${items.join(', ')}]` : `{${items.join(', ')}}`;
}

/** What a column of this type has that nobody has set: as many default atoms as it must have. */
export function defaultDatum(type: ColumnType): Datum {
  const empty = type.min === 0;
  const keys = empty ? [] : [defaultAtom(type.key.type)];
  if (type.value === undefined) return { keys };
  return { keys, values: empty ? [] : [defaultAtom(type.value.type)] };
}

export function isDefaultDatum(type: ColumnType, datum: Datum): boolean {
  return equalDatums(datum, defaultDatum(type));
}

/** ovsdb-server's order: fewer elements first, then by keys, then by values. Both must be of one type. */
export function compareDatums(a: Datum, b: Datum): number {
  if (a.keys.length !== b.keys.length) return a.keys.length - b.keys.length;
  return compareAll(a.keys, b.keys) || compareAll(a.values ?? [], b.values ?? []);
}

export function equalDatums(a: Datum, b: Datum): boolean {
  return compareDatums(a, b) === 0;
}

/** Checks atoms that did not come through {@link parseDatum}. @throws OvsdbError `constraint-violation` */
export function checkDatum(type: ColumnType, datum: Datum): void {
  for (const key of datum.keys) checkAtom(type.key, key);
  if (type.value !== undefined) for (const value of datum.values ?? []) checkAtom(type.value, value);
}

/** True when the number of elements fits the type. */
export function fitsSize(type: ColumnType, datum: Datum): boolean {
  return datum.keys.length >= type.min && datum.keys.length <= type.max;
}

/** Place of a key, or where it would have to be put: `-place - 1`. */
export function findKey(datum: Datum, key: Atom): number {
  let low = 0;
  let high = datum.keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compareAtoms(key, datum.keys[middle] as Atom); // middle is within the keys
    if (order === 0) return middle;
    if (order < 0) high = middle;
    else low = middle + 1;
  }
  return -low - 1;
}

/** Sorts and refuses what stands twice. @throws OvsdbError `ovsdb error` */
export function sorted({ keys, values }: Datum): Datum {
  if (keys.length < 2) return values === undefined ? { keys } : { keys, values };
  const order = keys.map((_, n) => n).sort((a, b) => compareAtoms(keys[a] as Atom, keys[b] as Atom));
  const inOrder = order.map((n) => keys[n] as Atom); // order has the places of the keys
  if (inOrder.some((key, n) => n > 0 && compareAtoms(key, inOrder[n - 1] as Atom) === 0)) {
    throw rfcError('ovsdb error', values === undefined ? 'set contains duplicate' : 'map contains duplicate key');
  }
  return values === undefined ? { keys: inOrder } : { keys: inOrder, values: order.map((n) => values[n] as Atom) };
}

/** Enumerations are sets of at least one atom. */
export function parseEnum(type: ColumnType['key']['type'], json: unknown): readonly Atom[] {
  return parseDatum({ key: plainBase(type), min: 1, max: Number.POSITIVE_INFINITY }, json).keys;
}

function unwrap(kind: 'set' | 'map', json: unknown): readonly unknown[] {
  if (Array.isArray(json) && json.length === 2 && json[0] === kind && Array.isArray(json[1])) return json[1];
  throw syntaxError(json, `expected ["${kind}", <array>]`);
}

function checkSize(type: ColumnType, count: number, json: unknown): void {
  if (count >= type.min && count <= type.max) return;
  const kind = type.value === undefined ? 'set' : 'map';
  const wanted =
    type.min === 1 && type.max === 1 ? 'exactly one member' : `${type.min} to ${showCount(type.max)} members`;
  throw syntaxError(json, `${kind} must have ${wanted} but ${count} are present`);
}

function compareAll(a: readonly Atom[], b: readonly Atom[]): number {
  for (const [n, atom] of a.entries()) {
    const order = compareAtoms(atom, b[n] as Atom); // both have as many
    if (order !== 0) return order;
  }
  return 0;
}
