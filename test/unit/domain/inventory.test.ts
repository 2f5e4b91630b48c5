import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIp4, parseCidr4, parseIp4 } from '../../../domain/inventory/ipv4.ts';
import { joinInventory } from '../../../domain/inventory/join-inventory.ts';
import type { InventoryInput } from '../../../domain/inventory/joined-inventory.ts';
import {
  allocateProbePorts,
  isProbePort,
  probeAddressFor,
  probeMac,
  probePortName,
} from '../../../domain/inventory/probe-ports.ts';
import { legacyServicePorts } from '../../../domain/inventory/service-ports.ts';
import type { TapPlace } from '../../../domain/rewire/places.ts';
import { bridgeOf, hostInventory, hostReport, netA, netB, network, onTarget, plugAt, portOf, tapOf } from './facts.ts';

function join(over: Partial<InventoryInput> = {}, hv1: Parameters<typeof hostInventory>[0] = {}) {
  const hosts = [hostReport(1, { inventory: hostInventory(hv1) })];
  return joinInventory({ networks: [network()], ports: [portOf(1, 1)], hosts, ...over });
}

function findingsOf(inventory: ReturnType<typeof join>, host = 'hv1') {
  return (inventory.hosts.get(host)?.findings ?? []).map(({ kind, severity }) => `${kind} ${severity}`);
}

