import { readUuid } from './atom.ts';
import type { Atom, AtomicType, ColumnSpec, NamedUuid, Uuid, Value } from './columns.ts';
import { OvsdbError } from './errors.ts';
import { isSendableNumber, isSendableText, type Json } from './json.ts';
import { isId } from './member-reader.ts';

export type { Json } from './json.ts';

/**
 * Keeps one copy of texts that come in row after row, as keys of `external_ids` and many of their values do: the parser makes a new one
 * each time. Bounded: it takes no more when it is full.
 */
export class TextPool {
  readonly #texts = new Map<string, string>();

  share(atom: Atom): Atom {
    if (typeof atom !== 'string' || atom.length > TEXT_LENGTH_MAX) return atom;
    const known = this.#texts.get(atom);
    if (known !== undefined) return known;
    if (this.#texts.size < TEXTS_MAX) this.#texts.set(atom, atom);
    return atom;
  }
}

const TEXT_LENGTH_MAX = 64;
const TEXTS_MAX = 4096;

/**
 * JSON to the value of a column of this type (RFC 7047 section 5.1); a map's texts go through the pool, if there is one.
 * @throws OvsdbError `protocol`
 */
export function decodeValue(spec: ColumnSpec, json: unknown, pool?: TextPool): Value {
  switch (spec.kind) {
    case 'scalar': {
      const items = setItems(json);
      if (items === undefined) return decodeAtom(spec.key, json);
      if (items.length !== 1) throw malformed(spec.key, json);
      return decodeAtom(spec.key, items[0]);
    }
    case 'optional': {
      const items = setItems(json);
      if (items === undefined) return decodeAtom(spec.key, json);
      if (items.length > 1) throw malformed(`optional ${spec.key}`, json);
      return items.length === 0 ? null : decodeAtom(spec.key, items[0]);
    }
    case 'set':
      return decodeSet(spec.key, json);
    case 'map':
      return decodeMap(spec.key, spec.value, json, pool);
  }
}

/** A value as the caller has it to JSON, by the column's type and never by the value's look. @throws OvsdbError `invalid-value` */
export function encodeValue(spec: ColumnSpec, value: unknown): Json {
  switch (spec.kind) {
    case 'scalar':
      return encodeAtom(spec.key, value);
    case 'optional':
      return value === null ? EMPTY_SET_JSON : encodeAtom(spec.key, value);
    case 'set':
      return encodeSet(spec.key, value);
    case 'map':
      return encodeMap(spec.key, spec.value, value);
  }
}

/** One JSON atom to its value. */
export function decodeAtom(type: AtomicType, json: unknown): Atom {
  switch (type) {
    case 'string':
      if (typeof json === 'string') return json;
      break;
    case 'uuid':
      if (Array.isArray(json) && json.length === 2 && json[0] === 'uuid' && typeof json[1] === 'string') {
        const uuid = readUuid(json[1]);
        if (uuid !== undefined) return uuid;
      }
      break;
    case 'integer':
      if (Number.isSafeInteger(json)) return (json as number) + 0; // just checked; the sum turns -0 into 0
      break;
    case 'int64':
      if (Number.isSafeInteger(json)) return (json as number) + 0; // just checked
      if (typeof json === 'bigint' && BigInt.asIntN(64, json) === json) return json;
      break;
    case 'real':
      if (typeof json === 'number') return json + 0;
      if (typeof json === 'bigint') return Number(json); // a real may be written as a long integer
      break;
    case 'boolean':
      if (typeof json === 'boolean') return json;
      break;
  }
  throw malformed(type, json);
}

/** One value to its JSON atom. */
export function encodeAtom(type: AtomicType, value: unknown): Json {
  switch (type) {
    case 'string':
      if (typeof value === 'string' && isSendableText(value)) return value;
      break;
    case 'uuid':
      if (isUuid(value)) return ['uuid', value];
      if (isNamedUuid(value) && isId(value.namedUuid)) return ['named-uuid', value.namedUuid];
      break;
    case 'integer':
    case 'int64':
      if (Number.isSafeInteger(value)) return value as number; // just checked
      if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return value;
      break;
    case 'real':
      if (typeof value === 'number' && isSendableNumber(value)) return value;
      break;
    case 'boolean':
      if (typeof value === 'boolean') return value;
      break;
  }
  throw new OvsdbError('invalid-value', `${show(value)} is no ${type}`);
}

/** The decoded set; an atom alone is a set of one. The server writes reals with 15 digits, so that different ones may look the same. */
export function decodeSet(type: AtomicType, json: unknown): ReadonlySet<Atom> {
  const items = setItems(json);
  if (items === undefined) return new Set([decodeAtom(type, json)]);
  if (items.length === 0) return EMPTY_SET;
  const atoms = new Set<Atom>();
  for (const item of items) atoms.add(decodeAtom(type, item));
  if (atoms.size !== items.length && type !== 'real') throw malformed('set: an element stands twice', json);
  return atoms;
}

/** The decoded map. */
function decodeMap(key: AtomicType, value: AtomicType, json: unknown, pool?: TextPool): ReadonlyMap<Atom, Atom> {
  if (!Array.isArray(json) || json.length !== 2 || json[0] !== 'map' || !Array.isArray(json[1]))
    throw malformed('map', json);
  const pairs: readonly unknown[] = json[1];
  if (pairs.length === 0) return EMPTY_MAP;
  const entries = new Map<Atom, Atom>();
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) throw malformed('map', json);
    const k = decodeAtom(key, pair[0]);
    const v = decodeAtom(value, pair[1]);
    if (pool === undefined) entries.set(k, v);
    else entries.set(pool.share(k), pool.share(v));
  }
  if (entries.size !== pairs.length && key !== 'real') throw malformed('map: a key stands twice', json);
  return entries;
}

