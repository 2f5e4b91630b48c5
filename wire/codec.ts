import { ShuntError } from '../platform/shunt-error.ts';

/**
 * Maps one domain type to its proto message and back. Strict both ways: what does not fit is a ShuntError('protocol') that names
 * the place, and is never guessed.
 */
export interface Codec<D, P = unknown> {
  encode(value: D, path?: string): P;
  decode(wire: unknown, path?: string): D;
}

/** Marks a field that may be absent; it stays absent on the other side. */
export interface OptionalCodec<D> {
  readonly optional: Codec<D>;
}

type FieldCodec<D, K extends keyof D> =
  Record<never, never> extends Pick<D, K> ? OptionalCodec<Exclude<D[K], undefined>> : Codec<D[K]>;

/** proto-loader adds a `_field` beside each optional field. */
type ProtoKeys<P> = Exclude<keyof P, `_${string}`>;

/** One codec a field; does not compile unless domain type and proto message have the same field names. */
type Fields<D, P> = { readonly [K in keyof D]-?: K extends keyof P ? FieldCodec<D, K> : never } & Readonly<
  Record<ProtoKeys<P>, unknown>
>;

type AnyFields = Readonly<Record<string, Codec<unknown> | OptionalCodec<unknown>>>;

/** A message whose fields have the names of the domain type. */
export function message<D, P>(fields: Fields<D, P>): Codec<D, P> {
  const table = Object.entries(fields as AnyFields); // the mapped type above is such a table, whatever D is
  return {
    encode: (value, path = '') => encodeFields(table, value as Readonly<Record<string, unknown>>, path) as P,
    decode: (wire, path = '') => decodeFields(table, objectAt(wire, path), path) as D,
  };
}

type FieldTable = readonly (readonly [string, Codec<unknown> | OptionalCodec<unknown>])[];

function encodeFields(table: FieldTable, value: Readonly<Record<string, unknown>>, path: string): object {
  const wire: Record<string, unknown> = {};
  for (const [name, field] of table) {
    const present = value[name];
    if (!('optional' in field)) wire[name] = field.encode(present, join(path, name));
    else if (present !== undefined) wire[name] = field.optional.encode(present, join(path, name));
  }
  return wire;
}

function decodeFields(table: FieldTable, wire: Readonly<Record<string, unknown>>, path: string): object {
  const value: Record<string, unknown> = {};
  for (const [name, field] of table) {
    const present = wire[name];
    if (!('optional' in field)) value[name] = field.decode(present, join(path, name));
    else if (isPresent(present)) value[name] = field.optional.decode(present, join(path, name));
  }
  return value;
}

/** A repeated field has no presence: where a list may be absent, an empty one is. */
function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}

export function optional<D>(codec: Codec<D>): OptionalCodec<D> {
  return { optional: codec };
}

type CamelCase<S extends string> = S extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;

interface TaggedTable<D, Tag extends keyof D, Common extends keyof D> {
  readonly tag: Tag;
  /** Name of the oneof. */
  readonly oneof: string;
  readonly common: { readonly [K in Common]: Codec<D[K]> };
}

type Variants<D, Tag extends keyof D, Common extends keyof D, P> = {
  readonly [T in D[Tag] & string]: CamelCase<T> extends keyof P
    ? Codec<Omit<Extract<D, Readonly<Record<Tag, T>>>, Tag | Common>>
    : never;
};

