import { checkAtom, readUuid } from './atom.ts';
import type { Atom } from './columns.ts';
import { type Datum, sorted } from './datum.ts';
import { isOvsdbError, OvsdbError } from './errors.ts';
import { readEscapes } from './json-string.ts';
import { rfcError } from './rfc-error.ts';
import { type BaseType, type ColumnType, describeType, INT64_MAX, INT64_MIN } from './type-model.ts';

/** An atom read from a command line; `end` when a range of integers was given. */
export interface AtomText {
  readonly atom: Atom;
  readonly end?: number | bigint;
}

/** Integers in one range, as ovsdb-server's tools have it. */
export const rangeSizeMax = 4096;

/**
 * Reads an atom as `ovs-vsctl` and `ovsdb-client` take it: `5`, `1-4`, `yes`, `text`, `"quoted text"`.
 * @throws OvsdbError `invalid-value` in the words of OVS's tools, `constraint-violation`
 */
export function readAtomText(base: BaseType, text: string): AtomText {
  const read = readUnchecked(base, text);
  checkAtom(base, read.atom);
  if (read.end === undefined) return read;
  const [first, last] = [BigInt(read.atom as number | bigint), BigInt(read.end)]; // a range is of integers
  if (last - first >= BigInt(rangeSizeMax)) {
    const details = `Range "${first}-${last}" is too big. Maximum allowed size is ${rangeSizeMax}.`;
    throw rfcError('constraint violation', details);
  }
  for (let at = base.enum === undefined ? last : first + 1n; at <= last; at++) checkAtom(base, toAtom(at));
  return read;
}

/**
 * Reads a value as `ovs-vsctl` and `ovsdb-client` take it: atoms with blanks or commas between them, pairs as `key=value`, a set in
 * brackets and a map in braces when they like, and always when it is empty.
 * @throws OvsdbError `invalid-value` in the words of OVS's tools, `constraint-violation`
 */
export function readDatumText(type: ColumnType, text: string): Datum {
  const [open, close, empty] = type.value === undefined ? (['[', ']', 'set'] as const) : (['{', '}', 'map'] as const);
  const start = skipBlanks(text, 0);
  if (start === text.length) throw fault(`use "${open}${close}" to specify the empty ${empty}`);
  const bracketed = text[start] === open;
  const { datum, next } = readItems(type, text, {
    start: bracketed ? start + 1 : start,
    close: bracketed ? close : '',
  });
  if (bracketed) {
    if (text[next] !== close) throw fault(`${text}: missing "${close}" at end of data`);
    if (skipBlanks(text, next + 1) < text.length) throw fault(`${text}: trailing garbage after "${close}"`);
  }
  const count = datum.keys.length;
  const what = `${text}: ${count} ${type.value === undefined ? 'value(s)' : 'pair(s)'} specified but the`;
  if (count < type.min) throw fault(`${what} minimum number is ${type.min}`);
  if (count > type.max) throw fault(`${what} maximum number is ${type.max}`);
  try {
    return sorted(datum);
  } catch (error) {
    if (!isOvsdbError(error)) throw error;
    throw fault(`${text}: ${type.value === undefined ? 'set contains duplicate value' : 'map contains duplicate key'}`);
  }
}

const DELIMITERS = new Set(':=, []{}!<>');
const INTEGER = /^\s*([-+]?\d+)$/;
const RANGE = /^\s*([-+]?\d+)-\s*([-+]?\d+)$/;
const REAL = /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/;

function readUnchecked(base: BaseType, text: string): AtomText {
  switch (base.type) {
    case 'integer':
      return readInteger(text);
    case 'real':
      if (!REAL.test(text) || !Number.isFinite(Number(text))) throw fault(`"${text}" is not a valid real number`);
      return { atom: Number(text) + 0 }; // the sum turns -0 into 0
    case 'boolean':
      if (['true', 'yes', 'on', '1'].includes(text)) return { atom: true };
      if (['false', 'no', 'off', '0'].includes(text)) return { atom: false };
      throw fault(`"${text}" is not a valid boolean (use "true" or "false")`);
    case 'string':
      return { atom: readString(text) };
    case 'uuid': {
      const uuid = readUuid(text);
      if (uuid === undefined) throw fault(`"${text}" is not a valid UUID`);
      return { atom: uuid };
    }
  }
}

