import { describe, expect, it } from 'vitest';
import type { Site } from '../../../bench/cutover/method.ts';
import { fullLoad, percentile, type Sample, summarise } from '../../../bench/cutover/rows.ts';
import { scripts } from '../../../bench/cutover/script-methods.ts';
import { planTopology } from '../../../lab/topology.ts';

const env = { datapath: 'netdev', kernel: '', ovs: '', ovn: '', cores: 2, cpu: '' };
const { guests } = planTopology({ name: 'bench', hosts: 1, guests: 2, networks: 1, tap: 'veth' });
const site: Site = { netns: '', ovsdb: '', runDir: '', vsctl: 'ovs-vsctl', bridgeOf: () => 'brq1' };

function sample(over: Partial<Sample>): Sample {
  return { method: 'shell', op: 'cut', taps: 1, direction: 'in', blackoutMs: 1000, lost: 10, ...over };
}

describe('the cutover benchmark', () => {
  it('takes percentiles by nearest rank', () => {
    expect([50, 99, 100].map((percent) => percentile([1, 2, 3, 4], percent))).toEqual([2, 4, 4]);
    expect(percentile([], 50)).toBe(0);
  });

  it('compares a flip with the cut of the shell script, and counts no loss as the finest that is seen', () => {
    const samples = [
      sample({}),
      sample({ method: 'direct', blackoutMs: 20 }),
      sample({ method: 'shunt', op: 'flip', blackoutMs: 0, lost: 0 }),
    ];
    const report = summarise({ samples, hosts: [], streams: [], series: [], troubles: [], load: fullLoad, env });
    expect(report.ratios).toEqual({ 'shell/direct cut 1 in': 50, 'shell/shunt flip 1 in': 1000 });
    expect(report.rows.map(({ lost, n }) => [lost, n])).toEqual([
      [10, 1],
      [10, 1],
      [0, 1],
    ]);
  });

  it('takes all taps out before it renames the first, as novanet2neutron did', () => {
    const lines = scripts['novanet2neutron']('cut', guests, site);
    const taken = lines.flatMap((line, index) => (line.includes('nomaster') ? [index] : []));
    expect(taken).toEqual([0, 1]);
    expect(lines.slice(2, 5)).toEqual([
      `ip link set ${guests[0]?.tap} down`,
      `ip link set ${guests[0]?.tap} name vnet0`,
      'ip link set vnet0 up',
    ]);
  });

  it('takes one ovs-vsctl for all taps in one transaction', () => {
    for (const way of ['cut', 'revert'] as const) {
      expect(scripts['one-transaction'](way, guests, site).filter((line) => line.startsWith('ovs-vsctl'))).toHaveLength(
        1,
      );
    }
  });
});
