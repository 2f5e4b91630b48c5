import type { Row } from '../../ovsdb/columns.ts';
import { absentOk, defineTables, map, optional, scalar, set } from '../../ovsdb/columns.ts';

/** What the coordinator reads and writes of OVN_Northbound (ovn-nb(5)); every other column is left alone. */
export const nbTables = defineTables({
  Logical_Switch: {
    name: scalar('string'),
    ports: set('uuid'),
    external_ids: map('string', 'string'),
    other_config: map('string', 'string'),
  },
  Logical_Switch_Port: {
    name: scalar('string'),
    type: scalar('string'),
    addresses: set('string'),
    port_security: set('string'),
    options: map('string', 'string'),
    external_ids: map('string', 'string'),
    tag: optional('integer'),
    up: optional('boolean'),
    enabled: optional('boolean'),
    dhcpv4_options: optional('uuid'),
    parent_name: optional('string'),
  },
  DHCP_Options: {
    cidr: scalar('string'),
    options: map('string', 'string'),
    external_ids: map('string', 'string'),
  },
  /** Only groups of our own are replicated: Neutron's have all ports of a cloud in them. */
  Port_Group: {
    name: scalar('string'),
    ports: set('uuid'),
    acls: set('uuid'),
    external_ids: map('string', 'string'),
  },
  /** Written, never read. */
  ACL: {
    direction: scalar('string'),
    priority: scalar('integer'),
    match: scalar('string'),
    action: scalar('string'),
  },
  Logical_Router_Port: {
    name: scalar('string'),
    networks: set('string'),
    external_ids: absentOk(map('string', 'string')),
  },
});

export type SwitchRow = Row<typeof nbTables, 'Logical_Switch'>;
export type PortRow = Row<typeof nbTables, 'Logical_Switch_Port'>;
export type DhcpRow = Row<typeof nbTables, 'DHCP_Options'>;
export type PortGroupRow = Row<typeof nbTables, 'Port_Group'>;
export type RouterPortRow = Row<typeof nbTables, 'Logical_Router_Port'>;

/** Rows of one moment, as the facts are made of them. A replica has this shape. */
export interface NbRows {
  readonly switches: ReadonlyMap<string, SwitchRow>;
  readonly ports: ReadonlyMap<string, PortRow>;
  readonly dhcp: ReadonlyMap<string, DhcpRow>;
  readonly routerPorts: ReadonlyMap<string, RouterPortRow>;
  /** Our own. */
  readonly groups: ReadonlyMap<string, PortGroupRow>;
}

/** Key in `external_ids` that marks a Logical_Switch_Port as ours: `<network>/<system-id>`. */
export const probeOwnerKey = 'shunt:probe';
