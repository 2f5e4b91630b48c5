import { type BenchEnvironment, describeEnvironment } from './environment.ts';

export type Op = 'cut' | 'revert';
/** Who began to speak: `in` from the far side of the wire to the guest, `out` from the guest. */
export type TrafficDirection = 'in' | 'out';

/** One line of a benchmark; times are blackouts in milliseconds, over all taps of all runs. */
export interface BenchRow {
  readonly method: string;
  readonly op: Op;
  readonly taps: number;
  readonly direction: TrafficDirection;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Frames lost in all runs together. */
  readonly lost: number;
  /** Samples: taps times valid runs. */
  readonly n: number;
}

export interface BenchReport {
  readonly schema: 1;
  readonly rows: readonly BenchRow[];
  /** How many times less than the baseline (the shell script), by medians of the same run. */
  readonly ratios: Readonly<Record<string, number>>;
  readonly env: BenchEnvironment;
  /** Runs whose null run lost frames and which therefore do not count. */
  readonly voidRuns: number;
}

export interface Sample {
  readonly method: string;
  readonly op: Op;
  readonly taps: number;
  readonly direction: TrafficDirection;
  readonly blackoutMs: number;
  readonly lost: number;
}

const baseline = 'shell';

export function summarise(
  samples: readonly Sample[],
  { voidRuns, env }: Pick<BenchReport, 'voidRuns' | 'env'>,
): BenchReport {
  const groups = Map.groupBy(samples, ({ method, op, taps, direction }) =>
    JSON.stringify([method, op, taps, direction]),
  );
  const rows = [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const values = group.map((sample) => sample.blackoutMs).toSorted((a, b) => a - b);
    const { method, op, taps, direction } = first;
    const lost = group.reduce((sum, sample) => sum + sample.lost, 0);
    return [
      {
        method,
        op,
        taps,
        direction,
        p50: percentile(values, 50),
        p99: percentile(values, 99),
        max: percentile(values, 100),
        lost,
        n: values.length,
      },
    ];
  });
  return { schema: 1, rows, ratios: ratiosOf(rows), env, voidRuns };
}

/** Nearest rank, to a tenth of a millisecond. */
export function percentile(ascending: readonly number[], percent: number): number {
  const rank = Math.max(1, Math.ceil((percent / 100) * ascending.length));
  return Math.round((ascending[rank - 1] ?? 0) * 10) / 10;
}

function ratiosOf(rows: readonly BenchRow[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    rows.flatMap((row) => {
      if (row.method === baseline || row.p50 === 0) return [];
      const base = rows.find(
        (other) =>
          other.method === baseline &&
          other.op === row.op &&
          other.taps === row.taps &&
          other.direction === row.direction,
      );
      return base
        ? [
            [
              `${baseline}/${row.method} ${row.op} ${row.taps} ${row.direction}`,
              Math.round((base.p50 / row.p50) * 10) / 10,
            ],
          ]
        : [];
    }),
  );
}

/** For people: one line a row, then the ratios. */
export function renderReport(report: BenchReport): string {
  const heads = ['method', 'op', 'taps', 'traffic', 'p50 ms', 'p99 ms', 'max ms', 'lost', 'n'];
  const body = report.rows.map((row) =>
    [row.method, row.op, row.taps, row.direction, row.p50, row.p99, row.max, row.lost, row.n].map(String),
  );
  const widths = heads.map((head, column) => Math.max(head.length, ...body.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const ratios = Object.entries(report.ratios).map(([name, ratio]) => `${name}: ${ratio}x`);
  const env = `${describeEnvironment(report.env)}; void runs: ${report.voidRuns}`;
  return [line(heads), ...body.map(line), '', ...ratios, '', env].join('\n');
}
