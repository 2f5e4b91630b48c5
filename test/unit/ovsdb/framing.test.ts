import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOvsdbError } from '../../../ovsdb/errors.ts';
import { MessageSplitter } from '../../../ovsdb/framing.ts';
import { parseJson, stringifyJson } from '../../../ovsdb/json.ts';

const message = fc
  .oneof(
    fc.array(fc.jsonValue({ stringUnit: 'binary' })),
    fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary' })),
  )
  // A number that is nearly zero is out of range to ovsdb-server, and NUL is no text of the database.
  .filter((value) => !/e-3[0-2]\d|\\u0000/.test(JSON.stringify(value)));

function splitAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

function readAll(chunks: readonly Buffer[]): unknown[] {
  const splitter = new MessageSplitter(1 << 20);
  return chunks.flatMap((chunk) => splitter.push(chunk)).map(parseJson);
}

function codeOf(act: () => unknown): string | undefined {
  try {
    act();
  } catch (error) {
    if (isOvsdbError(error)) return error.code;
    throw error;
  }
  return undefined;
}

describe('framing', () => {
  it('finds the same messages for any split of the bytes', () => {
    fc.assert(
      fc.property(
        fc.array(message),
        fc.array(fc.nat()),
        fc.constantFrom('', '\n', ' \t\r\n'),
        (messages, cuts, gap) => {
          const texts = messages.map((value) => JSON.stringify(value));
          const chunks = splitAt(Buffer.from(texts.join(gap) + gap), cuts);
          expect(readAll(chunks)).toEqual(texts.map((text) => parseJson({ text, longDigits: true })));
        },
      ),
    );
  });

  it('reads a message that comes one byte at a time, inside characters too', () => {
    const text = '{"näme":"\\"}]{é—😀\\\\","x":[[],{}]}';
    expect(readAll([...Buffer.from(text + text)].map((byte) => Buffer.of(byte)))).toEqual([
      JSON.parse(text),
      JSON.parse(text),
    ]);
  });

  it('keeps integers of 64 bits exact, wherever the digits are split', () => {
    const text =
      '[9223372036854775807,-9223372036854775808,9007199254740991,"9223372036854775807",1e300,1234567890123456.5]';
    for (let cut = 1; cut < text.length; cut++) {
      const [value] = readAll([Buffer.from(text.slice(0, cut)), Buffer.from(text.slice(cut))]);
      expect(value).toEqual([
        9223372036854775807n,
        -9223372036854775808n,
        9007199254740991,
        '9223372036854775807',
        1e300,
        1234567890123456.5,
      ]);
    }
  });

  it('writes a bigint as the integer that it is', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), (values) => {
        const [read] = readAll([Buffer.from(stringifyJson(values))]);
        expect((read as (number | bigint)[]).map(BigInt)).toEqual(values);
      }),
    );
  });

  it('refuses a message over the limit before it has come to its end', () => {
    const splitter = new MessageSplitter(16);
    expect(splitter.push(Buffer.from('{"a":"01234567"}'))).toHaveLength(1);
    expect(splitter.push(Buffer.from('{"a":"01234567'))).toHaveLength(0);
    expect(splitter.heldBytes).toBe(14);
    expect(codeOf(() => splitter.push(Buffer.from('89ab')))).toBe('too-large');
  });

  it.each([
    ['a byte that begins no message', Buffer.from('HTTP/1.1 400')],
    ['a closing bracket alone', Buffer.from(']')],
    ['brackets that do not match', Buffer.from('{"a":1]')],
    ['bytes that are not UTF-8', Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d])],
  ])('refuses %s', (_what, bytes) => {
    expect(codeOf(() => readAll([bytes]))).toBe('protocol');
  });

  it('looks at each byte once, so that a message in many pieces costs what its size costs', () => {
    let reads = 0;
    const counted = (chunk: Buffer): Buffer =>
      new Proxy(chunk, {
        get(target, key) {
          if (typeof key === 'string' && /^\d+$/.test(key)) reads++;
          const value = Reflect.get(target, key, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    const bytes = Buffer.from(JSON.stringify({ rows: Array.from({ length: 500 }, (_, n) => `row ${n}`) }));
    const splitter = new MessageSplitter(1 << 20);
    for (let at = 0; at < bytes.length; at += 10) splitter.push(counted(bytes.subarray(at, at + 10)));
    expect(reads).toBeGreaterThanOrEqual(bytes.length);
    expect(reads).toBeLessThan(2 * bytes.length); // the first byte of a message is looked at by the blank skipper too
  });
});
