import { type BenchReport, percentile } from '../rows.ts';

export type ClientName = 'shunt' | 'python-idl' | 'ovsdb-client';

/** What one process measured once. */
export interface OvsdbSample {
  readonly client: ClientName;
  readonly rows: number;
  readonly firstCopyMs: number;
  readonly peakMiB: number;
  readonly settledMiB: number;
  /** Changed rows a second, from the writer's first transaction until the client has seen the last. */
  readonly updatesPerSecond: number;
  /** The client's processor time for a thousand changed rows. */
  readonly updateCpuMs: number;
  readonly transactMs: readonly number[];
}

/** Medians over the runs; transaction latencies over all transactions of all runs. */
export interface OvsdbRow extends Omit<OvsdbSample, 'transactMs'> {
  readonly transactP50Ms: number;
  readonly transactP99Ms: number;
  readonly n: number;
}

export interface OvsdbReport {
  readonly schema: 1;
  readonly rows: readonly OvsdbRow[];
  /** How many times better than the Python IDL: above 1 is faster, or smaller. */
  readonly ratios: Readonly<Record<string, number>>;
  readonly env: Pick<BenchReport['env'], 'kernel' | 'ovs' | 'cores'>;
}

const smallerIsBetter = [
  'firstCopyMs',
  'peakMiB',
  'settledMiB',
  'updateCpuMs',
  'transactP50Ms',
  'transactP99Ms',
] as const;

export function summariseOvsdb(samples: readonly OvsdbSample[], env: OvsdbReport['env']): OvsdbReport {
  const groups = Map.groupBy(samples, ({ client, rows }) => `${rows} ${client}`);
  const rows = [...groups.values()].flatMap(rowOf);
  return { schema: 1, rows, ratios: ratiosOf(rows), env };
}

function rowOf(samples: readonly OvsdbSample[]): OvsdbRow[] {
  const [first] = samples;
  if (!first) return [];
  const median = (of: (sample: OvsdbSample) => number) => percentile(samples.map(of).toSorted(ascending), 50);
  const latencies = samples.flatMap((sample) => sample.transactMs).toSorted(ascending);
  const hundredth = (value: number) => Math.round(value * 100) / 100;
  const nearest = (percent: number) =>
    hundredth(latencies[Math.max(1, Math.ceil((percent / 100) * latencies.length)) - 1] ?? 0);
  return [
    {
      client: first.client,
      rows: first.rows,
      firstCopyMs: median((s) => s.firstCopyMs),
      peakMiB: median((s) => s.peakMiB),
      settledMiB: median((s) => s.settledMiB),
      updatesPerSecond: Math.round(median((s) => s.updatesPerSecond)),
      updateCpuMs: median((s) => s.updateCpuMs),
      transactP50Ms: nearest(50),
      transactP99Ms: nearest(99),
      n: samples.length,
    },
  ];
}

function ratiosOf(rows: readonly OvsdbRow[]): Readonly<Record<string, number>> {
  const ratios: Record<string, number> = {};
  for (const row of rows.filter((r) => r.client === 'shunt')) {
    const base = rows.find((r) => r.client === 'python-idl' && r.rows === row.rows);
    if (!base) continue;
    const note = (what: string, ratio: number) => {
      ratios[`python-idl/shunt ${what} ${row.rows}`] = Math.round(ratio * 100) / 100;
    };
    for (const key of smallerIsBetter) if (row[key] > 0) note(key, base[key] / row[key]);
    if (base.updatesPerSecond > 0) note('updatesPerSecond', row.updatesPerSecond / base.updatesPerSecond);
  }
  return ratios;
}

const ascending = (a: number, b: number) => a - b;

/** For people: one line a client and size, then the ratios. */
export function renderOvsdb({ rows, ratios, env }: OvsdbReport): string {
  const heads = [
    'rows',
    'client',
    'copy ms',
    'peak MiB',
    'settled MiB',
    'updates/s',
    'cpu ms/1000',
    'tx p50 ms',
    'tx p99 ms',
    'n',
  ];
  const body = rows.map((r) =>
    [
      ...[r.rows, r.client, r.firstCopyMs, r.peakMiB, r.settledMiB],
      ...[r.updatesPerSecond, r.updateCpuMs, r.transactP50Ms, r.transactP99Ms, r.n],
    ].map(String),
  );
  const widths = heads.map((head, i) => Math.max(head.length, ...body.map((cells) => cells[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  const better = Object.entries(ratios).map(([name, ratio]) => `${name}: ${ratio}x`);
  return [
    line(heads),
    ...body.map(line),
    '',
    ...better,
    '',
    `Linux ${env.kernel}, OVS ${env.ovs}, ${env.cores} cores`,
  ].join('\n');
}