describe('joinInventory', () => {
  const port = portOf(1, 1);

  it('joins a tap with its port by MAC and network, whatever the tap is called', () => {
    const host = join({}, { taps: [tapOf(port, { tap: 'vnet17' })] }).hosts.get('hv1');
    expect(host?.movable).toEqual([
      { tap: 'vnet17', portId: port.id, networkId: netA, mac: port.mac, ips: port.ips, legacyBridge: 'brqaaaaaaaa-aa' },
    ]);
    expect(host?.networks).toEqual([
      { networkId: netA, legacyBridge: 'brqaaaaaaaa-aa', class: 'vlan', vlan: 100, mtu: 1500 },
    ]);
    expect(host).toMatchObject({ plug: 'legacy', findings: [] });
  });

  it('joins a tap on the target by its iface-id, and does not offer it for a cut', () => {
    const host = join({}, { taps: [tapOf(port, { plug: onTarget(port) })] }).hosts.get('hv1');
    expect(host).toMatchObject({ plug: 'target', movable: [], findings: [], taps: [{ port: { id: port.id } }] });
  });

  describe('of a bridge whose name says nothing', () => {
    const taps = [tapOf(port, { tap: 'vnet0', plug: { kind: 'legacy', bridge: 'br100' } })];
    const bridges = [{ ...bridgeOf(netA, 100, []), bridge: 'br100' }];
    const twin = network({ id: netB, physnet: 'other' });
    const movable = (inventory: ReturnType<typeof join>) => inventory.hosts.get('hv1')?.movable ?? [];

    it('finds the network by the VLAN of its leg', () => {
      expect(movable(join({}, { taps, bridges }))).toMatchObject([{ networkId: netA, legacyBridge: 'br100' }]);
      expect(findingsOf(join({}, { taps, bridges }))).toEqual([]);
    });

    it('refuses to guess between two networks, or none, and says what to do', () => {
      const unclear = join({ networks: [network(), twin] }, { taps, bridges });
      expect(movable(unclear)).toEqual([]);
      const said = unclear.hosts.get('hv1')?.findings.map(({ message }) => message) ?? [];
      expect(said.find((text) => text.startsWith('br100'))).toMatch(/2 networks have its wire \(VLAN 100\).*'bridges'/);
      const flat = [{ ...bridgeOf(netA, 100, []), bridge: 'br100', provider: { bridge: 'br-ex', port: 'leg' } }];
      expect(findingsOf(join({}, { taps, bridges: flat }))).toContain('network-mismatch error');
    });

    it('takes the operator at his word', () => {
      const told = { networks: [network(), twin], bridgeToNetwork: { br100: netA } };
      expect(movable(join(told, { taps, bridges }))).toHaveLength(1);
    });

    it('knows the way back of a tap that is on the target', () => {
      const moved = [tapOf(port, { tap: 'vnet0', plug: onTarget(port) })];
      const host = join({}, { taps: moved, bridges }).hosts.get('hv1');
      expect(host?.placed).toMatchObject([{ place: 'direct', target: { legacyBridge: 'br100' } }]);
    });
  });

  it('passes over its own devices and probe ports', () => {
    const probe = portOf(1, 9, { name: probePortName(netA, 'hv1') });
    const taps = [tapOf(port), tapOf(port, { tap: 'shlaaaaaaaa-aa' })];
    expect(findingsOf(join({ ports: [port, probe] }, { taps }))).toEqual([]);
  });

  it('tells two ports with one MAC on one network apart by the name of the tap, and else holds', () => {
    const twin = portOf(1, 2, { mac: port.mac });
    expect(findingsOf(join({ ports: [port, twin] }, { taps: [tapOf(port)] }))).toEqual(['port-without-tap warning']);
    const named = findingsOf(join({ ports: [port, twin] }, { taps: [tapOf(port, { tap: 'vnet1' })] }));
    expect(named).toContain('tap-without-port error');
  });

  const other = portOf(1, 1, { networkId: netB });
  const cases: readonly (readonly [string, Partial<InventoryInput>, Parameters<typeof hostInventory>[0], string])[] = [
    ['a tap without a port', { ports: [] }, { taps: [tapOf(port)] }, 'tap-without-port error'],
    [
      'a tap on no bridge and no port',
      { ports: [] },
      { taps: [tapOf(port, { plug: { kind: 'none' } })] },
      'tap-without-port error',
    ],
    ['a port without a tap', {}, {}, 'port-without-tap warning'],
    ['a port of another network', { ports: [other] }, { taps: [tapOf(port)] }, 'network-mismatch error'],
    [
      'a tap named after a port with another MAC',
      {},
      { taps: [tapOf(port, { hostMac: 'fe:00:00:00:00:09' })] },
      'mac-mismatch error',
    ],
    [
      'a port that OVN wants elsewhere',
      { ports: [portOf(1, 1, { requestedChassis: 'hv7' })] },
      { taps: [tapOf(port)] },
      'requested-chassis-elsewhere error',
    ],
    ['an MTU that differs', {}, { taps: [tapOf(port, { mtu: 9000 })] }, 'mtu-mismatch warning'],
    ['a link that is down', {}, { taps: [tapOf(port, { linkUp: false })] }, 'link-down warning'],
    ['an unknown iface-id', { ports: [] }, { taps: [tapOf(port, { plug: onTarget(port) })] }, 'foreign-iface-id error'],
    [
      'a bridge without an uplink',
      {},
      { taps: [tapOf(port)], bridges: [{ bridge: 'brqaaaaaaaa-aa', mtu: 1500, members: [] }] },
      'no-uplink error',
    ],
    [
      'an uplink without a provider leg',
      {},
      { taps: [tapOf(port)], bridges: [{ bridge: 'brqaaaaaaaa-aa', mtu: 1500, uplink: 'eth1', members: [] }] },
      'no-provider-leg error',
    ],
    ['a leg with another tag', {}, { taps: [tapOf(port)], bridges: [bridgeOf(netA, 7, [])] }, 'network-mismatch error'],
    [
      'a network served by the legacy world',
      { networks: [network({ servicePorts: ['dhcp'] })] },
      { taps: [tapOf(port)] },
      'service-port warning',
    ],
  ];
  it.each(cases)('finds %s', (_, over, hv1, finding) => {
    expect(findingsOf(join(over, hv1))).toContain(finding);
  });

  it('finds a guest that was left in its legacy bridge while others of its network were moved, and none while all are staged', () => {
    const [late, moved, far] = [portOf(1, 1), portOf(1, 2), portOf(1, 3, { networkId: netB })];
    const seen = (place: TapPlace, other = moved) => {
      const taps = [tapOf(late), tapOf(other, { plug: plugAt(place, other) })];
      const networks = [network(), network({ id: netB })];
      return join({ networks, ports: [late, other] }, { taps }).hosts.get('hv1')?.findings ?? [];
    };
    for (const place of ['direct', 'shunted', 'hybrid'] as const)
      expect(seen(place)).toMatchObject([{ kind: 'tap-elsewhere', severity: 'warning', portId: late.id }]);
    for (const place of ['legacy', 'staged'] as const) expect(seen(place)).toEqual([]);
    expect(seen('direct', far)).toEqual([]); // another network's guest says nothing of this one
  });

  it('finds a port with taps on two hypervisors, on both', () => {
    const inventory = hostInventory({ taps: [tapOf(port)] });
    const joined = join({ hosts: [hostReport(1, { inventory }), hostReport(2, { inventory })] });
    expect(findingsOf(joined)).toContain('port-on-two-hypervisors error');
    expect(findingsOf(joined, 'hv2')).toContain('port-on-two-hypervisors error');
  });

  it('believes OVN before the agent about the chassis', () => {
    expect(join({ chassis: [] }).hosts.get('hv1')?.chassisReady).toBe(false);
    expect(join({ chassis: [{ systemId: 'hv1', hostname: 'x' }] }).hosts.get('hv1')?.chassisReady).toBe(true);
    expect(join({}, { chassisReady: false }).hosts.get('hv1')?.chassisReady).toBe(false);
  });

  it('does not depend on the order of facts', () => {
    const ports = [1, 2, 3].flatMap((hv) => [1, 2].map((n) => portOf(hv, n)));
    const hosts = [1, 2, 3].map((hv) =>
      hostReport(hv, {
        inventory: hostInventory({
          taps: ports.filter((one) => one.requestedChassis === `hv${hv}`).map((one) => tapOf(one)),
        }),
      }),
    );
    const straight = joinInventory({ networks: [network()], ports, hosts });
    const shuffled = joinInventory({ networks: [network()], ports: ports.toReversed(), hosts: hosts.toReversed() });
    expect([...shuffled.hosts]).toEqual([...straight.hosts]);
  });
});

