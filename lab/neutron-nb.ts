import { groupIdOf, groupOperations } from './neutron-groups.ts';
import { atomOrSet, map, named, type OvsdbOperation, rowName, set } from './ovsdb-values.ts';
import type { LabService } from './services/lab-service.ts';
import type { LabGuest, LabNetwork, Topology } from './topology.ts';
import { networkOf } from './topology.ts';

/**
 * OVN's northbound as Neutron's ML2/OVN driver fills it for this cloud: networks with their localnet port, subnets, ports
 * named by UUID and bound by `requested-chassis`, the group and the drop-all group. One transaction.
 */
export function northboundOperations(topology: Topology): readonly OvsdbOperation[] {
  return [
    ...topology.networks.flatMap((network) => networkOperations(topology, network)),
    ...topology.guests.map((guest) => portOperation(topology, guest)),
    ...(topology.services ?? []).map((service) => servicePortOperation(topology, service)),
    ...groupOperations(topology),
  ];
}

function networkOperations(topology: Topology, network: LabNetwork): OvsdbOperation[] {
  const ports = [...topology.guests, ...(topology.services ?? [])].filter((p) => p.networkId === network.id);
  const localnet = rowName('provnet', network.segmentId);
  const wired = network.kind !== 'overlay';
  return [
    {
      op: 'insert',
      table: 'Logical_Switch',
      row: {
        name: `neutron-${network.id}`,
        ports: set([...(wired ? [named(localnet)] : []), ...ports.map((p) => named(rowName('port', p.portId)))]),
        other_config: map({
          mcast_flood_unregistered: 'false',
          mcast_snoop: String(network.snooping),
          'vlan-passthru': String(network.vlanTransparent),
        }),
        external_ids: map({
          'neutron:network_name': network.name,
          'neutron:mtu': String(network.mtu),
          'neutron:revision_number': '2',
          'neutron:availability_zone_hints': '',
        }),
      },
    },
    ...(wired ? [localnetOperation(network, localnet)] : []),
    ...dhcpOperations(topology, network),
  ];
}

function localnetOperation(network: LabNetwork, uuidName: string): OvsdbOperation {
  return {
    op: 'insert',
    table: 'Logical_Switch_Port',
    'uuid-name': uuidName,
    row: {
      name: `provnet-${network.segmentId}`,
      type: 'localnet',
      addresses: 'unknown',
      ...(network.vlan === undefined ? {} : { tag: network.vlan }),
      options: map({ network_name: 'physnet1', mcast_flood: 'false', mcast_flood_reports: 'true' }),
    },
  };
}

function dhcpOperations(topology: Topology, network: LabNetwork): OvsdbOperation[] {
  const { subnet4, subnet6 } = network;
  const serverMac = network.gateway.mac;
  const externalIds = (id: string) => map({ subnet_id: id, 'neutron:revision_number': '0' });
  return [
    {
      op: 'insert',
      table: 'DHCP_Options',
      'uuid-name': rowName('dhcp', subnet4.id),
      row: {
        cidr: subnet4.cidr,
        options: map({
          dns_server: '{8.8.8.8}',
          lease_time: '43200',
          mtu: String(network.mtu),
          router: subnet4.gateway,
          server_id: subnet4.gateway,
          server_mac: serverMac,
          domain_name: `"${topology.name}.lab"`,
        }),
        external_ids: externalIds(subnet4.id),
      },
    },
    {
      op: 'insert',
      table: 'DHCP_Options',
      'uuid-name': rowName('dhcp', subnet6.id),
      row: { cidr: subnet6.cidr, options: map({ server_id: serverMac }), external_ids: externalIds(subnet6.id) },
    },
  ];
}

function portOperation(topology: Topology, guest: LabGuest): OvsdbOperation {
  const { subnet4, subnet6 } = networkOf(topology, guest);
  const dhcp = { v4: named(rowName('dhcp', subnet4.id)), v6: named(rowName('dhcp', subnet6.id)) };
  return {
    op: 'insert',
    table: 'Logical_Switch_Port',
    'uuid-name': rowName('port', guest.portId),
    row: guestPortRow(topology, guest, dhcp),
  };
}

