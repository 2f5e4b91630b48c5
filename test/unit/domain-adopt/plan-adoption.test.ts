import { describe, expect, it } from 'vitest';
import type { AdoptFacts, AdoptLink, AdoptPort } from '../../../domain/adopt/facts.ts';
import { type AdoptRequest, planAdoption } from '../../../domain/adopt/plan-adoption.ts';
import { adoptSteps, describeStep } from '../../../domain/adopt/way.ts';

const own = { addresses: [], defaultRoute: false };
const base = { mac: '52:54:00:00:00:01', mtu: 1500, up: true, ...own };
const plain = { protocol: '802.1Q', flags: ['REORDER_HDR'], qos: false };

function nic(more: Partial<AdoptLink> = {}): AdoptLink {
  return { name: 'eth1', ...base, ...more };
}

function vlan(id: number, more: Partial<AdoptLink> = {}): AdoptLink {
  const sits = { parent: 'eth1', kind: 'vlan', vlan: { id, ...plain } } as const;
  return { name: `eth1.${id}`, ...base, ...sits, master: `brq${id}`, slaveKind: 'bridge', ...more };
}

function bridge(id: number, more: Partial<AdoptLink> = {}): AdoptLink {
  return { name: `brq${id}`, ...base, kind: 'bridge', bridge: { vlanFiltering: false, stp: false }, ...more };
}

function facts(links: readonly AdoptLink[], more: Partial<AdoptFacts> = {}): AdoptFacts {
  return {
    links,
    ports: new Map<string, AdoptPort>(),
    bridges: new Map([
      ['br-int', 'system'],
      ['br-ex', 'system'],
    ]),
    integrationBridge: 'br-int',
    bridgeMappings: 'physnet1:br-ex',
    ...more,
  };
}

const cloud = [nic(), vlan(101), vlan(100), bridge(100), bridge(101)];
const names = (name: string) => ({ legacy: `shu${name}`, provider: `shx${name}`, providerMac: 'fe:00:00:00:00:01' });

function plan(seen: AdoptFacts, request: Partial<AdoptRequest> = {}) {
  return planAdoption({ nic: 'eth1', provider: 'br-ex', ...request }, seen, names);
}

function refusals(seen: AdoptFacts, request: Partial<AdoptRequest> = {}): readonly string[] {
  const planned = plan(seen, request);
  return planned.kind === 'refused' ? planned.refusals.map(({ kind, about }) => `${kind} ${about}`) : [];
}

function adoption(seen: AdoptFacts, request: Partial<AdoptRequest> = {}) {
  const planned = plan(seen, request);
  if (planned.kind !== 'planned') throw new Error(JSON.stringify(planned.refusals));
  return planned.adoption;
}

describe('what is adopted', () => {
  it('is every VLAN of the NIC that is in a bridge, one leg each; the NIC joins before any of them moves', () => {
    const found = adoption(facts(cloud));
    expect(found.joins).toBe('first');
    expect(found.moves.map(({ bridge: name, uplink, leg }) => [name, uplink.name, leg.legacy])).toEqual([
      ['brq100', 'eth1.100', 'shubrq100'],
      ['brq101', 'eth1.101', 'shubrq101'],
    ]);
    expect(adoptSteps(found).map(({ kind }) => kind)).toEqual([
      'make-legs',
      'plug-legs',
      'swap',
      'prove',
      'swap',
      'prove',
    ]);
  });

  it('is a VLAN at a time where that is asked for, also when the NIC is there already', () => {
    const joined = facts([nic({ master: 'ovs-system', slaveKind: 'openvswitch' }), ...cloud.slice(1)], {
      ports: new Map([['eth1', { bridge: 'br-ex', adoption: 1 }]]),
    });
    const found = adoption(joined, { only: [101] });
    expect(found).toMatchObject({ joins: 'there', moves: [{ bridge: 'brq101' }] });
    expect(adoptSteps(found)).toContainEqual({ kind: 'plug-legs', nic: false });
  });

  it('is the NIC itself first where it is a member: the kernel gives it one owner', () => {
    const flat = [nic({ master: 'brq1', slaveKind: 'bridge' }), bridge(1), vlan(100), bridge(100)];
    const found = adoption(facts(flat));
    expect(found.joins).toBe('with-flat');
    expect(adoptSteps(found).map(({ kind }) => kind)).toEqual([
      'make-legs',
      'plug-legs',
      'swap',
      'plug-nic',
      'prove',
      'swap',
      'prove',
    ]);
    const userspace = new Map([['br-ex', 'netdev']]);
    expect(adoption(facts(flat, { bridges: userspace })).joins).toBe('first');
  });

  it('makes a provider bridge that is missing, and says that OVN does not know it', () => {
    const planned = plan(facts(cloud, { bridgeMappings: '' }), { provider: 'br-new' });
    expect(planned).toMatchObject({ kind: 'planned', adoption: { makesBridge: true, datapath: 'system' } });
    expect(planned).toMatchObject({ warnings: [expect.stringContaining('does not name br-new')] });
    const found = adoption(facts(cloud), { provider: 'br-new' });
    expect(adoptSteps(found).map((step) => describeStep(step, found))[0]).toBe(
      'make bridge br-new in Open vSwitch (datapath system)',
    );
  });

  it('is a bond like a NIC, unless its mode changes MACs', () => {
    const bond = (bondMode: string) => facts([nic({ kind: 'bond', bondMode }), ...cloud.slice(1)]);
    expect(adoption(bond('802.3ad')).moves).toHaveLength(2);
    expect(adoption(bond('active-backup')).moves).toHaveLength(2);
    expect(refusals(bond('balance-alb'))).toEqual(['bond-mode eth1']);
  });
});

