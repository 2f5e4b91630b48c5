import { textTable } from '../../lab/text-table.ts';
import { describeEnvironment } from '../environment.ts';
import type { BenchReport, SeriesNote } from './rows.ts';

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
export function renderReport({ rows, streams, ratios, series, troubles, env, voidRuns }: BenchReport): string {
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
    ...series.filter(({ valid, wanted }) => valid < wanted).map(describeSeries),
    ...troubles,
    '',
    `${describeEnvironment(env)}; void rounds: ${voidRuns}`,
  ].join('\n');
}

/** A series that has fewer figures than it should, and what is known instead. */
function describeSeries(series: SeriesNote): string {
  const { method, taps, direction, valid, wanted, failed, nullLost, voidP50, failures } = series;
  const head = `${valid === 0 ? 'NOT MEASURED' : 'in part'}: ${method}, ${taps} taps, traffic ${direction}: ${valid} of ${wanted} rounds valid`;
  const voids =
    series.void === 0
      ? []
      : [`${series.void} void (lost with nothing done: ${nullLost.join(', ')}; p50 then ${voidP50} ms)`];
  const fails = failed === 0 ? [] : [`${failed} failed (${failures.join('; ')})`];
  return [head, ...voids, ...fails].join('; ');
}