/** A tagged union as a oneof: tag `no-evidence` is the case `no_evidence`. `Common` fields stand beside the oneof. */
export function tagged<D, Tag extends keyof D, Common extends keyof D, P>(
  table: TaggedTable<D, Tag, Common>,
  variants: Variants<D, Tag, Common, P>,
): Codec<D, P> {
  const common = Object.entries(table.common) as unknown as FieldTable; // entries of a mapped type lose its values' type
  const cases = Object.entries<Codec<unknown>>(variants);
  const byTag = new Map(cases.map(([tag, codec]) => [tag, { field: camelCase(tag), codec }]));
  const byField = new Map(cases.map(([tag, codec]) => [camelCase(tag), { tag, codec }]));
  const tagName = String(table.tag);
  return {
    encode(value, path = '') {
      const tag = String(value[table.tag]);
      const chosen = byTag.get(tag);
      if (!chosen) throw misfit(join(path, tagName), `unknown word ${JSON.stringify(tag)}`);
      const wire = encodeFields(common, value as Readonly<Record<string, unknown>>, path);
      return { ...wire, [chosen.field]: chosen.codec.encode(value, join(path, chosen.field)) } as P;
    },
    decode(wire, path = '') {
      const from = objectAt(wire, path);
      const field = String(from[table.oneof]);
      const chosen = byField.get(field);
      // A case that only a newer peer knows arrives as no case at all.
      if (!chosen) throw misfit(join(path, table.oneof), 'absent, or of a kind that this version does not know');
      const rest = chosen.codec.decode(from[field], join(path, field)) as object; // variants are messages
      return { [tagName]: chosen.tag, ...decodeFields(common, from, path), ...rest } as D;
    },
  };
}

function camelCase(tag: string): string {
  return tag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

export function list<D, P = unknown>(codec: Codec<D, P>): Codec<readonly D[], P[]> {
  return {
    encode: (values, path = '') => values.map((value, index) => codec.encode(value, `${path}[${index}]`)),
    decode(wire, path = '') {
      if (!Array.isArray(wire)) throw misfit(path, 'not a list');
      return wire.map((item, index) => codec.decode(item, `${path}[${index}]`));
    },
  };
}

/** proto `map<string, …>`. */
export function record<D>(codec: Codec<D>): Codec<Readonly<Record<string, D>>> {
  return {
    encode: (values, path = '') => mapValues(values, (value, key) => codec.encode(value, `${path}[${key}]`)),
    decode: (wire, path = '') =>
      mapValues(objectAt(wire, path), (value, key) => codec.decode(value, `${path}[${key}]`)),
  };
}

function mapValues<A, B>(values: Readonly<Record<string, A>>, map: (value: A, key: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value, key)]));
}

/** A word of a closed vocabulary: the keys of the table. */
export function word<T extends string>(what: string, words: Readonly<Record<T, unknown>>): Codec<T> {
  const known = (value: unknown): value is T => typeof value === 'string' && Object.hasOwn(words, value);
  return scalar(known, (value) => `unknown ${what} ${JSON.stringify(value)}`);
}

function scalar<D>(fits: (value: unknown) => value is D, complaint: (value: unknown) => string): Codec<D> {
  const check = (value: unknown, path = ''): D => {
    if (!fits(value)) throw misfit(path, complaint(value));
    return value;
  };
  return { encode: check, decode: check };
}

const integerUpTo = (max: number, name: string) =>
  scalar(
    (value): value is number => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= max,
    (value) => `${String(value)} is no ${name}`,
  );

export const text = scalar(
  (value): value is string => typeof value === 'string',
  (value) => `${typeof value} is no text`,
);
export const flag = scalar(
  (value): value is boolean => typeof value === 'boolean',
  (value) => `${typeof value} is no flag`,
);
/** Whole, 0..2^32-1. */
export const count = integerUpTo(0xffff_ffff, 'count (a whole number below 2^32)');
/** Whole, 0..2^53-1: epochs and sequence numbers. */
export const serial = integerUpTo(Number.MAX_SAFE_INTEGER, 'serial number (a whole number below 2^53)');
/** Any finite number: milliseconds. */
export const real = scalar(
  (value): value is number => Number.isFinite(value),
  (value) => `${String(value)} is no finite number`,
);

function objectAt(wire: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof wire !== 'object' || wire === null) throw misfit(path, 'absent');
  return wire as Readonly<Record<string, unknown>>; // any object can be read so
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function misfit(path: string, complaint: string): ShuntError {
  return new ShuntError('protocol', `message field ${path === '' ? '(whole)' : path}: ${complaint}`);
}
