import { Random } from '../../lab/ovsdb/laws/random.ts';
import { randomBytes } from './mutate-bytes.ts';

/** Something that no honest peer says. */
export interface Volley {
  readonly what: string;
  readonly bytes: Buffer;
  /** Said so many times, one after the other; default once. */
  readonly times?: number;
}

const block = 64 * 1024;
const text = (what: string, said: string, times = 1): Volley => ({ what, bytes: Buffer.from(said, 'latin1'), times });
const noise = (seed: number): Volley => ({ what: 'noise', bytes: randomBytes(new Random(seed), 4_096) });

/** What an OVSDB client must leave its server for. */
export const ovsdbVolleys: readonly Volley[] = [
  noise(1),
  text('what is no JSON', '{"a":}'),
  text('a text at the top', '"hello"'),
  text('half a message', '{"id":7,"result":{"'),
  text('a reply that nobody asked for', '{"id":4711,"result":{},"error":null}'),
  text('an update of the wrong type', '{"method":"update3","params":["m",7,[]],"id":null}'),
  text('a lock of the wrong type', '{"method":"stolen","params":[{}],"id":null}'),
  text('a message nested without end', '['.repeat(block), 4),
  { what: 'far too much in one message', bytes: Buffer.from(`{"${'x'.repeat(block)}":[`), times: 200 },
];

/** Small values that take fifty times their bytes when they are read. */
export const manyValues: readonly Volley[] = [
  { what: 'an array that begins', bytes: Buffer.from('{"id":1,"result":[') },
  { what: 'and has millions of objects', bytes: Buffer.from('{},'.repeat(block / 4)), times: 120 },
];

/** What a NATS client must leave its server for. */
export const natsVolleys: readonly Volley[] = [
  noise(2),
  text('a word that is none', 'HELLO\r\n'),
  text('a message beyond all size', 'MSG _INBOX.x 1 99999999999\r\n'),
  text('a message without a size', 'MSG _INBOX.x 1 lots\r\n'),
  text('an INFO of no JSON', 'INFO {"server_id":\r\n'),
  { what: 'a line without end', bytes: Buffer.from(`INFO {"x":"${'x'.repeat(block)}`), times: 40 },
];

/** What is said in place of a greeting. */
export const natsGreetings: readonly Volley[] = [
  text('another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n'),
  { what: 'a greeting without end', bytes: Buffer.from(`INFO {"x":"${'x'.repeat(32 * block)}`) },
];

/** What a gRPC peer must close the connection for. */
export const http2Volleys: readonly Volley[] = [
  noise(3),
  text('another protocol', 'HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'),
  // A frame header: length 24, type 8, flags 8, stream 32 (RFC 9113, section 4.1).
  { what: 'a frame that is too large', bytes: Buffer.from('ffffff0000000000010000', 'hex') },
  { what: 'headers on stream 0', bytes: Buffer.from('000004010400000000deadbeef', 'hex') },
  { what: 'a window of zero, over and over', bytes: Buffer.from('00000408000000000000000000', 'hex'), times: 500 },
];

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const settings = '\u0000\u0000\u0000\u0004\u0000\u0000\u0000\u0000\u0000';

/** What strangers say to a gRPC server when they connect. */
export const clientVolleys: readonly Volley[] = [
  noise(4),
  text('another protocol', 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'),
  text('half a preface', preface.slice(0, 9)),
  { what: 'a preface and noise', bytes: Buffer.concat([Buffer.from(preface), randomBytes(new Random(5), 2_048)]) },
  {
    what: 'a preface, settings, and noise',
    bytes: Buffer.concat([Buffer.from(preface + settings, 'latin1'), randomBytes(new Random(6), 2_048)]),
  },
  text('a flood of prefaces', preface.repeat(200)),
];

/** Bytes where a message of protobuf should be: what varints, tags and lengths trip over. */
export function protobufNoise(seed: number): readonly Buffer[] {
  const random = new Random(seed);
  return [
    Buffer.alloc(0),
    Buffer.from([0xff]),
    Buffer.from('0affffffff0f', 'hex'), // a field that is longer than the message
    Buffer.from('ffffffffffffffffff01', 'hex'), // a tag of 64 bits
    Buffer.from('0a020802', 'hex'),
    Buffer.from('0a0208ff', 'hex'),
    Buffer.from('f2ff7f0a', 'hex'), // a field of tomorrow, and half of another
    ...Array.from({ length: 50 }, () => randomBytes(random, random.below(200))),
  ];
}
