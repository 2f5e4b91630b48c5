import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NatsFraming } from '../../../platform/nats-framing.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const first = (chunks: readonly Uint8Array[]) => {
  const framing = new NatsFraming();
  return chunks.map((chunk) => framing.objection(chunk)).find((objection) => objection !== undefined);
};

describe('the framing of NATS', () => {
  it('lets pass what a server sends, however it is cut', () => {
    const said = bytes(
      'INFO {"max_payload":1048576}\r\nPING\r\n+OK\r\nMSG a.b 1 5\r\nMSG \n\r\nHMSG a.b 1 reply 12 17\r\nNATS/1.0\r\n\r\nhello\r\nPONG\r\n',
    );
    fc.assert(
      fc.property(fc.array(fc.nat(said.length), { maxLength: 8 }), (cuts) => {
        const marks = [0, ...cuts.toSorted((a, b) => a - b), said.length];
        expect(first(marks.slice(1).map((mark, index) => said.subarray(marks[index], mark)))).toBeUndefined();
      }),
    );
  });

  it.each([
    ['a message that is too large', 'MSG a 1 99999999999\r\n', /99999999999 bytes/],
    ['one just so', 'HMSG a 1 12 8388609\r\n', /8388609 bytes/],
    ['a message without a size', 'MSG a 1 many\r\n', /without a size/],
    ['a size below nothing', 'MSG a 1 -5\r\n', /without a size/],
  ])('objects to %s before any of it has come', (_what, text, objection) => {
    expect(first([bytes(text)])).toMatch(objection);
  });

  it('objects to a line that does not end', () => {
    expect(first(Array.from({ length: 20 }, () => Buffer.alloc(64 * 1024, 'x')))).toMatch(/a line of more than/);
  });

  it('looks for nothing inside a payload', () => {
    expect(first([bytes('MSG a 1 21\r\nMSG a 1 99999999999\r\n\r\nPING\r\n')])).toBeUndefined();
  });
});
