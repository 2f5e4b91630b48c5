import { describe, expect, it } from 'vitest';
import type { OvsPort } from '../../../agent/host/open-vswitch.ts';
import { deriveLegacyBridges } from '../../../agent/observe/legacy-bridges.ts';
import { defaultRoutes4, defaultRoutes6, dhcpSocket, ownAddressFindings } from '../../../agent/sources/nova-network.ts';
import type { Link } from '../../../platform/native/netlink-links.ts';

function link(ifindex: number, name: string, more: Partial<Link> = {}): Link {
  const nothing = { slaveKind: undefined, peerIfindex: undefined, peerNetnsId: undefined, alias: undefined };
  const plain = { mac: `fe:00:00:00:00:0${ifindex}`, mtu: 1500, up: true, lowerUp: true, operstate: 'up' } as const;
  return { ifindex, name, kind: 'veth', master: undefined, ...plain, ...nothing, ...more };
}

/** A port of br-ex, as far as bridges are told by it. */
function leg(name: string, tag: number | null): readonly [string, OvsPort] {
  return [name, { bridge: { name: 'br-ex' }, port: { name, tag } } as OvsPort]; // no more is looked at
}

const vlanBridge = [
  link(1, 'br101', { kind: 'bridge' }),
  link(2, 'vlan101', { master: 1, peerIfindex: 3 }),
  link(3, 'leg101', { peerIfindex: 2 }),
];

describe("nova-network's bridges", () => {
  const names = (links: readonly Link[], ports: readonly (readonly [string, OvsPort])[] = []) =>
    deriveLegacyBridges(links, new Map(ports)).map((found) => [found.bridge, found.uplink, found.provider?.tag]);

  it('are known by the VLAN in them, by a guest, or by their leg into a provider bridge', () => {
    expect(names(vlanBridge, [leg('leg101', 101)])).toEqual([['br101', 'vlan101', 101]]);
    const nic = [link(1, 'br101', { kind: 'bridge' }), link(2, 'vlan101', { kind: 'vlan', master: 1 })];
    expect(names(nic)).toEqual([['br101', 'vlan101', undefined]]);
    const guest = [link(1, 'br100', { kind: 'bridge' }), link(2, 'vnet0', { kind: 'tun', master: 1 })];
    expect(names(guest)).toEqual([['br100', undefined, undefined]]);
  });

  it("are not an operator's own br0, a hybrid plug's qbr or libvirt's virbr0", () => {
    expect(names([link(1, 'br0', { kind: 'bridge' }), link(2, 'eth0', { kind: undefined, master: 1 })])).toEqual([]);
    const hybrid = [
      link(1, 'qbr11111111-11', { kind: 'bridge' }),
      link(2, 'qvb11111111-11', { master: 1, peerIfindex: 3 }),
      link(3, 'qvo11111111-11', { peerIfindex: 2 }),
    ];
    expect(names(hybrid, [leg('qvo11111111-11', null)])).toEqual([]);
    expect(names([link(1, 'virbr0', { kind: 'bridge' }), link(2, 'vnet0', { kind: 'tun', master: 1 })])).toEqual([]);
  });

  it('of any name are known by their leg into a provider bridge', () => {
    const links = vlanBridge.map((one) => (one.name === 'br101' ? { ...one, name: 'cloudbr' } : one));
    expect(names(links, [leg('leg101', 101)])).toEqual([['cloudbr', 'vlan101', 101]]);
  });
});

describe("the hypervisor's own address on a bridge", () => {
  const bridge = { bridge: 'br100', mtu: 1500, uplink: 'vlan100', members: ['vlan100', 'vnet0'] };
  const find = (members: readonly string[], address: readonly string[], defaultRoute = false, dhcp = false) =>
    ownAddressFindings('hv1', [{ ...bridge, members }], {
      own: new Map([['br100', { addresses: address, defaultRoute }]]),
      dhcp,
    });

  it('is told where there are guests, with what else the hypervisor does there', () => {
    const [found] = find(bridge.members, ['10.0.0.11/24'], true, true);
    expect(found).toMatchObject({ kind: 'own-address', severity: 'error', host: 'hv1' });
    expect(found?.message).toMatch(/its address 10.0.0.11\/24 and its default route on br100, and it serves DHCP/);
    expect(find(bridge.members, [], true)).toHaveLength(1);
  });

  it('is nothing to tell of a bridge without guests, or without an address', () => {
    expect(find(['vlan100'], ['10.0.0.11/24'])).toEqual([]);
    expect(find(bridge.members, [])).toEqual([]);
  });

  it("is read from the kernel's tables", () => {
    const route = [
      'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
      'br100\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0',
      'eth0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
    ].join('\n');
    expect(defaultRoutes4(route)).toEqual(['br100']);
    const zeros = '0'.repeat(32);
    const row = (name: string) => `${zeros} 00 ${zeros} 00 ${zeros} 00000400 00000001 00000000 00000003 ${name}`;
    expect(defaultRoutes6(`${row('br100')}\n${row('lo')}\n`)).toEqual(['br100']);
    const udp = (port: string) =>
      `  sl  local_address\n  12: 00000000:${port} 00000000:0000 07 0:0 0:0 0 0 0 1 2 x 0\n`;
    expect([dhcpSocket(udp('0043')), dhcpSocket(udp('0044'))]).toEqual([true, false]);
  });
});
