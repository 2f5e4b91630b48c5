import { describe, expect, it } from 'vitest';
import { extraOf } from '../../../lab/guest/guest-extra.ts';
import { firewallRules } from '../../../lab/neutron-firewall.ts';
import { northboundOperations } from '../../../lab/neutron-nb.ts';
import { type LabGuest, type LabHypervisor, type LabNetwork, planTopology } from '../../../lab/topology.ts';

const topology = planTopology({ name: 'lab', hosts: 2, guests: 2, networks: 2, tap: 'veth' });
const [guest] = topology.guests as [LabGuest];
const [hv1] = topology.hypervisors as [LabHypervisor];
const [vlan, flat] = topology.networks as [LabNetwork, LabNetwork];

describe('the legacy firewall', () => {
  const rules = firewallRules(topology, hv1, 4).split('\n');

  it('sets one conntrack zone a network, by bridge and by tap', () => {
    expect(rules.filter((r) => r.includes('-j CT') && r.includes(guest.tap.slice(4)))).toEqual([
      expect.stringContaining(`--physdev-in ${vlan.bridge} `),
      expect.stringContaining(`-i ${vlan.bridge} `),
      expect.stringContaining(`--physdev-in ${guest.tap} `),
    ]);
    expect(new Set(rules.flatMap((r) => /--zone (\d+)/.exec(r)?.[1] ?? []))).toEqual(new Set(['4097', '4098']));
  });

  it('jumps only to chains that it declares, with names of at most 28 characters', () => {
    const declared = new Set(rules.flatMap((r) => /^:(\S+)/.exec(r)?.[1] ?? []));
    const targets = rules.flatMap((r) => /-j (neutron\S+)/.exec(r)?.[1] ?? []);
    expect(targets.filter((t) => !declared.has(t))).toEqual([]);
    expect([...declared].filter((name) => name.length > 28)).toEqual([]);
  });

  it('knows only the taps of its own hypervisor', () => {
    const other = topology.guests.find((g) => g.hypervisor === 'hv2');
    expect(rules.filter((r) => r.includes(other?.tap ?? '?'))).toEqual([]);
  });
});

describe('the northbound as Neutron fills it', () => {
  const rows = northboundOperations(topology) as readonly { table: string; row: Record<string, unknown> }[];
  const of = (table: string) => rows.filter((r) => r.table === table).map((r) => r.row);

  it('tags the localnet port of a VLAN network and not that of a flat one', () => {
    const localnets = of('Logical_Switch_Port').filter((row) => row['type'] === 'localnet');
    expect(localnets.map((row) => [row['name'], row['tag']])).toEqual([
      [`provnet-${vlan.segmentId}`, 100],
      [`provnet-${flat.segmentId}`, undefined],
    ]);
  });

  it('binds a port by hostname and tells whose it is', () => {
    const port = of('Logical_Switch_Port').find((row) => row['name'] === guest.portId);
    const address = `${guest.mac} ${guest.ip4} ${guest.ip6}`;
    expect(port).toMatchObject({ addresses: address, port_security: address });
    expect(port?.['options']).toEqual(['map', expect.arrayContaining([['requested-chassis', hv1.hostname]])]);
    expect(port?.['external_ids']).toEqual([
      'map',
      expect.arrayContaining([
        ['neutron:cidrs', `${guest.ip4}/24 ${guest.ip6}/64`],
        ['neutron:device_owner', 'compute:nova'],
        ['neutron:network_name', `neutron-${vlan.id}`],
        ['neutron:security_group_ids', topology.securityGroupId],
      ]),
    ]);
  });

  it('gives an overlay no localnet port, and who may only answer a group without rules for what it says', () => {
    const mixed = planTopology({ name: 'lab', hosts: 1, guests: 2, networks: 1, overlays: 1, tap: 'veth' });
    const [first, second] = mixed.guests as [LabGuest, LabGuest];
    const extra = { ...extraOf(second, 'veth'), egress: false };
    const inserts = northboundOperations({ ...mixed, guests: [first, { ...second, extra }] }) as typeof rows;
    expect(inserts.filter((r) => r.row['type'] === 'localnet')).toHaveLength(1);
    const group = (prefix: string) =>
      inserts.find((r) => JSON.stringify(r.row['acls'] ?? '').includes(`"${prefix}_0"`));
    expect(JSON.stringify(group('answer')?.row['ports'])).toContain(second.portId.replaceAll('-', '_'));
    expect(JSON.stringify(group('allow')?.row['ports'])).not.toContain(second.portId.replaceAll('-', '_'));
    const answers = inserts.filter((r) => String(r.row['match']).includes(`@${group('answer')?.row['name']}`));
    expect(new Set(answers.map((r) => r.row['direction']))).toEqual(new Set(['to-lport']));
  });

  it('drops at 1001 what the group does not allow at 1002', () => {
    const acls = of('ACL').map((row) => [row['priority'], row['action']]);
    expect(new Set(acls.map((acl) => acl.join(' ')))).toEqual(new Set(['1002 allow-related', '1001 drop']));
  });
});