function servicePortOperation(topology: Topology, service: LabService): OvsdbOperation {
  const row = servicePortRow(topology, service);
  return { op: 'insert', table: 'Logical_Switch_Port', 'uuid-name': rowName('port', service.portId), row };
}

/** References to the rows of DHCP_Options that a port uses: `['uuid', …]`, `['named-uuid', …]` or an empty set. */
export interface DhcpReferences {
  readonly v4: readonly unknown[];
  readonly v6: readonly unknown[];
}

/** The row of a guest's port. Without port security it is in no group and may use any address. */
export function guestPortRow(
  topology: Topology,
  guest: LabGuest,
  dhcp: DhcpReferences,
): Readonly<Record<string, unknown>> {
  const network = networkOf(topology, guest);
  const hypervisor = topology.hypervisors.find((h) => h.name === guest.hypervisor);
  const own = `${guest.mac} ${guest.ip4} ${guest.ip6}`;
  const pairs = guest.extra?.moreNics ?? [];
  const secured = guest.extra?.portSecurity ?? true;
  return {
    name: guest.portId,
    addresses: atomOrSet([own, ...pairs.map((p) => p.mac), ...(secured ? [] : ['unknown'])]),
    port_security: secured ? atomOrSet([own, ...pairs.map((p) => `${p.mac} ${p.ip4} ${p.ip6}`)]) : set([]),
    enabled: true,
    options: map({ 'requested-chassis': hypervisor?.hostname ?? '', mcast_flood_reports: 'true' }),
    dhcpv4_options: dhcp.v4,
    dhcpv6_options: dhcp.v6,
    external_ids: portExternalIds(topology, {
      cidrs: [`${guest.ip4}/${network.subnet4.prefix}`, `${guest.ip6}/${network.subnet6.prefix}`],
      deviceId: guest.deviceId,
      deviceOwner: 'compute:nova',
      networkId: network.id,
      name: guest.name,
      securityGroupId: secured ? groupIdOf(topology, guest) : '',
    }),
  };
}

/** The port of a legacy DHCP or router namespace, as ML2/OVN registers what other agents serve: no group, no port security. */
function servicePortRow(topology: Topology, service: LabService): Readonly<Record<string, unknown>> {
  const network = networkOf(topology, service);
  const hypervisor = topology.hypervisors.find((h) => h.name === service.hypervisor);
  return {
    name: service.portId,
    addresses: `${service.mac} ${service.ip4} ${service.ip6}`,
    enabled: true,
    options: map({ 'requested-chassis': hypervisor?.hostname ?? '', mcast_flood_reports: 'true' }),
    external_ids: portExternalIds(topology, {
      cidrs: [`${service.ip4}/${network.subnet4.prefix}`, `${service.ip6}/${network.subnet6.prefix}`],
      deviceId: service.deviceId,
      deviceOwner: service.deviceOwner,
      networkId: network.id,
      name: '',
      securityGroupId: '',
    }),
  };
}

interface PortWords {
  readonly cidrs: readonly string[];
  readonly deviceId: string;
  readonly deviceOwner: string;
  readonly networkId: string;
  readonly name: string;
  readonly securityGroupId: string;
}

function portExternalIds(topology: Topology, words: PortWords): readonly unknown[] {
  return map({
    'neutron:cidrs': words.cidrs.join(' '),
    'neutron:device_id': words.deviceId,
    'neutron:device_owner': words.deviceOwner,
    'neutron:network_name': `neutron-${words.networkId}`,
    'neutron:port_capabilities': '',
    'neutron:port_name': words.name,
    'neutron:project_id': topology.projectId,
    'neutron:revision_number': '4',
    'neutron:security_group_ids': words.securityGroupId,
    'neutron:subnet_pool_addr_scope4': '',
    'neutron:subnet_pool_addr_scope6': '',
    'neutron:vnic_type': 'normal',
  });
}
