import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isNamespaceOf } from '../../../lab/lab-name.ts';
import { namespacesOf, planTopology } from '../../../lab/topology.ts';

const options = fc.record({
  name: fc.constantFrom('a', 'lab', 'x9'),
  hosts: fc.integer({ min: 1, max: 12 }),
  guests: fc.integer({ min: 0, max: 60 }),
  networks: fc.integer({ min: 1, max: 5 }),
  tap: fc.constantFrom('veth' as const, 'tap' as const),
});

describe('the plan of a lab', () => {
  it('gives every guest names, MAC, addresses and ports of its own', () => {
    fc.assert(
      fc.property(options, (o) => {
        const { guests, networks } = planTopology(o);
        for (const key of ['netns', 'tap', 'mac', 'ip4', 'ip6', 'portId'] as const) {
          expect(new Set(guests.map((g) => g[key])).size).toBe(o.hosts * o.guests);
        }
        const taken = networks.flatMap((n) => [n.gateway.mac, n.ext.mac]);
        expect(guests.filter((g) => taken.includes(g.mac))).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('leaves .240 to .254 of every subnet to the probe ports', () => {
    fc.assert(
      fc.property(options, (o) => {
        for (const guest of planTopology(o).guests) expect(Number(guest.ip4.split('.')[3])).toBeLessThan(240);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps interface names within 15 characters and fe:… MACs on the host side', () => {
    const { guests, networks } = planTopology({ name: 'lab', hosts: 3, guests: 8, networks: 2, tap: 'veth' });
    const names = [...guests.map((g) => g.tap), ...networks.flatMap((n) => [n.bridge, n.uplink, n.leg])];
    expect(names.filter((name) => name.length > 15)).toEqual([]);
    for (const guest of guests) expect(guest.tapMac).toBe(guest.mac.replace(/^fa/, 'fe'));
  });

  it('makes VLANs and a flat network last', () => {
    const { networks } = planTopology({ name: 'lab', hosts: 1, guests: 1, networks: 3, tap: 'veth' });
    expect(networks.map((n) => n.vlan)).toEqual([100, 101, undefined]);
  });

  it('puts overlays last, without a namespace for a gateway or an ext host, and leaves room for VXLAN', () => {
    const topology = planTopology({
      name: 'lab',
      hosts: 2,
      guests: 3,
      networks: 2,
      overlays: 1,
      mtu: 9000,
      tap: 'veth',
    });
    expect(topology.networks.map((n) => [n.kind, n.vlan, n.vni, n.mtu, n.uplink.slice(0, 10)])).toEqual([
      ['vlan', 100, undefined, 9000, topology.networks[0]?.uplink.slice(0, 10)],
      ['flat', undefined, undefined, 9000, topology.networks[1]?.uplink.slice(0, 10)],
      ['overlay', undefined, 5003, 8950, 'vxlan-5003'],
    ]);
    expect(namespacesOf(topology).filter((netns) => netns.endsWith('-net3'))).toEqual([]);
    expect(topology.guests.filter((g) => g.network === 'net3').map((g) => g.name)).toEqual(['g1-3', 'g2-3']);
  });

  it('is the same for the same options and shares no id with another lab', () => {
    const plan = (name: string) => planTopology({ name, hosts: 2, guests: 2, networks: 2, tap: 'veth' });
    expect(plan('one')).toEqual(plan('one'));
    const ids = new Set(plan('one').guests.map((g) => g.portId));
    expect(plan('two').guests.filter((g) => ids.has(g.portId))).toEqual([]);
  });

  it.each([
    [{ name: 'with-dash' }],
    [{ name: 'muchtoolongname' }],
    [{ hosts: 0 }],
    [{ guests: 1.5 }],
    [{ networks: 21 }],
    [{ networks: 0 }],
    [{ networks: 20, overlays: 1 }],
    [{ mtu: 1000 }],
  ])('refuses %j', (wrong) => {
    expect(() => planTopology({ name: 'lab', hosts: 1, guests: 1, networks: 1, tap: 'veth', ...wrong })).toThrow(
      RangeError,
    );
  });
});

describe('names of namespaces', () => {
  it('are all known as the lab’s own', () => {
    const topology = planTopology({ name: 'lab', hosts: 2, guests: 2, networks: 2, tap: 'veth' });
    expect(namespacesOf(topology).filter((netns) => !isNamespaceOf('lab', netns))).toEqual([]);
  });

  it.each(['lab2-hv1', 'lab', 'lab-', 'lab-other', 'xlab-hv1', 'lab-hv1-copy'])('do not claim %s', (netns) => {
    expect(isNamespaceOf('lab', netns)).toBe(false);
  });
});
