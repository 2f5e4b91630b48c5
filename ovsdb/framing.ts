import { isUtf8 } from 'node:buffer';
import { OvsdbError } from './errors.ts';
import { depthMax } from './json-reader.ts';

/** One JSON text cut from the stream. */
export interface Message {
  readonly text: string;
  /**
   * A run of 16 or more digits, or an exponent, stands outside strings: a number may be beyond 2^53 or beyond all range, and wants
   * {@link parseJson}'s slow way.
   */
  readonly longDigits: boolean;
}

/**
 * Cuts a stream of JSON texts without separators (RFC 7047 section 4 has no framing) into messages, whatever way the bytes were
 * split. Each byte is looked at once; at most `messageBytesMax` bytes are held.
 */
export class MessageSplitter {
  readonly #messageBytesMax: number;
  readonly #messageValuesMax: number;
  #values = 0;
  #parts: Buffer[] = [];
  #heldBytes = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #digits = 0;
  #longDigits = false;

  /** `messageValuesMax`: a value of two bytes becomes an object of fifty. */
  constructor(messageBytesMax: number, messageValuesMax = Number.POSITIVE_INFINITY) {
    this.#messageBytesMax = messageBytesMax;
    this.#messageValuesMax = messageValuesMax;
  }

  /** Bytes of the message that has begun and not ended. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** All messages that end in these bytes; {@link feed} loses none when it throws. */
  push(chunk: Buffer): Message[] {
    return [...this.feed(chunk)];
  }

  /**
   * Takes the next bytes and yields the messages that end in them, each before the bytes behind it are looked at. The buffer must
   * not be written to afterwards, and all must be taken.
   * @throws OvsdbError `protocol` for what is not JSON objects or arrays in UTF-8, `too-large` beyond the limit; unusable then.
   */
  *feed(chunk: Buffer): Generator<Message, void, undefined> {
    let start = 0;
    while (start < chunk.length) {
      if (this.#depth === 0) {
        start = skipBlanks(chunk, start);
        if (start === chunk.length) break;
      }
      const end = this.#scan(chunk, start);
      const part = chunk.subarray(start, end);
      if (this.#heldBytes + part.length > this.#messageBytesMax) {
        throw new OvsdbError('too-large', `a message of more than ${this.#messageBytesMax} bytes arrived`);
      }
      if (this.#values > this.#messageValuesMax) {
        throw new OvsdbError('too-large', `a message of more than ${this.#messageValuesMax} values arrived`);
      }
      this.#parts.push(part);
      this.#heldBytes += part.length;
      if (this.#depth === 0) yield this.#take();
      start = end;
    }
  }

  /** Runs to the end of the message or of the chunk, whichever is first, and returns where it stopped. */
  #scan(chunk: Buffer, start: number): number {
    let depth = this.#depth;
    let inString = this.#inString;
    let escaped = this.#escaped;
    let digits = this.#digits;
    let values = this.#values;
    const { length } = chunk;
    let at = start;
    for (; at < length; at++) {
      if (inString) {
        if (escaped) {
          escaped = false;
          continue;
        }
        // Most bytes are in strings: nothing but the end of one is looked for.
        let inner = chunk[at];
        while (inner !== QUOTE && inner !== BACKSLASH && ++at < length) inner = chunk[at];
        escaped = inner === BACKSLASH;
        inString = inner !== QUOTE;
        continue;
      }
      const byte = chunk[at] as number; // in range by the loop's condition
      if (byte >= ZERO && byte <= NINE) {
        if (++digits === LONG_DIGITS) this.#longDigits = true;
        continue;
      }
      if (digits > 0) {
        digits = 0;
        if ((byte | LOWER_CASE) === LETTER_E) this.#longDigits = true;
      }
      if (byte === QUOTE) inString = true;
      else if (byte === COMMA) values++;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        values++;
        if (++depth > depthMax) throw new OvsdbError('protocol', `a message is nested deeper than ${depthMax}`);
      } else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth === 0) {
        at++;
        break;
      }
    }
    this.#depth = depth;
    this.#inString = inString;
    this.#escaped = escaped;
    this.#digits = digits;
    this.#values = values;
    return at;
  }

  #take(): Message {
    const bytes = this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts, this.#heldBytes);
    const longDigits = this.#longDigits;
    this.#parts = [];
    this.#heldBytes = 0;
    this.#values = 0;
    this.#longDigits = false;
    this.#digits = 0;
    // Checked on the whole message, since a chunk may end inside a character.
    if (!isUtf8(bytes)) throw new OvsdbError('protocol', 'a message is not UTF-8');
    return { text: bytes.toString('utf8'), longDigits };
  }
}

/** Digits of 2^53 - 1. */
const LONG_DIGITS = 16;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
const NINE = 0x39;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const LETTER_E = 0x65;
const LOWER_CASE = 0x20;

function skipBlanks(chunk: Buffer, start: number): number {
  let at = start;
  for (; at < chunk.length; at++) {
    const byte = chunk[at];
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) return at;
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
      throw new OvsdbError('protocol', `a message cannot begin with byte 0x${byte?.toString(16)}`);
    }
  }
  return at;
}
