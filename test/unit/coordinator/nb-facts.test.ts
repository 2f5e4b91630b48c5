import { describe, expect, it } from 'vitest';
import { NbFactsReader } from '../../../coordinator/inventory/nb-facts.ts';
import { networkCidr } from '../../../coordinator/inventory/subnets.ts';
import type { NbRows, PortRow } from '../../../coordinator/nb/nb-tables.ts';

const networkId = '11111111-2222-3333-4444-555555555555';

function port(name: string, values: Partial<PortRow> = {}): PortRow {
  return {
    ...{
      _uuid: `uuid-${name}`,
      name,
      type: '',
      addresses: new Set<string>(),
      port_security: new Set<string>(),
      options: new Map(),
      external_ids: new Map(),
    },
    ...{ tag: null, up: null, enabled: null, dhcpv4_options: null, parent_name: null },
    ...values,
  };
}

function rows(ports: readonly PortRow[], routers: Readonly<Record<string, string>> = {}): NbRows {
  const lswitch = {
    _uuid: 'ls',
    name: `neutron-${networkId}`,
    ports: new Set(ports.map((row) => row._uuid)),
    external_ids: new Map(),
    other_config: new Map(),
  };
  const routerPorts = Object.entries(routers).map(([name, network]) => ({
    _uuid: `lrp-${name}`,
    name,
    networks: new Set([network]),
    external_ids: undefined,
  }));
  return {
    switches: new Map([['ls', lswitch]]),
    ports: new Map(ports.map((row) => [row._uuid, row])),
    dhcp: new Map(),
    routerPorts: new Map(routerPorts.map((row) => [row._uuid, row])),
    groups: new Map(),
  };
}

describe('facts of OVN NB', () => {
  it('class a network by its localnet port: none is an overlay, one without tag is flat, one with tag is VLAN', () => {
    const localnet = (tag: number | null) =>
      port('provnet-x', { type: 'localnet', tag, options: new Map([['network_name', 'p']]) });
    const classOf = (ports: readonly PortRow[]) => new NbFactsReader().read(rows(ports)).networks[0];
    expect(classOf([])).toMatchObject({ id: networkId, class: 'overlay' });
    expect(classOf([localnet(null)])).toMatchObject({ class: 'flat', physnet: 'p' });
    expect(classOf([localnet(12)])).toMatchObject({ class: 'vlan', vlan: 12 });
  });

  it('find a subnet without DHCP in what ports have, and its gateway at the router', () => {
    const guest = port('p1', {
      addresses: new Set(['fa:16:3e:00:00:01 10.9.1.7']),
      external_ids: new Map([['neutron:cidrs', '10.9.1.7/23 fd00::7/64']]),
    });
    const router = port('rp', {
      type: 'router',
      addresses: new Set(['router']),
      options: new Map([['router-port', 'lrp-1']]),
    });
    expect(new NbFactsReader().read(rows([guest])).networks[0]?.subnets).toEqual([{ cidr: '10.9.0.0/23' }]);
    const routed = new NbFactsReader().read(rows([guest, router], { 'lrp-1': '10.9.0.1/23' }));
    expect(routed.networks[0]?.subnets).toEqual([{ cidr: '10.9.0.0/23', gateway: '10.9.0.1' }]);
  });

  it('read addresses in any case, beside `unknown`, and from neutron:cidrs where OVN has none', () => {
    const { ports } = new NbFactsReader().read(
      rows([
        port('a', { addresses: new Set(['unknown', 'FA:16:3E:00:00:01 10.9.1.7 FD00::7']) }),
        port('b', { addresses: new Set(['router']), external_ids: new Map([['neutron:cidrs', '10.9.1.1/24']]) }),
        port('c', { enabled: false, up: true }),
      ]),
    );
    expect(ports).toMatchObject([
      { id: 'a', mac: 'fa:16:3e:00:00:01', ips: ['10.9.1.7', 'fd00::7'], enabled: true, up: false },
      { id: 'b', mac: '', ips: ['10.9.1.1'] },
      { id: 'c', enabled: false, up: true },
    ]);
  });

  it('are made anew only for the row that changed', () => {
    const reader = new NbFactsReader();
    const [a, b] = [port('a'), port('b')];
    const before = reader.read(rows([a, b]));
    const after = reader.read(rows([a, port('b', { up: true })]));
    expect(after.ports[0]).toBe(before.ports[0]);
    expect(after.ports[1]).not.toBe(before.ports[1]);
  });

  it.each([
    ['10.0.0.5/24', '10.0.0.0/24'],
    ['10.0.3.5/22', '10.0.0.0/22'],
    ['255.255.255.255/0', '0.0.0.0/0'],
    ['10.0.0.5/32', '10.0.0.5/32'],
    ['10.0.0.5', undefined],
    ['10.0.0.5/33', undefined],
    ['fd00::1/64', undefined],
    ['10.0.0/24', undefined],
  ])('know the network of %s: %s', (text, cidr) => {
    expect(networkCidr(text)).toBe(cidr);
  });
});
