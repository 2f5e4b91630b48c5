import type { BenchEnvironment } from '../environment.ts';
import type { MethodName, Op } from './method.ts';

/** Who began to speak: `in` from the far side of the wire to the guest, `out` from the guest. */
export type TrafficDirection = 'in' | 'out';

/** How often guests are asked. What two cores carry is less than {@link fullLoad} with 64 taps: see docs/dataplane.md. */
export interface Load {
  /** Taps that are asked a thousand times a second: a lost request is one millisecond. */
  readonly fullRate: number;
  /** Questions a second of every other tap. */
  readonly restHz: number;
}

export const fullLoad: Load = { fullRate: 8, restHz: 100 };

interface What {
  readonly method: MethodName;
  readonly op: Op;
  readonly taps: number;
  readonly direction: TrafficDirection;
}

/** One tap in one round. */
export interface Sample extends What {
  readonly blackoutMs: number;
  readonly lost: number;
}

/** The whole host in one round. */
export interface HostSample extends What {
  readonly commandMs: number;
  readonly darkMs: number;
}

/** How one series of rounds went, also where nothing of it counts. */
export interface SeriesNote extends Omit<What, 'op'> {
  readonly wanted: number;
  readonly valid: number;
  /** Rounds in which frames were lost while nothing was done. */
  readonly void: number;
  /** Rounds in which a command failed. */
  readonly failed: number;
  /** Frames so lost, a void round each; and the median blackout of those rounds, which is no figure. */
  readonly nullLost: readonly number[];
  readonly voidP50: number;
  readonly failures: readonly string[];
}

/** One stream through one command. */
export interface StreamSample {
  readonly method: MethodName;
  readonly op: Op;
  readonly direction: TrafficDirection;
  /** Longest time in which nothing arrived: of the stream left alone, and across the command. */
  readonly aloneMs: number;
  readonly stallMs: number;
  /** Segments sent again, in windows of the same length. */
  readonly retransmissionsAlone: number;
  readonly retransmissions: number;
  readonly connected: boolean;
}

/** One line of a benchmark; `p50`, `p99`, `max` are blackouts in milliseconds, over all taps of all rounds. */
export interface BenchRow extends What {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Frames lost in all rounds together. */
  readonly lost: number;
  /** Samples: taps times valid rounds. */
  readonly n: number;
  /** Until the command came back; median. */
  readonly commandMs: number;
  /** From the first frame that any tap lost until the last tap was through; median. */
  readonly darkMs: number;
}

/** Longest silence of a TCP stream of 16 MB/s, in milliseconds. */
export interface StreamRow {
  readonly method: MethodName;
  readonly op: Op;
  readonly direction: TrafficDirection;
  /** Of the same stream left alone, in the same rounds; median. */
  readonly alone: number;
  readonly p50: number;
  readonly max: number;
  /** Segments sent again; medians. A busy machine drops some of the stream left alone too. */
  readonly retransmissionsAlone: number;
  readonly retransmissions: number;
  /** Connections that did not live through it. */
  readonly broken: number;
  readonly n: number;
}

export interface BenchReport {
  readonly schema: 1;
  readonly rows: readonly BenchRow[];
  readonly streams: readonly StreamRow[];
  /** How many times less than the shell script, by medians of the same run. A median of 0 counts as 1 ms, the finest that is seen. */
  readonly ratios: Readonly<Record<string, number>>;
  readonly load: Load;
  readonly env: BenchEnvironment;
  /** What became of each series, those without a valid round too. */
  readonly series: readonly SeriesNote[];
  /** What else could not be measured, in words. */
  readonly troubles: readonly string[];
  /** Rounds whose null run lost frames and which therefore do not count. */
  readonly voidRuns: number;
}

export interface Measured {
  readonly samples: readonly Sample[];
  readonly hosts: readonly HostSample[];
  readonly streams: readonly StreamSample[];
  readonly series: readonly SeriesNote[];
  readonly troubles: readonly string[];
  readonly load: Load;
  readonly env: BenchEnvironment;
}

const baseline = 'shell';
const finestMs = 1;
/** What an op of a method is compared with. The others have no like. */
const likeOf: Partial<Record<Op, Op>> = { 'cut': 'cut', 'flip': 'cut', 'revert': 'revert', 'flip-back': 'revert' };

export function summarise({ samples, hosts, streams, series, troubles, load, env }: Measured): BenchReport {
  const voidRuns = series.reduce((sum, one) => sum + one.void, 0);
  const hostsOf = Map.groupBy(hosts, keyOf);
  const rows = [...Map.groupBy(samples, keyOf)].flatMap(([key, group]) => {
    const [first] = group;
    if (!first) return [];
    const { method, op, taps, direction } = first;
    const lost = group.reduce((sum, sample) => sum + sample.lost, 0);
    const blackout = spread(group.map((sample) => sample.blackoutMs));
    const hostGroup = hostsOf.get(key) ?? [];
    const commandMs = spread(hostGroup.map((host) => host.commandMs)).p50;
    const darkMs = spread(hostGroup.map((host) => host.darkMs)).p50;
    return [{ method, op, taps, direction, ...blackout, lost, n: group.length, commandMs, darkMs }];
  });
  return {
    schema: 1,
    rows,
    streams: streamRows(streams),
    ratios: ratiosOf(rows),
    series,
    troubles,
    load,
    env,
    voidRuns,
  };
}

function keyOf({ method, op, taps, direction }: What): string {
  return JSON.stringify([method, op, taps, direction]);
}

function streamRows(samples: readonly StreamSample[]): readonly StreamRow[] {
  const groups = Map.groupBy(samples, ({ method, op, direction }) => JSON.stringify([method, op, direction]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const { method, op, direction } = first;
    const { p50, max } = spread(group.map((sample) => sample.stallMs));
    const alone = spread(group.map((sample) => sample.aloneMs)).p50;
    const retransmissionsAlone = spread(group.map((sample) => sample.retransmissionsAlone)).p50;
    const retransmissions = spread(group.map((sample) => sample.retransmissions)).p50;
    const broken = group.filter((sample) => !sample.connected).length;
    const figures = { alone, p50, max, retransmissionsAlone, retransmissions, broken, n: group.length };
    return [{ method, op, direction, ...figures }];
  });
}

/** Median, 99th percentile and greatest, in tenths. */
export function spread(values: readonly number[]): {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
} {
  const ascending = values.toSorted((a, b) => a - b);
  return { p50: percentile(ascending, 50), p99: percentile(ascending, 99), max: percentile(ascending, 100) };
}

/** Nearest rank, to a tenth. */
export function percentile(ascending: readonly number[], percent: number): number {
  const rank = Math.max(1, Math.ceil((percent / 100) * ascending.length));
  return Math.round((ascending[rank - 1] ?? 0) * 10) / 10;
}

function ratiosOf(rows: readonly BenchRow[]): Readonly<Record<string, number>> {
  const base = new Map(rows.filter((row) => row.method === baseline).map((row) => [keyOf(row), row]));
  return Object.fromEntries(
    rows.flatMap((row) => {
      const like = likeOf[row.op];
      const other = like === undefined ? undefined : base.get(keyOf({ ...row, method: baseline, op: like }));
      if (row.method === baseline || other === undefined) return [];
      const ratio = Math.round((other.p50 / Math.max(row.p50, finestMs)) * 10) / 10;
      return [[`${baseline}/${row.method} ${row.op} ${row.taps} ${row.direction}`, ratio]];
    }),
  );
}
