import { Random } from '../../lab/ovsdb/laws/random.ts';

/** Changes bytes as disks, editors and torn writes do: one to four changes, chosen by the seed. Same seed, same bytes. */
export function mutateBytes(bytes: Buffer, seed: number): Buffer {
  const random = new Random(seed);
  let changed = bytes;
  for (let change = random.below(4); change >= 0; change -= 1) changed = random.of(changes)(changed, random);
  return changed;
}

type Change = (bytes: Buffer, random: Random) => Buffer;

const changes: readonly Change[] = [
  (bytes, random) => flipped(bytes, random.below(bytes.length + 1), 1 << random.below(8)),
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  (bytes, random) => spliced(bytes, random.below(bytes.length + 1), random.below(64), Buffer.alloc(0)),
  (bytes, random) => spliced(bytes, random.below(bytes.length + 1), 0, randomBytes(random, random.below(64))),
  (bytes, random) => spliced(bytes, random.below(bytes.length + 1), random.below(64), Buffer.alloc(random.below(512))),
  (bytes, random) => {
    const [from, to] = [random.below(bytes.length + 1), random.below(bytes.length + 1)];
    return spliced(bytes, to, 0, bytes.subarray(from, from + random.below(256)));
  },
  (bytes, random) => spliced(bytes, random.below(bytes.length + 1), random.below(8), Buffer.from(random.of(pieces))),
];

/** What parsers trip over. */
const pieces = [
  '\n',
  '{',
  '}',
  '[',
  ']',
  '"',
  ':',
  ',',
  '&a ',
  '*a',
  '<<: *a',
  '!!binary ',
  '\t',
  '- ',
  'null',
  '-1',
  '1e999',
  '99999999999999999999',
  '__proto__: 1\n',
  'constructor: {prototype: 1}\n',
  '\ufeff',
  '\u0000',
  '%YAML 9.9\n---\n',
  '\ud800',
];

function flipped(bytes: Buffer, at: number, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ bit;
  return copy;
}

function spliced(bytes: Buffer, at: number, removed: number, inserted: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + removed)]);
}

export function randomBytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}
