import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LabNetwork, planTopology } from '../../../lab/topology.ts';
import { Arrivals, StreamArrivals } from '../../../lab/traffic/arrivals.ts';
import { broadcastOf, planFlows } from '../../../lab/traffic/plan-flows.ts';
import { flowsOf, trafficText } from '../../../lab/traffic-command.ts';

const ms = 1e6;
const topology = planTopology({ name: 'lab', hosts: 2, guests: 2, networks: 2, tap: 'veth' });
const [net1] = topology.networks as [LabNetwork];

describe('the figures of numbered datagrams', () => {
  /** 100 Hz: number n is sent at n * 10 ms and arrives at once. */
  const arrive = (...seqs: readonly number[]) => {
    const arrivals = new Arrivals();
    for (const seq of seqs) arrivals.received(seq, seq * 10 * ms);
    return arrivals;
  };
  const window = (fromSeq: number, toSeq: number) => ({
    fromSeq,
    toSeq,
    fromNs: fromSeq * 10 * ms,
    toNs: toSeq * 10 * ms,
    hz: 100,
  });

  it('counts lost, doubled and late ones, and the longest run and gap', () => {
    const arrivals = arrive(0, 1, 2, 6, 7, 7, 9, 8);
    expect(arrivals.report(window(0, 10))).toEqual({
      received: 7,
      lost: 3,
      duplicates: 1,
      reordered: 1,
      longestLostMs: 30,
      longestGapMs: 40,
    });
  });

  it('looks at the window only', () => {
    expect(arrive(0, 5, 5, 6, 7).report(window(6, 8))).toMatchObject({ received: 2, lost: 0, duplicates: 0 });
  });

  it('counts the silence to the end of the window as a gap', () => {
    expect(arrive(0, 1).report(window(0, 100))).toMatchObject({ lost: 98, longestGapMs: 990, longestLostMs: 980 });
  });

  it('adds up, whatever comes in whatever order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9000 }), { maxLength: 300 }), (seqs) => {
        const figures = arrive(...seqs).report(window(0, 9001));
        expect(figures.received + figures.lost).toBe(9001);
        expect(figures.received).toBe(new Set(seqs).size);
        expect(figures.duplicates).toBe(seqs.length - new Set(seqs).size);
      }),
      { numRuns: 50 },
    );
  });
});

it('measures the longest silence of a stream, also one that lasts', () => {
  const stream = new StreamArrivals(0);
  stream.received(10, 5 * ms);
  stream.received(10, 25 * ms);
  expect(stream.report(30 * ms)).toEqual({ bytes: 20, longestStallMs: 20 });
  expect(stream.report(100 * ms)).toEqual({ bytes: 20, longestStallMs: 75 });
  stream.mark(100 * ms);
  stream.received(1, 101 * ms);
  expect(stream.report(102 * ms)).toEqual({ bytes: 1, longestStallMs: 1 });
});

describe('the plan of flows', () => {
  it('lets receivers listen before the sender speaks, by the address family that is asked for', () => {
    const [flow] = planFlows(topology, [{ kind: 'udp', id: 'a', from: 'g1-1', to: 'g2-1', family: 6, hz: 7 }], 20_000);
    const end = { flow: 'a', family: 6, port: 20_000, remoteIp: 'fd00:51:1::15' };
    expect(flow).toMatchObject({
      receivers: [
        {
          netns: 'lab-g2-1',
          order: { type: 'receive-datagrams', group: false, end: { ...end, localIp: 'fd00:51:1::15' } },
        },
      ],
      sender: {
        netns: 'lab-g1-1',
        order: { type: 'send-datagrams', cast: 'uni', hz: 7, end: { ...end, localIp: 'fd00:51:1::14' } },
      },
    });
  });

  it('sends broadcasts to the network, multicasts to a group of their own', () => {
    const [broad, multi] = planFlows(
      topology,
      [
        { kind: 'broadcast', id: 'b', from: 'g1-1', to: ['g2-1', 'gw'] },
        { kind: 'multicast', id: 'm', from: 'ext', to: ['g1-1', 'g2-1'] },
      ],
      0x5000,
    );
    expect(broad?.sender.order).toMatchObject({ end: { remoteIp: broadcastOf(net1) } });
    expect(broadcastOf(net1)).toBe('10.100.0.255');
    expect(multi?.receivers.map((r) => r.order)).toEqual(
      [1, 2].map(() =>
        expect.objectContaining({
          group: true,
          end: expect.objectContaining({ remoteIp: '239.77.80.1', port: 0x5001 }),
        }),
      ),
    );
  });

  it.each([
    [{ kind: 'udp', id: 'x', from: 'g1-1', to: 'g1-2' }, /not on one network/],
    [{ kind: 'udp', id: 'x', from: 'gw', to: 'ext' }, /must be a guest/],
    [{ kind: 'udp', id: 'x', from: 'g1-1', to: 'g9-9' }, /no guest/],
    [{ kind: 'udp', id: 'x', from: 'g1-1', to: 'g1-1' }, /to itself/],
    [{ kind: 'broadcast', id: 'x', from: 'g1-1', to: ['g2-1'], family: 6 }, /no broadcast/],
  ] as const)('refuses %o', (spec, why) => {
    expect(() => planFlows(topology, [spec], 20_000)).toThrow(why);
  });

  it('makes of the command line a flow for each receiver, and one for all where it is sent to all', () => {
    const flags = { from: 'g1-1', to: ['g2-1', 'gw'], kind: ['tcp', 'broadcast'] as const, hz: 10, rate: 5 };
    expect(flowsOf(flags).map((f) => [f.kind, f.to])).toEqual([
      ['tcp', 'g2-1'],
      ['tcp', 'gw'],
      ['broadcast', ['g2-1', 'gw']],
    ]);
  });
});

it('says what came of it in a line a flow', () => {
  const flows = [
    {
      kind: 'tcp',
      id: 't',
      from: 'g1-1',
      to: 'gw',
      bytes: 1_500_000,
      longestStallMs: 12.4,
      retransmissions: 3,
      connected: false,
    },
    { kind: 'idle', id: 'i', from: 'g1-1', to: 'gw', spoken: 2, heard: 1, connected: true },
  ] as const;
  expect(trafficText({ seconds: 2, flows })).toBe(
    [
      'flow  from  to  in 2.0 s',
      'tcp   g1-1  gw  1.50 MB, longest stall 12 ms, 3 retransmissions, connection lost',
      'idle  g1-1  gw  far side spoke 2 times, heard 1',
    ].join('\n'),
  );
});
