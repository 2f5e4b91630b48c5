import { groupOperations, portGroupOf } from '../neutron-groups.ts';
import { transactOnce } from '../ovsdb-once.ts';
import { named, type OvsdbOperation, rowName } from '../ovsdb-values.ts';
import { pathsOf } from '../run-dir.ts';
import type { LabState } from '../state.ts';
import { type Fault, standingFault } from './fault.ts';

const DATABASE = 'OVN_Northbound';

/**
 * Deletes the group that lets the lab's guests speak and be spoken to, with its rules, as a synchronisation that went wrong does. The driver's
 * own, which drops the rest, stays: OVN installs a port's flows, forwards its ARP, and drops every packet of IP.
 */
export async function deleteGroup({ topology }: LabState): Promise<Fault> {
  const name = portGroupOf(topology.securityGroupId);
  const transact = (operations: readonly OvsdbOperation[]) =>
    transactOnce(pathsOf(topology.name).nb, DATABASE, operations);
  await transact([{ op: 'delete', table: 'Port_Group', where: [['name', '==', name]] }]);
  return standingFault(`port group ${name} is missing`, async () => {
    const columns = ['_uuid', 'name'];
    const [found] = await transact([{ op: 'select', table: 'Logical_Switch_Port', where: [], columns }]);
    const { rows } = found as { readonly rows: readonly PortRow[] }; // RFC 7047, section 5.2.2
    await transact(insertions(groupOperations(topology), name, rows));
  });
}

interface PortRow {
  readonly _uuid: unknown;
  readonly name: string;
}

/** The group and its rules; its ports are there already. */
function insertions(
  operations: readonly OvsdbOperation[],
  name: string,
  ports: readonly PortRow[],
): readonly OvsdbOperation[] {
  const group = operations.find(({ row }) => (row as { readonly name?: string }).name === name); // each inserts a row
  const rules = operations.filter(({ 'uuid-name': rule }) => JSON.stringify(group).includes(`"${String(rule)}"`));
  const text = ports.reduce(
    (known, port) =>
      known.replaceAll(JSON.stringify(named(rowName('port', port.name))), () => JSON.stringify(port._uuid)),
    JSON.stringify([...rules, group]),
  );
  return JSON.parse(text) as readonly OvsdbOperation[]; // what was written above
}
