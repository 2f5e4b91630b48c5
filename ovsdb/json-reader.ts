import { OvsdbError } from './errors.ts';
import { readNumber } from './json-number.ts';
import { readEscapes } from './json-string.ts';

/** Levels of arrays and objects in one text, as ovsdb-server has it. */
export const depthMax = 1000;

export interface JsonReaderOptions {
  /**
   * A trailing surrogate alone (`\udc00`) passes, as it does in ovsdb-server, whose check of strings refuses it later. Default: refused
   * here, so that every string that leaves the reader is well formed.
   */
  readonly loneTrailing?: boolean;
  /**
   * Numbers pass that ovsdb-server sends and would refuse itself: `1e-320`, and the greatest double, which its 15 digits make greater
   * than any. A client that refused them would never get to the rest of the database. Default: refused.
   */
  readonly asSent?: boolean;
}

/** What reading one text has found; `next` is where it ended. */
export interface JsonReading {
  readonly value: unknown;
  readonly next: number;
}

/**
 * Reads one JSON text exactly and as strictly as ovsdb-server does: an object or array, nothing after it, 64-bit integers whatever way
 * they are written (`1e3`, `1.0`), a bigint beyond 2^53. Several times slower than `JSON.parse`; for a whole message use `parseJson`.
 * @throws OvsdbError `protocol`, with ovsdb-server's words: `line 0, column 4, byte 4: syntax error expecting value`
 */
export function readJsonText(text: string, options: JsonReaderOptions = {}): unknown {
  const reader = new JsonReader(text, options);
  const value = reader.document(0);
  reader.end();
  return value;
}

/** Reads the text that begins at `start` of a stream of texts without separators, and tells where it ends. */
export function readJsonPrefix(text: string, start = 0, options: JsonReaderOptions = {}): JsonReading {
  const reader = new JsonReader(text, options);
  const value = reader.document(start);
  return { value, next: reader.at };
}

class JsonReader {
  readonly #text: string;
  readonly #options: JsonReaderOptions;
  at = 0;
  #depth = 0;
  /** Elements of the arrays that are open. */
  readonly #items: unknown[] = [];

  constructor(text: string, options: JsonReaderOptions) {
    this.#text = text;
    this.#options = options;
  }

  document(start: number): unknown {
    this.at = start;
    this.#skipBlanks();
    if (this.at === this.#text.length) throw this.#error('empty input stream');
    const code = this.#text.charCodeAt(this.at);
    if (code !== OPEN_BRACE && code !== OPEN_BRACKET) throw this.#unexpected('syntax error at beginning of input');
    return this.#value();
  }

  /** Nothing but blanks may be left. */
  end(): void {
    this.#skipBlanks();
    if (this.at < this.#text.length) throw this.#unexpected('trailing garbage at end of input');
  }

  #value(): unknown {
    const text = this.#text;
    switch (text.charCodeAt(this.at)) {
      case QUOTE:
        return this.#string();
      case OPEN_BRACE:
        return this.#object();
      case OPEN_BRACKET:
        return this.#array();
      case 0x66: // f
      case 0x6e: // n
      case 0x74: // t
        return this.#keyword();
      case 0x2d: // -
      case 0x30:
      case 0x31:
      case 0x32:
      case 0x33:
      case 0x34:
      case 0x35:
      case 0x36:
      case 0x37:
      case 0x38:
      case 0x39:
        return this.#number();
      default:
        throw this.#unexpected('syntax error expecting value');
    }
  }

  #array(): unknown[] {
    this.#open();
    const base = this.#items.length;
    if (this.#next() !== CLOSE_BRACKET) {
      for (;;) {
        this.#items.push(this.#value());
        const code = this.#next();
        if (code === CLOSE_BRACKET) break;
        if (code !== COMMA) throw this.#unexpected("syntax error expecting ']' or ','");
        this.at++;
        this.#next();
      }
    }
    this.#close();
    const items = this.#items.slice(base); // with no room to grow, which most of OVSDB's little arrays would be made of
    this.#items.length = base;
    return items;
  }

