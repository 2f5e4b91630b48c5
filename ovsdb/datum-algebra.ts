import { compareAtoms } from './atom.ts';
import type { Atom } from './columns.ts';
import { type Datum, findKey, fitsSize, sorted } from './datum.ts';
import { rfcError } from './rfc-error.ts';
import { type ColumnType, isComposite } from './type-model.ts';

/** Every element of b is in a, a map's with its value; without values in b, its keys alone count. */
export function includesAll(a: Datum, b: Datum): boolean {
  return b.keys.every((_, n) => has(a, b, n));
}

/** No element of b is in a. */
export function excludesAll(a: Datum, b: Datum): boolean {
  return !b.keys.some((_, n) => has(a, b, n));
}

/** All of a, and of b what has a key that a has not. */
export function union(a: Datum, b: Datum): Datum {
  return append(a, b, (key) => findKey(a, key) < 0);
}

/** What of a is not in b: a map's pair goes when both its key and its value are there, or its key when b has no values. */
export function subtract(a: Datum, b: Datum): Datum {
  return select(a, (key, n) => {
    const at = findKey(b, key);
    return at < 0 || (b.values !== undefined && !same(a.values?.[n], b.values[at]));
  });
}

/**
 * What turns `from` into `to` and back, as monitors send it (ovsdb-server(7) 4.1.15): of a set what is in one of the two; of a map
 * also the new value of a key that has another; of a column with at most one value, the new value.
 */
export function difference(type: ColumnType, from: Datum, to: Datum): Datum {
  if (!isComposite(type)) return to;
  return combine(from, to);
}

/**
 * The value after a difference.
 * @throws OvsdbError `ovsdb error` when it then has too few or too many elements
 */
export function applyDifference(type: ColumnType, from: Datum, change: Datum): Datum {
  const result = isComposite(type) ? combine(from, change) : change;
  if (!fitsSize(type, result)) throw rfcError('ovsdb error', SIZE_FAULT);
  return result;
}

const SIZE_FAULT = 'Datum crated by diff has size error'; // ovsdb-server's spelling

/** What is in one of the two; of a key in both with different values, the second's pair. */
function combine(a: Datum, b: Datum): Datum {
  const left = select(a, (key) => findKey(b, key) < 0);
  return append(left, b, (key, n) => {
    const at = findKey(a, key);
    return at < 0 || (b.values !== undefined && !same(a.values?.[at], b.values[n]));
  });
}

function has(a: Datum, b: Datum, n: number): boolean {
  const at = findKey(a, b.keys[n] as Atom); // n is within the keys
  return at >= 0 && (b.values === undefined || same(a.values?.[at], b.values[n]));
}

function same(a: Atom | undefined, b: Atom | undefined): boolean {
  return a !== undefined && b !== undefined && compareAtoms(a, b) === 0;
}

function select({ keys, values }: Datum, keep: (key: Atom, n: number) => boolean): Datum {
  const kept = keys.flatMap((key, n) => (keep(key, n) ? [n] : []));
  const chosen = kept.map((n) => keys[n] as Atom); // kept has the places of keys
  return values === undefined ? { keys: chosen } : { keys: chosen, values: kept.map((n) => values[n] as Atom) };
}

function append(a: Datum, b: Datum, keep: (key: Atom, n: number) => boolean): Datum {
  const more = select(b, keep);
  const keys = [...a.keys, ...more.keys];
  return sorted(a.values === undefined ? { keys } : { keys, values: [...a.values, ...(more.values ?? [])] });
}
