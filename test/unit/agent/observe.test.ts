import { describe, expect, it } from 'vitest';
import { judgeClaim } from '../../../agent/guard/judge-claim.ts';
import type { OvsPort } from '../../../agent/host/open-vswitch.ts';
import { deriveInventory } from '../../../agent/observe/derive-inventory.ts';
import { intendedRows } from '../../../domain/rewire/moves.ts';
import type { Link } from '../../../platform/native/netlink-links.ts';

function link(ifindex: number, name: string, more: Partial<Link> = {}): Link {
  return {
    ifindex,
    name,
    mac: `fe:00:00:00:00:0${ifindex % 10}`,
    mtu: 1500,
    up: true,
    lowerUp: true,
    operstate: 'up',
    master: undefined,
    kind: 'veth',
    slaveKind: undefined,
    peerIfindex: undefined,
    peerNetnsId: undefined,
    alias: undefined,
    ...more,
  };
}

interface PortOptions {
  readonly ids?: Readonly<Record<string, string>>;
  readonly portIds?: Readonly<Record<string, string>>;
  readonly tag?: number;
  readonly type?: string;
}

function port(
  name: string,
  bridge: string,
  { ids = {}, portIds = {}, tag, type = '' }: PortOptions = {},
): [string, OvsPort] {
  const none = new Map<string, string>();
  return [
    name,
    {
      bridge: { _uuid: `b-${bridge}`, name: bridge, ports: new Set(), datapath_type: 'netdev', external_ids: none },
      port: {
        _uuid: `p-${name}`,
        name,
        interfaces: new Set(),
        tag: tag ?? null,
        trunks: new Set(),
        external_ids: new Map(Object.entries(portIds)),
        other_config: none,
      },
      iface: {
        _uuid: `i-${name}`,
        name,
        type,
        mac: null,
        mtu_request: null,
        ofport: 5,
        error: null,
        external_ids: new Map(Object.entries(ids)),
        other_config: none,
        options: none,
      },
    },
  ];
}

const bridge = link(1, 'brqaaaaaaaa-aa', { kind: 'bridge' });
const uplink = link(2, 'upl1', { master: 1, peerIfindex: 3 });
const leg = link(3, 'leg1', { peerIfindex: 2 });
const tap = link(4, 'tap11111111-11', { master: 1, peerIfindex: 2, peerNetnsId: 7 });
const ourLeg = link(5, 'shlaaaaaaaa-aa', { master: 1, peerIfindex: 6 });
const ourEnd = link(6, 'shmaaaaaaaa-aa', { peerIfindex: 5 });
const view = {
  systemId: 'hv1',
  integrationBridge: 'br-int',
  bridgeMappings: 'physnet1:br-ex',
  ovsVersion: '3.1.0',
  links: [bridge, ourLeg, uplink, leg, tap, ourEnd],
  ports: new Map([port('leg1', 'br-ex', { tag: 100 })]),
  integration: { datapathType: 'netdev', externalIds: new Map([['ovn-nb-cfg', '1']]) },
};

