import type { LabService } from './services/lab-service.ts';
import type { LabGuest, LabNetwork, Topology } from './topology.ts';
import { networkOf, uuidOf } from './topology.ts';

/** An operation of an OVSDB transaction (RFC 7047, section 5.2). */
export type OvsdbOperation = Readonly<Record<string, unknown>>;

const map = (entries: Readonly<Record<string, string>>) => ['map', Object.entries(entries)];
const set = (values: readonly unknown[]) => ['set', values];
/** RFC 7047: a set of one is written as its element. */
const atomOrSet = (values: readonly string[]) => (values.length === 1 ? values[0] : set(values));
const named = (name: string) => ['named-uuid', name];
/** OVSDB identifiers have no hyphens. */
const rowName = (kind: string, id: string) => `${kind}_${id.replaceAll('-', '_')}`;

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
  return [
    {
      op: 'insert',
      table: 'Logical_Switch',
      row: {
        name: `neutron-${network.id}`,
        ports: set([named(localnet), ...ports.map((p) => named(rowName('port', p.portId)))]),
        other_config: map({ mcast_flood_unregistered: 'false', mcast_snoop: 'false', 'vlan-passthru': 'false' }),
        external_ids: map({
          'neutron:network_name': network.name,
          'neutron:mtu': String(network.mtu),
          'neutron:revision_number': '2',
          'neutron:availability_zone_hints': '',
        }),
      },
    },
    {
      op: 'insert',
      table: 'Logical_Switch_Port',
      'uuid-name': localnet,
      row: {
        name: `provnet-${network.segmentId}`,
        type: 'localnet',
        addresses: 'unknown',
        ...(network.vlan === undefined ? {} : { tag: network.vlan }),
        options: map({ network_name: 'physnet1', mcast_flood: 'false', mcast_flood_reports: 'true' }),
      },
    },
    ...dhcpOperations(topology, network),
  ];
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
      securityGroupId: secured ? topology.securityGroupId : '',
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

interface AclSpec {
  readonly direction: 'from-lport' | 'to-lport';
  readonly match: string;
}

/** Name of the port group of the lab's one security group. */
export function groupName(topology: Topology): string {
  return `pg_${topology.securityGroupId.replaceAll('-', '_')}`;
}

function groupOperations(topology: Topology): OvsdbOperation[] {
  const ports = topology.guests.map((g) => named(rowName('port', g.portId)));
  const group = groupName(topology);
  const egress = (match: string): AclSpec => ({ direction: 'from-lport', match: `inport == @${group} && ${match}` });
  const ingress = (match: string): AclSpec => ({ direction: 'to-lport', match: `outport == @${group} && ${match}` });
  const allowed = [
    egress('ip4'),
    egress('ip6'),
    ingress(`ip4 && ip4.src == $${group}_ip4`),
    ingress(`ip6 && ip6.src == $${group}_ip6`),
    ingress('ip4 && ip4.src == 0.0.0.0/0 && icmp4'),
    ingress('ip6 && ip6.src == ::/0 && icmp6'),
    ingress('ip4 && ip4.src == 0.0.0.0/0 && tcp && tcp.dst == 22'),
    ingress('ip6 && ip6.src == ::/0 && tcp && tcp.dst == 22'),
  ];
  const dropped: AclSpec[] = [
    { direction: 'from-lport', match: 'inport == @neutron_pg_drop && ip' },
    { direction: 'to-lport', match: 'outport == @neutron_pg_drop && ip' },
  ];
  return [
    ...allowed.map((acl, i) => aclOperation(acl, `allow_${i}`, uuidOf(topology.name, 'sg-rule', i))),
    ...dropped.map((acl, i) => aclOperation(acl, `drop_${i}`)),
    portGroup(group, { ports, acls: allowed.length, prefix: 'allow', securityGroupId: topology.securityGroupId }),
    portGroup('neutron_pg_drop', { ports, acls: dropped.length, prefix: 'drop' }),
  ];
}

function aclOperation(acl: AclSpec, uuidName: string, ruleId?: string): OvsdbOperation {
  return {
    op: 'insert',
    table: 'ACL',
    'uuid-name': uuidName,
    row: {
      direction: acl.direction,
      match: acl.match,
      priority: ruleId ? 1002 : 1001,
      action: ruleId ? 'allow-related' : 'drop',
      ...(ruleId ? { external_ids: map({ 'neutron:security_group_rule_id': ruleId }) } : {}),
    },
  };
}

function portGroup(
  name: string,
  of: { ports: readonly unknown[]; acls: number; prefix: string; securityGroupId?: string },
): OvsdbOperation {
  return {
    op: 'insert',
    table: 'Port_Group',
    row: {
      name,
      ports: set(of.ports),
      acls: set(Array.from({ length: of.acls }, (_, i) => named(`${of.prefix}_${i}`))),
      ...(of.securityGroupId ? { external_ids: map({ 'neutron:security_group_id': of.securityGroupId }) } : {}),
    },
  };
}
