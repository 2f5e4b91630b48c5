import { describe, expect, it } from 'vitest';
import { isNamespaceOf } from '../../../lab/lab-name.ts';
import { northboundOperations } from '../../../lab/neutron-nb.ts';
import { dhcpHosts } from '../../../lab/services/dhcp-hosts.ts';
import type { LabService } from '../../../lab/services/lab-service.ts';
import { planServices } from '../../../lab/services/plan-services.ts';
import { namespacesOf, planTopology } from '../../../lab/topology.ts';

const plain = planTopology({ name: 'lab', hosts: 2, guests: 2, networks: 3, tap: 'veth' });
const topology = { ...plain, services: planServices(plain) };

describe('the legacy services of a lab', () => {
  it('are a DHCP and a router namespace a network, spread over the hypervisors, with names, MACs and addresses of their own', () => {
    expect(topology.services.map((s) => `${s.name} ${s.hypervisor}`)).toEqual([
      ...['dhcp-net1 hv1', 'router-net1 hv1', 'dhcp-net2 hv2', 'router-net2 hv2', 'dhcp-net3 hv1', 'router-net3 hv1'],
    ]);
    const stations = topology.networks.flatMap((n) => [n.gateway, n.ext]);
    for (const key of ['mac', 'ip4', 'ip6'] as const) {
      const all = [...topology.services, ...topology.guests, ...stations].map((x) => x[key]);
      expect(new Set(all).size).toBe(all.length);
    }
    expect(topology.services.flatMap((s) => [s.tap, s.device]).filter((name) => name.length > 15)).toEqual([]);
  });

  it('live in namespaces that are known as the lab’s, so that they go with it', () => {
    expect(namespacesOf(topology)).toContain('lab-qdhcp-net2');
    expect(namespacesOf(topology).filter((netns) => !isNamespaceOf('lab', netns))).toEqual([]);
  });

  it('are ports in OVN, told from guests by their owner, in no security group', () => {
    const rows = northboundOperations(topology) as readonly { table: string; row: Record<string, unknown> }[];
    const [dhcp] = topology.services as [LabService];
    const port = rows.find((r) => r.row['name'] === dhcp.portId)?.row;
    expect(port?.['external_ids']).toEqual([
      'map',
      expect.arrayContaining([
        ['neutron:device_owner', 'network:dhcp'],
        ['neutron:security_group_ids', ''],
      ]),
    ]);
    const groups = rows.filter((r) => r.table === 'Port_Group');
    expect(JSON.stringify(groups)).not.toContain(dhcp.portId.replaceAll('-', '_'));
  });

  it('know the guests of their network and no other', () => {
    const [dhcp] = topology.services as [LabService];
    const own = topology.guests.filter((g) => g.network === 'net1');
    expect(dhcpHosts(topology, dhcp)).toBe(
      own.map((g) => `${g.mac},host-${g.ip4.replaceAll('.', '-')}.lab.lab,${g.ip4}\n`).join(''),
    );
  });
});