describe('what is refused', () => {
  const cases: readonly (readonly [string, AdoptFacts, readonly string[], Partial<AdoptRequest>?])[] = [
    ['a NIC that is not there', facts([]), ['unknown-nic eth1']],
    ['a NIC that is down', facts([nic({ up: false }), ...cloud.slice(1)]), ['not-a-nic eth1']],
    [
      'a member of a bond',
      facts([nic({ master: 'bond0', slaveKind: 'bond' }), ...cloud.slice(1)]),
      ['bond-member eth1'],
    ],
    [
      'a NIC of another bridge of Open vSwitch',
      facts(cloud, { ports: new Map([['eth1', { bridge: 'br-tun' }]]) }),
      ['other-owner eth1'],
    ],
    ['a VLAN in place of its NIC', facts(cloud), ['not-a-nic eth1.100'], { nic: 'eth1.100' }],
    ['the integration bridge', facts(cloud), ['provider-bridge br-int'], { provider: 'br-int' }],
    [
      'the own address on the NIC',
      facts([nic({ addresses: ['192.0.2.1/24'] }), ...cloud.slice(1)]),
      ['own-address eth1'],
    ],
    [
      'the default route on another VLAN of the NIC',
      facts([...cloud, vlan(7, { master: '', defaultRoute: true })]),
      ['own-address eth1.7'],
    ],
    [
      'the own address on a legacy bridge',
      facts([nic(), vlan(100), bridge(100, { addresses: ['10.0.0.1/24'] })]),
      ['own-address brq100'],
    ],
    [
      'the own address on the provider bridge',
      facts([...cloud, { name: 'br-ex', ...base, addresses: ['10.0.0.1/24'], kind: 'openvswitch' }]),
      ['own-address br-ex'],
    ],
    [
      'a bridge that filters VLANs',
      facts([nic(), vlan(100), bridge(100, { bridge: { vlanFiltering: true, stp: false } })]),
      ['vlan-aware-bridge brq100'],
    ],
    [
      'a bridge with STP',
      facts([nic(), vlan(100), bridge(100, { bridge: { vlanFiltering: false, stp: true } })]),
      ['stp brq100'],
    ],
    [
      'a VLAN that could not be made again',
      facts([nic(), vlan(100, { vlan: { id: 100, ...plain, qos: true } }), bridge(100)]),
      ['odd-vlan eth1.100'],
    ],
    [
      'a service tag',
      facts([nic(), vlan(100, { vlan: { id: 100, ...plain, protocol: '802.1ad' } }), bridge(100)]),
      ['odd-vlan eth1.100'],
    ],
    [
      'a macvtap on the NIC, and a VLAN in a VLAN',
      facts([
        ...cloud,
        { name: 'macvtap0', ...base, kind: 'macvtap', parent: 'eth1' },
        vlan(5, { name: 'q', parent: 'eth1.100' }),
      ]),
      ['other-riders macvtap0', 'other-riders q'],
    ],
    [
      'a bridge with a second way to the wire',
      facts([...cloud, { name: 'eth9', ...base, master: 'brq100', slaveKind: 'bridge' }]),
      ['second-uplink brq100'],
    ],
    ['a NIC without uplinks', facts([nic()]), ['nothing-to-adopt eth1']],
    ['a VLAN that is in no bridge', facts(cloud), ['nothing-to-adopt eth1'], { only: [100, 999] }],
    [
      'a VLAN alone while the kernel has the NIC in a Linux bridge',
      facts([nic({ master: 'brq1', slaveKind: 'bridge' }), bridge(1), vlan(100), bridge(100)]),
      ['other-owner eth1'],
      { only: [100] },
    ],
  ];
  for (const [what, seen, expected, request] of cases)
    it(what, () => expect(refusals(seen, request).slice(0, expected.length)).toEqual(expected));

  it('tells all reasons at once', () => {
    const seen = facts([
      nic({ defaultRoute: true }),
      vlan(100),
      bridge(100, { bridge: { vlanFiltering: true, stp: true } }),
    ]);
    expect(refusals(seen)).toEqual(['vlan-aware-bridge brq100', 'stp brq100', 'own-address eth1']);
  });
});