describe('the inventory', () => {
  it('tells the uplink from guests and from our own legs, and finds where it ends in Open vSwitch', () => {
    const { bridges, taps, findings, chassisReady } = deriveInventory(view);
    expect(bridges).toEqual([
      {
        bridge: 'brqaaaaaaaa-aa',
        mtu: 1500,
        members: ['shlaaaaaaaa-aa', 'tap11111111-11', 'upl1'],
        uplink: 'upl1',
        provider: { bridge: 'br-ex', port: 'leg1', tag: 100 },
      },
    ]);
    expect(taps).toMatchObject([
      { tap: 'tap11111111-11', linkUp: true, plug: { kind: 'legacy', bridge: 'brqaaaaaaaa-aa' } },
    ]);
    expect([findings, chassisReady]).toEqual([[], true]);
  });

  it.each([
    ['ready', true],
    ['unknown', true],
    ['silent', false],
    ['unsteady', false],
    ['not-connected', false],
  ] as const)('takes the chassis of an ovn-controller that is %s for ready: %s', (ovn, ready) => {
    expect(deriveInventory({ ...view, ovn }).chassisReady).toBe(ready);
  });

  it('finds taps on the target, but not our probe ports nor what is in other bridges', () => {
    const plugged = { ...tap, master: undefined };
    const ports = new Map([
      ...view.ports,
      port('tap11111111-11', 'br-int', { ids: { 'iface-id': 'p1', 'ovn-installed': 'true' } }),
      port('shpaaaaaaaa-aa', 'br-int', {
        ids: { 'iface-id': 'probe' },
        portIds: { 'shunt-owner': 'agent' },
        type: 'internal',
      }),
    ]);
    const links = [bridge, uplink, leg, plugged, link(8, 'shpaaaaaaaa-aa', { kind: 'openvswitch' })];
    expect(deriveInventory({ ...view, links, ports }).taps).toMatchObject([
      { tap: 'tap11111111-11', plug: { kind: 'target', bridge: 'br-int', ifaceId: 'p1', ofport: 5, installed: true } },
    ]);
  });

  it('says what is odd: no way to the wire, no provider leg, a tap that is down, a tap that is nowhere', () => {
    const kinds = (links: readonly Link[], ports = view.ports) =>
      deriveInventory({ ...view, links, ports }).findings.map((finding) => finding.kind);
    expect(kinds([bridge, tap])).toEqual(['no-uplink']);
    expect(kinds(view.links, new Map())).toEqual(['no-provider-leg']);
    expect(kinds([bridge, uplink, leg, { ...tap, lowerUp: false }])).toEqual(['link-down']);
    expect(kinds([bridge, uplink, leg, { ...tap, master: undefined }])).toEqual(['tap-without-port']);
  });

  it('says when the table of connections is over a third full, and does not say it anew with each connection', () => {
    const told = (entries: number) => deriveInventory({ ...view, conntrack: { entries, max: 3_000 } }).findings;
    expect(told(1_000)).toEqual([]);
    expect(told(1_001)).toMatchObject([{ kind: 'conntrack-full', severity: 'warning', host: view.systemId }]);
    expect(told(1_150)).toEqual(told(1_001));
    expect(told(3_000)[0]?.message).toContain('100 %');
  });

  it('takes a NIC or a VLAN of it as uplink too, and a tap device as guest', () => {
    const nic = link(9, 'eth1.100', { master: 1, kind: 'vlan' });
    const vnet = link(10, 'vnet3', { master: 1, kind: 'tun' });
    const { bridges, taps } = deriveInventory({ ...view, links: [bridge, nic, vnet] });
    expect([bridges[0]?.uplink, taps.map((found) => found.tap)]).toEqual(['eth1.100', ['vnet3']]);
  });
});

describe('a claim', () => {
  const rows = intendedRows(
    { tap: tap.name, portId: 'p1', networkId: 'n', mac: 'fa:16:3e:00:00:01', ips: [], legacyBridge: bridge.name },
    1,
  );
  const claim = {
    epoch: 1,
    bootId: 'boot',
    place: 'direct' as const,
    move: {
      tap: tap.name,
      portId: 'p1',
      networkId: 'n',
      mac: 'fa:16:3e:00:00:01',
      hostMac: tap.mac,
      ips: [],
      legacy: { bridge: bridge.name },
      target: { bridge: 'br-int', rows },
    },
  };
  const [, plugged] = port(tap.name, 'br-int', { ids: { 'iface-id': 'p1' } });
  const [, foreign] = port(tap.name, 'br-int', { ids: { 'iface-id': 'p2' } });
  const free = { ...tap, master: undefined };

  it.each([
    ['in-place', free, plugged, 'boot'],
    ['in-place', { ...tap, slaveKind: 'openvswitch' }, plugged, 'boot'],
    ['away', tap, plugged, 'boot'],
    ['away', free, undefined, 'boot'],
    ['away', tap, undefined, 'boot'],
    ['foreign', free, foreign, 'boot'],
    ['gone', undefined, plugged, 'boot'],
    ['in-place', undefined, plugged, 'another boot'],
    ['foreign', { ...tap, mac: 'fe:16:3e:99:99:99' }, plugged, 'boot'],
    ['foreign', { ...tap, mac: 'fe:16:3e:99:99:99' }, undefined, 'another boot'],
    ['gone', { ...free, mac: 'fe:16:3e:99:99:99' }, plugged, 'another boot'], // libvirt has made it, and not given it its address yet
    ['gone', { ...tap, slaveKind: 'openvswitch', mac: 'fe:16:3e:99:99:99' }, plugged, 'boot'], // by our own row
  ] as const)('is %s', (expected, seen, row, bootId) => {
    expect(judgeClaim(claim, { link: seen, port: row, bootId }).kind).toBe(expected);
  });
});