  #object(): Record<string, unknown> {
    this.#open();
    const members: Record<string, unknown> = {};
    if (this.#next() !== CLOSE_BRACE) {
      for (;;) {
        if (this.#next() !== QUOTE) throw this.#unexpected('syntax error parsing object expecting string');
        const name = this.#string();
        if (this.#next() !== COLON) throw this.#unexpected("syntax error parsing object expecting ':'");
        this.at++;
        this.#next();
        put(members, name, this.#value()); // the last of equal names counts, as in ovsdb-server
        const code = this.#next();
        if (code === CLOSE_BRACE) break;
        if (code !== COMMA) throw this.#unexpected("syntax error expecting '}' or ','");
        this.at++;
      }
    }
    this.#close();
    return members;
  }

  #open(): void {
    if (++this.#depth > depthMax) throw this.#error(`input exceeds maximum nesting depth ${depthMax}`);
    this.at++;
  }

  #close(): void {
    this.#depth--;
    this.at++;
  }

  #string(): string {
    const text = this.#text;
    const start = this.at + 1;
    let escaped = false;
    for (this.at = start; ; this.at++) {
      const code = text.charCodeAt(this.at);
      if (code === QUOTE) break;
      if (code === BACKSLASH) {
        escaped = true;
        this.at++;
      } else if (code < 0x20) {
        throw this.#error(`U+${code.toString(16).toUpperCase().padStart(4, '0')} must be escaped in quoted string`);
      }
      if (this.at >= text.length) {
        this.at = text.length;
        throw this.#error('unexpected end of input in quoted string');
      }
    }
    const raw = text.slice(start, this.at);
    if (escaped) {
      const cooked = readEscapes(raw);
      if ('fault' in cooked) throw this.#error(cooked.fault);
      if (this.#options.loneTrailing !== true && !cooked.text.isWellFormed()) {
        throw this.#error('malformed escaped surrogate pair');
      }
    }
    this.at++;
    // A long slice would keep the whole text in memory as long as it lives; V8's reader copies.
    return escaped || raw.length > SHORT_TEXT ? JSON.parse(text.slice(start - 1, this.at)) : raw;
  }

  #number(): number | bigint {
    const token = this.#token(NUMBER);
    const value = readNumber(token, this.#options);
    if (typeof value === 'string') throw this.#error(value);
    return value;
  }

  #keyword(): boolean | null {
    const token = this.#token(KEYWORD);
    if (token === 'true') return true;
    if (token === 'false') return false;
    if (token === 'null') return null;
    throw this.#error(`invalid keyword '${token}'`);
  }

  #token(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const token = pattern.exec(this.#text)?.[0] ?? '';
    this.at += token.length;
    return token;
  }

  /** Skips blanks and looks at what comes; NaN at the end. */
  #next(): number {
    this.#skipBlanks();
    return this.#text.charCodeAt(this.at);
  }

  #skipBlanks(): void {
    for (; ; this.at++) {
      const code = this.#text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    }
  }

  /** The token here does not belong here; a fault within it comes first. */
  #unexpected(message: string): OvsdbError {
    const code = this.#text.charCodeAt(this.at);
    if (Number.isNaN(code)) return this.#error('unexpected end of input');
    if (code === QUOTE) {
      this.#string();
      this.at--; // the fault is told where the string ends
    } else if (code >= 0x61 && code <= 0x7a) this.#keyword();
    else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) this.#number();
    else if (!PUNCTUATION.has(code)) {
      const byte = Buffer.from(this.#text.slice(this.at, this.at + 2))[0] ?? 0;
      const shown = byte >= 0x20 && byte < 0x7f ? `'${String.fromCharCode(byte)}'` : `U+${hex4(byte)}`;
      return this.#error(`invalid character ${shown}`);
    }
    return this.#error(message);
  }

  #error(message: string): OvsdbError {
    const before = this.#text.slice(0, this.at);
    const line = before.split('\n').length - 1;
    const column = Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1));
    return new OvsdbError('protocol', `line ${line}, column ${column}, byte ${Buffer.byteLength(before)}: ${message}`);
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const PUNCTUATION = new Set([OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET, COMMA, COLON]);
/** V8 copies slices up to this length. */
const SHORT_TEXT = 12;
const NUMBER = /[-+.0-9eE]*/y;
const KEYWORD = /[a-zA-Z]*/y;

function put(members: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') members[name] = value;
  else Object.defineProperty(members, name, { value, writable: true, enumerable: true, configurable: true });
}

function hex4(value: number): string {
  return value.toString(16).padStart(4, '0');
}
