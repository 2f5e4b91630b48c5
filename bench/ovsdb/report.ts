import { type BenchReport, percentile } from '../cutover/rows.ts';

export type ClientName = 'shunt' | 'python-idl' | 'ovsdb-client';

/** What one process measured once. */
export interface OvsdbSample {
  readonly client: ClientName;
  readonly rows: number;
  readonly firstCopyMs: number;
  /** Resident before it connects: the interpreter. */
  readonly baseMiB: number;
  readonly peakMiB: number;
  readonly settledMiB: number;
  /** Changed rows a second, from the writer's first transaction until the client has seen the last. */
  readonly updatesPerSecond: number;
  /** The client's processor time for a thousand changed rows. */
  readonly updateCpuMs: number;
  /** The server's share of one core meanwhile: near 1, it is the server that limits the rate. */
  readonly serverBusy: number;
  /** Changed rows a second when all was sent before: what the client itself can do. */
  readonly drainedPerSecond: number;
  readonly transactMs: readonly number[];
}

/** Medians over the runs; transaction latencies over all transactions of all runs. */
export interface OvsdbRow extends Omit<OvsdbSample, 'transactMs'> {
  /** Of the peak, what the copy needed: all above the interpreter. */
  readonly copyMiB: number;
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
  'copyMiB',
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
      baseMiB: median((s) => s.baseMiB),
      peakMiB: median((s) => s.peakMiB),
      copyMiB: median((s) => (s.baseMiB > 0 ? s.peakMiB - s.baseMiB : 0)),
      settledMiB: median((s) => s.settledMiB),
      updatesPerSecond: Math.round(median((s) => s.updatesPerSecond)),
      updateCpuMs: median((s) => s.updateCpuMs),
      serverBusy: hundredth(samples.map((s) => s.serverBusy).toSorted(ascending)[samples.length >> 1] ?? 0),
      drainedPerSecond: Math.round(median((s) => s.drainedPerSecond)),
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
    for (const key of ['updatesPerSecond', 'drainedPerSecond'] as const) {
      if (base[key] > 0) note(key, row[key] / base[key]);
    }
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
    'base MiB',
    'peak MiB',
    'settled MiB',
    'updates/s',
    'server busy',
    'cpu ms/1000',
    'drained/s',
    'tx p50 ms',
    'tx p99 ms',
    'n',
  ];
  const body = rows.map((r) =>
    [
      ...[r.rows, r.client, r.firstCopyMs, r.baseMiB, r.peakMiB, r.settledMiB],
      ...[r.updatesPerSecond, r.serverBusy, r.updateCpuMs, r.drainedPerSecond, r.transactP50Ms, r.transactP99Ms, r.n],
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
    'updates/s: while transactions come, which the server limits where it is busy; a client that lags gets many in one message, which spares it work.',
    'drained/s: 2000 transactions that the server has sent before, one message each; the client alone limits.',
    `Linux ${env.kernel}, OVS ${env.ovs}, ${env.cores} cores`,
  ].join('\n');
}
