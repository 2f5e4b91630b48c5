import { expect, it } from 'vitest';
import { type OvsdbSample, renderOvsdb, summariseOvsdb } from '../../../bench/ovsdb/report.ts';

const env = { kernel: '6.1', ovs: '3.1.0', cores: 2 };
const sample = (over: Partial<OvsdbSample>): OvsdbSample => ({
  client: 'shunt',
  rows: 1000,
  firstCopyMs: 100,
  baseMiB: 50,
  peakMiB: 80,
  settledMiB: 60,
  updatesPerSecond: 10_000,
  updateCpuMs: 10,
  serverBusy: 0.5,
  drainedPerSecond: 40_000,
  transactMs: [0.2, 0.3, 0.4],
  ...over,
});

it('takes medians of the runs of one client at one size, and latencies over all transactions', () => {
  const samples = [100, 300, 200].map((firstCopyMs) => sample({ firstCopyMs, transactMs: [firstCopyMs / 100] }));
  const { rows } = summariseOvsdb(samples, env);
  expect(rows).toMatchObject([{ client: 'shunt', firstCopyMs: 200, transactP50Ms: 2, transactP99Ms: 3, n: 3 }]);
});

it('says how many times better than the Python IDL: less time is better, more updates are better', () => {
  const python = sample({
    client: 'python-idl',
    firstCopyMs: 300,
    updatesPerSecond: 5000,
    drainedPerSecond: 10_000,
    settledMiB: 30,
    baseMiB: 20,
  });
  const { ratios } = summariseOvsdb([sample({}), python], env);
  expect(ratios).toMatchObject({
    'python-idl/shunt firstCopyMs 1000': 3,
    'python-idl/shunt updatesPerSecond 1000': 2,
    'python-idl/shunt drainedPerSecond 1000': 4,
    'python-idl/shunt settledMiB 1000': 0.5,
    'python-idl/shunt copyMiB 1000': 2,
  });
});

it('compares equal sizes only, and nothing where the baseline was not measured', () => {
  expect(summariseOvsdb([sample({}), sample({ client: 'python-idl', rows: 10 })], env).ratios).toEqual({});
});

it('prints one line a client and size', () => {
  const text = renderOvsdb(summariseOvsdb([sample({}), sample({ client: 'ovsdb-client' })], env));
  expect(text).toMatch(/^1000 +shunt +100 /m);
  expect(text).toMatch(/^1000 +ovsdb-client /m);
});