describe('legacyServicePorts', () => {
  it.each([
    ['network:router_interface', 'router', false],
    ['network:router_interface', '', true],
    ['network:dhcp', '', true],
    ['network:distributed', 'localport', false],
    ['network:floatingip', '', false],
    ['compute:nova', '', false],
  ] as const)('%s of type "%s": %s', (deviceOwner, type, is) => {
    expect(legacyServicePorts([portOf(1, 1, { deviceOwner, type })]).has(netA)).toBe(is);
  });
});

describe('probe ports', () => {
  it('takes the highest address that nobody has', () => {
    const taken = portOf(1, 1, { ips: ['10.1.0.254', '10.1.0.252'] });
    expect(probeAddressFor(network(), [taken], ['10.1.0.253'])).toBe('10.1.0.251');
    const gateway = network({ subnets: [{ cidr: '10.1.0.0/24', gateway: '10.1.0.254' }] });
    expect(probeAddressFor(gateway, [], [])).toBe('10.1.0.253');
  });

  it('has no address on a full subnet, and none without IPv4', () => {
    const full = network({ subnets: [{ cidr: '10.1.0.0/30', gateway: '10.1.0.1' }] });
    expect(probeAddressFor(full, [], ['10.1.0.2'])).toBeUndefined();
    expect(probeAddressFor(network({ subnets: [{ cidr: 'fd00::/64' }] }), [], [])).toBeUndefined();
  });

  it('gives each hypervisor its own name, MAC and address, and the same ones again', () => {
    const wanted = ['hv-site1-001', 'hv-site1-002'].map((systemId) => ({ systemId, networkId: netA }));
    const first = allocateProbePorts({ wanted, networks: [network()], ports: [] });
    const given = Object.values(first.probes);
    expect(new Set(given.map((one) => one.ip)).size).toBe(2);
    expect(new Set(given.map((one) => one.name)).size).toBe(2);
    const ports = given.map((one) => portOf(0, 1, { id: one.name, name: one.name, mac: one.mac, ips: [one.ip] }));
    expect(ports.every(isProbePort)).toBe(true);
    expect(allocateProbePorts({ wanted: wanted.toReversed(), networks: [network()], ports }).probes).toEqual(
      first.probes,
    );
    expect(probeMac(netA, 'hv1')).toMatch(/^02(:[0-9a-f]{2}){5}$/);
  });

  it('finds it worth saying when there is no address', () => {
    const none = allocateProbePorts({
      wanted: [{ systemId: 'hv1', networkId: netA }],
      networks: [network({ subnets: [] })],
      ports: [],
    });
    expect(none).toMatchObject({ probes: {}, findings: [{ kind: 'probe-address-taken', networkId: netA }] });
  });

  it('never gives an address that somebody has', () => {
    const address = fc.integer({ min: 0, max: 255 }).map((n) => `10.1.0.${n}`);
    fc.assert(
      fc.property(fc.array(address, { maxLength: 300 }), (used) => {
        const ip = probeAddressFor(network(), [], used);
        expect(ip === undefined || (!used.includes(ip) && !['10.1.0.0', '10.1.0.1', '10.1.0.255'].includes(ip))).toBe(
          true,
        );
      }),
    );
  });

  it('reads and writes IPv4 strictly', () => {
    expect(['1.2.3', '1.2.3.4.5', '01.2.3.4', '256.1.1.1', 'a.b.c.d', ''].map(parseIp4)).toEqual(
      Array(6).fill(undefined),
    );
    expect(parseCidr4('10.1.2.3/24')).toEqual({ first: 0x0a010200, last: 0x0a0102ff, prefix: 24 });
    expect(['10.0.0.0', '10.0.0.0/33', 'fd00::/64', '10.0.0.0/8/8'].map(parseCidr4)).toEqual(Array(4).fill(undefined));
    fc.assert(fc.property(fc.ipV4(), (ip) => formatIp4(parseIp4(ip) ?? -1) === ip));
  });
});
