import { portGroupsOf } from '../neutron-groups.ts';
import { type DhcpReferences, guestPortRow } from '../neutron-nb.ts';
import { transactOnce } from '../ovsdb-once.ts';
import type { OvsdbOperation } from '../ovsdb-values.ts';
import { pathsOf } from '../run-dir.ts';
import type { LabGuest, Topology } from '../topology.ts';
import { networkOf } from '../topology.ts';

const DATABASE = 'OVN_Northbound';
type RowReference = readonly [string, string];

/** Creates a guest's port in NB, in its switch and (unless port security is off) its groups. */
export async function createPort(topology: Topology, guest: LabGuest): Promise<void> {
  const dhcp = await dhcpOptionsOf(topology, guest);
  const added = [['ports', 'insert', ['set', [['named-uuid', 'port']]]]];
  await transact(topology, [
    { op: 'insert', table: 'Logical_Switch_Port', 'uuid-name': 'port', row: guestPortRow(topology, guest, dhcp) },
    mutation('Logical_Switch', `neutron-${guest.networkId}`, added),
    ...portGroupsOf(topology, guest).map((group) => mutation('Port_Group', group, added)),
  ]);
}

/** Removes a guest's port from NB: from its switch, after which nothing holds it. A port that is gone is no error. */
export async function deletePort(topology: Topology, guest: LabGuest): Promise<void> {
  const uuid = await portUuid(topology, guest);
  if (!uuid) return;
  const removed = [['ports', 'delete', ['set', [uuid]]]];
  await transact(topology, [mutation('Logical_Switch', `neutron-${guest.networkId}`, removed)]);
}

/**
 * Writes where a port may be claimed. Two hypervisors: a live migration is under way, and the second one lets the guest's frames pass
 * only after its RARP (ovn-nb(5), `requested-chassis` and `activation-strategy`).
 */
export async function requestChassis(topology: Topology, guest: LabGuest, hostnames: readonly string[]): Promise<void> {
  const keys = ['requested-chassis', 'activation-strategy'];
  const options: [string, string][] = [['requested-chassis', hostnames.join(',')]];
  if (hostnames.length > 1) options.push(['activation-strategy', 'rarp']);
  await transact(topology, [
    mutation('Logical_Switch_Port', guest.portId, [
      ['options', 'delete', ['set', keys]],
      ['options', 'insert', ['map', options]],
    ]),
  ]);
}

async function dhcpOptionsOf(topology: Topology, guest: LabGuest): Promise<DhcpReferences> {
  const { subnet4, subnet6 } = networkOf(topology, guest);
  const [v4, v6] = await transact(
    topology,
    [subnet4, subnet6].map((subnet) =>
      select('DHCP_Options', [['external_ids', 'includes', ['map', [['subnet_id', subnet.id]]]]]),
    ),
  );
  return { v4: firstUuid(v4) ?? ['set', []], v6: firstUuid(v6) ?? ['set', []] };
}

async function portUuid(topology: Topology, guest: LabGuest): Promise<RowReference | undefined> {
  const [result] = await transact(topology, [select('Logical_Switch_Port', [['name', '==', guest.portId]])]);
  return firstUuid(result);
}

function mutation(table: string, name: string, mutations: readonly unknown[]): OvsdbOperation {
  return { op: 'mutate', table, where: [['name', '==', name]], mutations };
}

function select(table: string, where: readonly unknown[]): OvsdbOperation {
  return { op: 'select', table, where, columns: ['_uuid'] };
}

function firstUuid(result: unknown): RowReference | undefined {
  const { rows } = result as { readonly rows: readonly { readonly _uuid: RowReference }[] }; // RFC 7047, section 5.2.2
  return rows[0]?._uuid;
}

function transact(topology: Topology, operations: readonly OvsdbOperation[]): Promise<readonly unknown[]> {
  return transactOnce(pathsOf(topology.name).nb, DATABASE, operations);
}
