import type { Atom, AtomicType } from './columns.ts';

/** `<atomic-type>` of RFC 7047 section 3.2. */
export type AtomicKind = Exclude<AtomicType, 'int64'>;

/** `<base-type>`: an atomic type and what its values must fulfil. An `enum` stands in order, and the other bounds are then open. */
export type BaseType =
  | ({ readonly type: 'integer'; readonly min: number | bigint; readonly max: number | bigint } & Enumerable)
  | ({ readonly type: 'real'; readonly min: number; readonly max: number } & Enumerable)
  | ({ readonly type: 'boolean' } & Enumerable)
  /** Lengths in characters (code points). */
  | ({ readonly type: 'string'; readonly minLength: number; readonly maxLength: number } & Enumerable)
  | ({ readonly type: 'uuid'; readonly refTable?: string; readonly refType: 'strong' | 'weak' } & Enumerable);
interface Enumerable {
  readonly enum?: readonly Atom[];
}

/** `<type>`: a scalar (1 to 1, no value), a set, or a map (with a value). */
export interface ColumnType {
  readonly key: BaseType;
  readonly value?: BaseType;
  readonly min: number;
  /** Infinity for "unlimited". */
  readonly max: number;
}

export const INT64_MIN = -(2n ** 63n);
export const INT64_MAX = 2n ** 63n - 1n;
/** OVSDB's numbers of elements and lengths are 32 bits; this one means no limit. */
export const UINT_MAX = 0xffff_ffff;

/** The type without any constraint. */
export function plainBase(type: AtomicKind): BaseType {
  return PLAIN[type];
}

export function isScalar(type: ColumnType): boolean {
  return type.value === undefined && type.min === 1 && type.max === 1;
}

export function isOptionalScalar(type: ColumnType): boolean {
  return type.value === undefined && type.min === 0 && type.max === 1;
}

export function isSet(type: ColumnType): boolean {
  return type.value === undefined && !isScalar(type);
}

export function isMap(type: ColumnType): boolean {
  return type.value !== undefined;
}

/** More than one value is possible: monitors send differences (ovsdb-server(7) 4.1.15). */
export function isComposite(type: ColumnType): boolean {
  return type.max > 1;
}

/** The type in ovsdb-server's words: `set of up to 3 integers`. */
export function describeType(type: ColumnType): string {
  if (isScalar(type)) return type.key.type;
  const what = type.value === undefined ? `${type.key.type}s` : `(${type.key.type}, ${type.value.type}) pairs`;
  return `${type.value === undefined ? 'set' : 'map'} of${describeCount(type)} ${what}`;
}

/** A number of elements as ovsdb-server prints it. */
export function showCount(count: number): string {
  return String(count === Number.POSITIVE_INFINITY ? UINT_MAX : count);
}

const PLAIN = {
  integer: { type: 'integer', min: INT64_MIN, max: INT64_MAX },
  real: { type: 'real', min: -Number.MAX_VALUE, max: Number.MAX_VALUE },
  boolean: { type: 'boolean' },
  string: { type: 'string', minLength: 0, maxLength: UINT_MAX },
  uuid: { type: 'uuid', refType: 'strong' },
} satisfies Record<AtomicKind, BaseType>;

function describeCount({ min, max }: ColumnType): string {
  if (max === Number.POSITIVE_INFINITY) return min === 0 ? '' : ` ${min} or more`;
  return min === 0 ? ` up to ${max}` : ` ${min} to ${max}`;
}