/** Array or Set to `["set", …]`. */
export function encodeSet(type: AtomicType, value: unknown): Json {
  if (!Array.isArray(value) && !(value instanceof Set))
    throw new OvsdbError('invalid-value', `${show(value)} is no array or Set`);
  const items: readonly unknown[] = [...new Set<unknown>(value)]; // the server refuses an atom that stands twice
  return ['set', items.map((item) => encodeAtom(type, item))];
}

/** Map or plain object to `["map", …]`; an object's keys are text, or integers for an integer key. */
export function encodeMap(key: AtomicType, valueType: AtomicType, value: unknown): Json {
  if (value instanceof Map) {
    const entries: readonly (readonly [unknown, unknown])[] = [...value];
    return ['map', entries.map(([k, v]) => [encodeAtom(key, k), encodeAtom(valueType, v)])];
  }
  if (
    typeof value !== 'object' ||
    value === null ||
    Array.isArray(value) ||
    value instanceof Set ||
    isNamedUuid(value)
  ) {
    throw new OvsdbError('invalid-value', `${show(value)} is no Map or object`);
  }
  const numeric = key === 'integer' || key === 'int64';
  const pairs = Object.entries(value).map(
    ([k, v]): Json => [encodeAtom(key, numeric && /^-?\d+$/.test(k) ? shrink(BigInt(k)) : k), encodeAtom(valueType, v)],
  );
  return ['map', pairs];
}

/** True for text of the form of a UUID. */
export function isUuid(value: unknown): value is Uuid {
  return typeof value === 'string' && readUuid(value) !== undefined;
}

/** Shared by every empty column of every row: most columns of most rows are empty. */
export const EMPTY_SET: ReadonlySet<Atom> = new Set();
export const EMPTY_MAP: ReadonlyMap<Atom, Atom> = new Map();

const EMPTY_SET_JSON: Json = ['set', []];

function setItems(json: unknown): readonly unknown[] | undefined {
  return Array.isArray(json) && json.length === 2 && json[0] === 'set' && Array.isArray(json[1]) ? json[1] : undefined;
}

function isNamedUuid(value: unknown): value is NamedUuid {
  return typeof value === 'object' && value !== null && 'namedUuid' in value && typeof value.namedUuid === 'string';
}

function shrink(value: bigint): number | bigint {
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}

function malformed(what: string, json: unknown): OvsdbError {
  return new OvsdbError('protocol', `${show(json)} is no ${what}`);
}

function show(value: unknown): string {
  const text =
    typeof value === 'bigint'
      ? `${value}n`
      : (JSON.stringify(value, (_k, v) => (typeof v === 'bigint' ? `${v}n` : v)) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
