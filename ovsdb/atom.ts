import { compareText } from './canonical-json.ts';
import type { Atom, Uuid } from './columns.ts';
import { formatReal } from './json-number.ts';
import { utf8Fault } from './json-string.ts';
import { isId, isJsonInteger } from './member-reader.ts';
import { rfcError, syntaxError } from './rfc-error.ts';
import { type AtomicKind, type BaseType, INT64_MAX, INT64_MIN } from './type-model.ts';

/** What a `["named-uuid", name]` stands for in one transaction. */
export interface NamedUuids {
  uuidOf(name: string): Uuid;
}

/** An atom as it goes on the wire. */
export type AtomJson = number | bigint | boolean | string | readonly ['uuid', Uuid];

/**
 * Reads an `<atom>` and checks it against its type's constraints (RFC 7047 section 5.1). Integers are numbers, beyond 2^53 bigint; UUIDs
 * are lower-case text. References are checked by the server alone, when it commits.
 * @throws OvsdbError with ovsdb-server's name and words: `syntax error`, `constraint violation`
 */
export function parseAtom(base: BaseType, json: unknown, names?: NamedUuids): Atom {
  const atom = parseUnchecked(base.type, json, names);
  checkAtom(base, atom);
  return atom;
}

/** The atom as JSON. */
export function writeAtom(type: AtomicKind, atom: Atom): AtomJson {
  return type === 'uuid' ? ['uuid', String(atom)] : atom;
}

/** Negative, zero or positive: ovsdb-server's order. Text goes by code points, false before true, UUIDs by their digits. */
export function compareAtoms(a: Atom, b: Atom): number {
  if (a === b) return 0;
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The value of a column that nobody has set (RFC 7047 section 5.2.1). */
export function defaultAtom(type: AtomicKind): Atom {
  return DEFAULTS[type];
}

/** @throws OvsdbError `constraint-violation` when the type's constraints do not allow the atom */
export function checkAtom(base: BaseType, atom: Atom): void {
  if (base.enum !== undefined && !base.enum.some((allowed) => compareAtoms(allowed, atom) === 0)) {
    const allowed = base.enum.map((item) => atomText(base.type, item)).join(', ');
    throw violation(`${atomText(base.type, atom)} is not one of the allowed values ([${allowed}])`);
  }
  switch (base.type) {
    case 'integer':
      if (compareAtoms(atom, base.min) < 0 || compareAtoms(atom, base.max) > 0) {
        const open = { min: base.min === INT64_MIN, max: base.max === INT64_MAX };
        throw outOfRange({ value: `${atom}`, min: `${base.min}`, max: `${base.max}`, open });
      }
      break;
    case 'real':
      if (compareAtoms(atom, base.min) < 0 || compareAtoms(atom, base.max) > 0) {
        const open = { min: base.min === -Number.MAX_VALUE, max: base.max === Number.MAX_VALUE };
        throw outOfRange({
          value: formatReal(Number(atom)),
          min: formatReal(base.min),
          max: formatReal(base.max),
          open,
        });
      }
      break;
    case 'string':
      checkLength(base, String(atom));
      break;
    case 'boolean':
    case 'uuid':
      break;
  }
}

/** The atom for people, as ovsdb-server's errors and `ovs-vsctl` show it; text is quoted only where it must be. */
export function atomText(type: AtomicKind, atom: Atom): string {
  switch (type) {
    case 'real':
      return formatReal(Number(atom));
    case 'string': {
      const text = String(atom);
      const plain = PLAIN_TEXT.test(text) && text !== 'true' && text !== 'false' && !UUID.test(text);
      return plain ? text : JSON.stringify(text);
    }
    case 'integer':
    case 'boolean':
    case 'uuid':
      return String(atom);
  }
}

/** Text of the form of a UUID, in lower case; undefined for other text. */
export function readUuid(text: string): Uuid | undefined {
  if (LOWER_UUID.test(text)) return text;
  return UUID.test(text) ? text.toLowerCase() : undefined;
}

const DEFAULTS = {
  integer: 0,
  real: 0,
  boolean: false,
  string: '',
  uuid: '00000000-0000-0000-0000-000000000000',
} satisfies Record<AtomicKind, Atom>;
const LOWER_UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const PLAIN_TEXT = /^[a-zA-Z_][a-zA-Z0-9_.-]*$/;

function parseUnchecked(type: AtomicKind, json: unknown, names: NamedUuids | undefined): Atom {
  switch (type) {
    case 'integer':
      if (isJsonInteger(json)) return typeof json === 'number' ? json + 0 : json; // the sum turns -0 into 0
      break;
    case 'real':
      if (typeof json === 'number') return json + 0;
      if (typeof json === 'bigint') return Number(json);
      break;
    case 'boolean':
      if (typeof json === 'boolean') return json;
      break;
    case 'string':
      if (typeof json === 'string') return json;
      break;
    case 'uuid':
      return parseUuid(json, names);
  }
  throw syntaxError(json, `expected ${type}`);
}

function parseUuid(json: unknown, names: NamedUuids | undefined): Uuid {
  if (Array.isArray(json) && json.length === 2) {
    const [tag, text]: readonly unknown[] = json;
    if (tag === 'uuid' && typeof text === 'string') {
      const uuid = readUuid(text);
      if (uuid === undefined) throw syntaxError(json, `"${text}" is not a valid UUID`);
      return uuid;
    }
    if (tag === 'named-uuid' && typeof text === 'string' && names !== undefined) {
      if (!isId(text)) throw syntaxError(json, 'named-uuid string is not a valid <id>');
      return names.uuidOf(text);
    }
  }
  throw syntaxError(json, 'expected ["uuid", <string>]');
}

function checkLength(base: { readonly minLength: number; readonly maxLength: number }, text: string): void {
  const fault = utf8Fault(text);
  if (fault !== undefined) throw violation(`not a valid UTF-8 string: ${fault}`);
  if (base.minLength === 0 && text.length <= base.maxLength) return; // no more code points than code units
  let length = 0;
  for (const _ of text) length++;
  if (length < base.minLength) {
    throw violation(`"${text}" length ${length} is less than minimum allowed length ${base.minLength}`);
  }
  if (length > base.maxLength) {
    throw violation(`"${text}" length ${length} is greater than maximum allowed length ${base.maxLength}`);
  }
}

function outOfRange(range: {
  readonly value: string;
  readonly min: string;
  readonly max: string;
  readonly open: { readonly min: boolean; readonly max: boolean };
}): Error {
  const { value, min, max, open } = range;
  if (open.min) return violation(`${value} is greater than maximum allowed value ${max}`);
  if (open.max) return violation(`${value} is less than minimum allowed value ${min}`);
  return violation(`${value} is not in the valid range ${min} to ${max} (inclusive)`);
}

function violation(details: string): Error {
  return rfcError('constraint violation', details);
}
