import { map, named, type OvsdbOperation, rowName, set } from './ovsdb-values.ts';
import { uuidOf } from './stable-ids.ts';
import type { LabGuest, Topology } from './topology.ts';

const DROP_GROUP = 'neutron_pg_drop';

interface AclSpec {
  readonly direction: 'from-lport' | 'to-lport';
  readonly match: string;
}

interface GroupSpec {
  readonly name: string;
  /** Prefix of its rules' names in the transaction. */
  readonly prefix: string;
  readonly rules: readonly AclSpec[];
  readonly guests: readonly LabGuest[];
  /** Absent: nobody's group but the driver's own, whose rules drop. */
  readonly securityGroupId?: string;
}

/**
 * The groups as ML2/OVN writes them: the lab's usual one (says anything; hears its members, SSH and ICMP), the one without egress rules
 * (hears the same, may only answer), and the driver's own that drops the rest. Pure.
 */
export function groupOperations(topology: Topology): readonly OvsdbOperation[] {
  const secured = topology.guests.filter((g) => g.extra?.portSecurity ?? true);
  return groupSpecs(topology).flatMap((spec) => groupRows(topology, { ...spec, guests: secured.filter(spec.has) }));
}

/** Id of the security group that a guest with port security is in. */
export function groupIdOf(topology: Topology, guest: LabGuest): string {
  return egressOf(guest) ? topology.securityGroupId : answeringGroupId(topology);
}

/** Port groups that a guest's port is in: none without port security. */
export function portGroupsOf(topology: Topology, guest: LabGuest): readonly string[] {
  return (guest.extra?.portSecurity ?? true) ? [portGroupOf(groupIdOf(topology, guest)), DROP_GROUP] : [];
}

/** Without egress rules. */
function answeringGroupId(topology: Topology): string {
  return uuidOf(topology.name, 'security-group', 'answering');
}

function egressOf(guest: LabGuest): boolean {
  return guest.extra?.egress ?? true;
}

/** ML2/OVN’s name of the port group of a security group. */
export function portGroupOf(securityGroupId: string): string {
  return `pg_${securityGroupId.replaceAll('-', '_')}`;
}

function groupSpecs(
  topology: Topology,
): readonly (Omit<GroupSpec, 'guests'> & { readonly has: (guest: LabGuest) => boolean })[] {
  const [usual, answering] = [topology.securityGroupId, answeringGroupId(topology)];
  const members = portGroupOf(usual);
  const answers = portGroupOf(answering);
  return [
    {
      ...{ name: members, prefix: 'allow', securityGroupId: usual, has: egressOf },
      rules: [...egressRules(members), ...ingressRules(members, members)],
    },
    {
      ...{ name: answers, prefix: 'answer', securityGroupId: answering, has: (guest) => !egressOf(guest) },
      rules: ingressRules(answers, members),
    },
    {
      ...{ name: DROP_GROUP, prefix: 'drop', has: () => true },
      rules: [
        { direction: 'from-lport', match: `inport == @${DROP_GROUP} && ip` },
        { direction: 'to-lport', match: `outport == @${DROP_GROUP} && ip` },
      ],
    },
  ];
}

function egressRules(group: string): readonly AclSpec[] {
  return ['ip4', 'ip6'].map((family) => ({ direction: 'from-lport', match: `inport == @${group} && ${family}` }));
}

function ingressRules(group: string, members: string): readonly AclSpec[] {
  return [
    `ip4 && ip4.src == $${members}_ip4`,
    `ip6 && ip6.src == $${members}_ip6`,
    'ip4 && ip4.src == 0.0.0.0/0 && icmp4',
    'ip6 && ip6.src == ::/0 && icmp6',
    'ip4 && ip4.src == 0.0.0.0/0 && tcp && tcp.dst == 22',
    'ip6 && ip6.src == ::/0 && tcp && tcp.dst == 22',
  ].map((match) => ({ direction: 'to-lport', match: `outport == @${group} && ${match}` }));
}

function groupRows(topology: Topology, { name, prefix, rules, guests, securityGroupId }: GroupSpec): OvsdbOperation[] {
  const names = rules.map((_, i) => `${prefix}_${i}`);
  return [
    ...rules.map((acl, i): OvsdbOperation => {
      const ruleId = uuidOf(topology.name, 'sg-rule', prefix, i);
      const allows = { external_ids: map({ 'neutron:security_group_rule_id': ruleId }) };
      const verdict = securityGroupId ? { action: 'allow-related', ...allows } : { action: 'drop' };
      const row = { ...acl, priority: securityGroupId ? 1002 : 1001, ...verdict };
      return { op: 'insert', table: 'ACL', 'uuid-name': names[i], row };
    }),
    {
      op: 'insert',
      table: 'Port_Group',
      row: {
        name,
        ports: set(guests.map((g) => named(rowName('port', g.portId)))),
        acls: set(names.map(named)),
        ...(securityGroupId ? { external_ids: map({ 'neutron:security_group_id': securityGroupId }) } : {}),
      },
    },
  ];
}