function readInteger(text: string): AtomText {
  const [, first, last] = RANGE.exec(text) ?? [];
  const [, single] = INTEGER.exec(text) ?? [];
  const start = BigInt((first ?? single ?? '').replace('+', ''));
  const end = last === undefined ? start : BigInt(last.replace('+', ''));
  const known = first !== undefined || single !== undefined;
  if (!known || start < INT64_MIN || start > INT64_MAX || end < INT64_MIN || end > INT64_MAX) {
    throw fault(`"${text}" is not a valid integer or range`);
  }
  if (end < start) throw fault(`"${text}" is not a valid range. Range end cannot be before start.`);
  return last === undefined ? { atom: toAtom(start) } : { atom: toAtom(start), end: toAtom(end) };
}

function readString(text: string): string {
  if (text === '') throw fault('An empty string is not valid as input; use "" to represent the empty string');
  if (!text.startsWith('"')) return text;
  if (text.length < 2 || !text.endsWith('"')) throw fault(`${text}: missing quote at end of quoted string`);
  const raw = text.slice(1, -1);
  const quote = /^(?:[^"\\]|\\.)*"/s.exec(raw);
  if (quote !== null) throw fault(`${text}: quoted string may not include unescaped "`);
  const cooked = readEscapes(raw);
  if ('fault' in cooked) throw fault(`${text}: ${cooked.fault}`);
  return cooked.text;
}

interface Span {
  readonly start: number;
  /** What ends the items; empty for the end of the text. */
  readonly close: string;
}

function readItems(
  type: ColumnType,
  text: string,
  { start, close }: Span,
): { readonly datum: Datum; readonly next: number } {
  const keys: Atom[] = [];
  const values: Atom[] = [];
  let at = skipBlanks(text, start);
  while (at < text.length && text[at] !== close) {
    if (DELIMITERS.has(text[at] ?? '')) {
      throw fault(`${text}: unexpected "${text[at]}" parsing ${describeType(type)}`);
    }
    const key = readToken(text, at);
    const { atom, end } = readAtomText(type.key, key.token);
    at = key.next;
    if (type.value !== undefined) {
      const value = readValue(type.value, text, { itemStart: at - key.token.length, at: skipBlanks(text, at) });
      values.push(value.atom);
      at = value.next;
    }
    for (let n = atom; ; n = toAtom(BigInt(n as number | bigint) + 1n)) {
      keys.push(n);
      if (end === undefined || n === end) break;
      if (type.value !== undefined) values.push(values.at(-1) as Atom); // one value for the whole range
    }
    at = skipBlanks(text, at);
    if (text[at] === ',') at = skipBlanks(text, at + 1);
  }
  return { datum: type.value === undefined ? { keys } : { keys, values }, next: at };
}

function readValue(
  base: BaseType,
  text: string,
  { itemStart, at }: { readonly itemStart: number; readonly at: number },
): { readonly atom: Atom; readonly next: number } {
  if (text[at] !== '=') {
    throw fault(`${text.slice(itemStart)}: syntax error at "${text[at] ?? ''}" expecting "="`);
  }
  const { token, next } = readToken(text, skipBlanks(text, at + 1));
  return { atom: readAtomText(base, token).atom, next };
}

/** Up to a delimiter outside quotes; a backslash takes the next character as it is, and stays where it is in quotes. */
function readToken(text: string, start: number): { readonly token: string; readonly next: number } {
  let token = '';
  let quoted = false;
  let at = start;
  for (; at < text.length; at++) {
    const char = text[at] ?? '';
    if (char === '\\') {
      if (at + 1 === text.length) throw fault(`${text.slice(start)}: backslash at end of argument`);
      token += (quoted ? char : '') + text[++at];
      continue;
    }
    if (!quoted && DELIMITERS.has(char)) break;
    token += char;
    if (char === '"') quoted = !quoted;
  }
  if (quoted) throw fault(`${text.slice(start)}: quoted string extends past end of argument`);
  return { token, next: at };
}

function skipBlanks(text: string, start: number): number {
  let at = start;
  while (/\s/.test(text[at] ?? '')) at++;
  return at;
}

function toAtom(value: bigint): number | bigint {
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}

function fault(message: string): OvsdbError {
  return new OvsdbError('invalid-value', message);
}
