import { isUtf8 } from 'node:buffer';
import { OvsdbError } from './errors.ts';
import { SMALLEST_NORMAL } from './json-number.ts';
import { readJsonText } from './json-reader.ts';
import { utf8BytesFault } from './json-string.ts';

/** Anything that can be written as JSON; bigint stands for an integer literal. */
export type Json = string | number | bigint | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** One JSON text, and what the one who cut it from the stream has seen in it. */
export interface JsonMessage {
  readonly text: string;
  /** A run of 16 or more digits, or an exponent, stands outside strings: the numbers must be read exactly. */
  readonly longDigits: boolean;
}

/**
 * Reads one message as strictly and as exactly as {@link readJsonText}, at the speed of `JSON.parse` for all messages that do not need
 * more: integers beyond 2^53 come out as bigint, lone surrogates and `\u0000` are refused, and so is what is no object or array.
 * @throws OvsdbError `protocol`
 */
export function parseJson(message: JsonMessage): unknown {
  const { text } = message;
  if (message.longDigits || (text.includes('\\u') && SUSPICIOUS_ESCAPE.test(text))) return readMessage(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return readMessage(text); // finds the same fault and says where it is
  }
  return typeof value === 'object' && value !== null ? value : readMessage(text);
}

/** One whole message from its bytes, which nobody has looked at. @throws OvsdbError `protocol` */
export function parseJsonBytes(bytes: Uint8Array): unknown {
  if (!isUtf8(bytes)) {
    const details = `not a valid UTF-8 string: ${utf8BytesFault(bytes)}`;
    throw new OvsdbError('protocol', `constraint violation: ${details}`, {
      server: { error: 'constraint violation', details },
    });
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  return parseJson({ text, longDigits: hasLongNumber(bytes) });
}

/**
 * Writes JSON; a bigint becomes an integer literal.
 * @throws OvsdbError `invalid-value` for what ovsdb-server would drop the connection for, or what JSON cannot say: NUL, lone surrogates,
 * NaN, infinity, integers beyond 64 bits
 */
export function stringifyJson(value: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(value);
  } catch {
    return stringifyCarefully(value); // there is a bigint in it
  }
  return UNSENDABLE.test(text) ? stringifyCarefully(value) : text;
}

function stringifyCarefully(value: unknown): string {
  const bigints = checkSendable(value);
  if (!bigints) return JSON.stringify(value);
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'bigint' ? rawJson(inner.toString()) : inner,
  );
}

/** False for NaN, infinity, and what is so near to zero that ovsdb-server calls it out of range. */
export function isSendableNumber(value: number): boolean {
  return Number.isFinite(value) && (value === 0 || Math.abs(value) >= SMALLEST_NORMAL);
}

/** Escapes of NUL and of surrogates; a surrogate pair is fine and rare. */
const SUSPICIOUS_ESCAPE = /\\u(?:0000|[dD][89a-fA-F])/;
/**
 * How `JSON.stringify` writes what must not be sent: NUL and lone surrogates as escapes, NaN and infinity as null, numbers too near to zero
 * with such an exponent. Other things look so too: then all values are looked at.
 */
const UNSENDABLE = /\\u(?:0000|d[89a-f])|(?:^|[:,[])null|\de-3[0-2]\d/;
/** Digits of 2^53 - 1. */
const LONG_DIGITS = 16;

function readMessage(text: string): unknown {
  return readJsonText(text, { asSent: true });
}

function hasLongNumber(bytes: Uint8Array): boolean {
  let digits = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number; // in range by the loop's condition
    if (byte === 0x22) {
      digits = 0;
      for (at++; at < bytes.length && bytes[at] !== 0x22; at++) if (bytes[at] === 0x5c) at++;
    } else if (byte >= 0x30 && byte <= 0x39) {
      if (++digits === LONG_DIGITS) return true;
    } else if (digits > 0) {
      if ((byte | 0x20) === 0x65) return true;
      digits = 0;
    }
  }
  return false;
}

/** Looks at all that will be written; true when there is a bigint in it. */
function checkSendable(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
      if (!isSendableText(value)) throw unsendable(JSON.stringify(value));
      return false;
    case 'number':
      if (!isSendableNumber(value)) throw unsendable(String(value));
      return false;
    case 'bigint':
      if (BigInt.asIntN(64, value) !== value) throw unsendable(`${value}`);
      return true;
    case 'object': {
      if (value === null) return false;
      let bigints = false;
      if (Array.isArray(value)) {
        for (const item of value) bigints = checkSendable(item) || bigints;
        return bigints;
      }
      const members = value as Readonly<Record<string, unknown>>; // an object that is no array has text keys
      for (const name in members) {
        if (!isSendableText(name)) throw unsendable(JSON.stringify(name));
        bigints = checkSendable(members[name]) || bigints;
      }
      return bigints;
    }
    default:
      return false;
  }
}

/** ovsdb-server drops the connection on a lone surrogate and on NUL. */
export function isSendableText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

function unsendable(shown: string): OvsdbError {
  return new OvsdbError('invalid-value', `${shown.slice(0, 80)} cannot be sent: the database has no such value`);
}

function rawJson(text: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text); // V8 has it, lib.d.ts not yet
}
