import { absentOk, defineTables, map, optional, type Row, scalar, set } from '../../ovsdb/columns.ts';

/** What the agent reads and writes of the Open_vSwitch database. */
export const ovsTables = defineTables({
  Open_vSwitch: {
    bridges: set('uuid'),
    external_ids: map('string', 'string'),
    next_cfg: scalar('integer'),
    cur_cfg: scalar('integer'),
    ovs_version: optional('string'),
  },
  Bridge: {
    name: scalar('string'),
    ports: set('uuid'),
    datapath_type: scalar('string'),
    external_ids: map('string', 'string'),
  },
  Port: {
    name: scalar('string'),
    interfaces: set('uuid'),
    tag: optional('integer'),
    trunks: set('integer'),
    external_ids: map('string', 'string'),
    other_config: map('string', 'string'),
  },
  Interface: {
    name: scalar('string'),
    type: scalar('string'),
    mac: optional('string'),
    mtu_request: absentOk(optional('integer')),
    ofport: optional('integer'),
    error: absentOk(optional('string')),
    external_ids: map('string', 'string'),
    other_config: map('string', 'string'),
    options: map('string', 'string'),
  },
});

export type OvsTables = typeof ovsTables;
export type BridgeRow = Row<OvsTables, 'Bridge'>;
export type PortRow = Row<OvsTables, 'Port'>;
export type InterfaceRow = Row<OvsTables, 'Interface'>;
