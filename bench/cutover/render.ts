import { textTable } from '../../lab/text-table.ts';
import { describeEnvironment } from '../environment.ts';
import type { BenchReport } from './rows.ts';

const heads = [
  'method',
  'op',
  'taps',
  'traffic',
  'p50 ms',
  'p99 ms',
  'max ms',
  'lost',
  'n',
  'command ms',
  'host dark ms',
];
const streamHeads = [
  'stream of 16 MB/s',
  'op',
  'traffic',
  'alone ms',
  'stall ms',
  'max ms',
  'sent again alone',
  'sent again',
  'broken',
  'n',
];

/** For people: one line a row, the streams, then the ratios. */
export function renderReport({ rows, streams, ratios, env, voidRuns }: BenchReport): string {
  const body = rows.map((r) =>
    [r.method, r.op, r.taps, r.direction, r.p50, r.p99, r.max, r.lost, r.n, r.commandMs, r.darkMs].map(String),
  );
  const streamBody = streams.map((s) =>
    [s.method, s.op, s.direction, s.alone, s.p50, s.max, s.retransmissionsAlone, s.retransmissions, s.broken, s.n].map(
      String,
    ),
  );
  return [
    textTable(heads, body),
    ...(streams.length === 0 ? [] : [textTable(streamHeads, streamBody)]),
    ...Object.entries(ratios).map(([name, ratio]) => `${name}: ${ratio}x`),
    '',
    `${describeEnvironment(env)}; void rounds: ${voidRuns}`,
  ].join('\n');
}
