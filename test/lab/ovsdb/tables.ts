import { OvsdbClient } from '../../../ovsdb/client.ts';
import { defineTables, map, optional, scalar, set, type Uuid } from '../../../ovsdb/columns.ts';
import { OvsdbError } from '../../../ovsdb/errors.ts';
import type { Replica, ReplicaEvent, ReplicaOptions } from '../../../ovsdb/replica.ts';

/** What the tests need of the Open_vSwitch database. */
export const vswitchTables = defineTables({
  Open_vSwitch: {
    bridges: set('uuid'),
    next_cfg: scalar('integer'),
    cur_cfg: scalar('integer'),
  },
  Bridge: {
    name: scalar('string'),
    ports: set('uuid'),
    external_ids: map('string', 'string'),
    fail_mode: optional('string'),
  },
  Port: { name: scalar('string'), tag: optional('integer'), trunks: set('integer'), interfaces: set('uuid') },
  Interface: {
    name: scalar('string'),
    type: scalar('string'),
    ofport: optional('integer'),
    mtu_request: optional('integer'),
    external_ids: map('string', 'string'),
    statistics: map('string', 'int64'),
  },
});

export type VswitchTables = typeof vswitchTables;
export type VswitchClient = OvsdbClient<VswitchTables>;

/** A client that is back soon; the caller disposes it. */
export function connectVswitch(endpoint: string): Promise<VswitchClient> {
  const reconnect = { minMs: 5, maxMs: 50, factor: 2, jitter: 0 };
  return OvsdbClient.connect({ endpoint, database: 'Open_vSwitch', tables: vswitchTables, reconnect });
}

/** A replica with all its events, beginning with the first read. */
export async function follow(
  client: VswitchClient,
  options?: ReplicaOptions<VswitchTables>,
): Promise<{ readonly replica: Replica<VswitchTables>; readonly events: ReplicaEvent<VswitchTables>[] }> {
  const replica = client.replicate(vswitchTables, options);
  const events: ReplicaEvent<VswitchTables>[] = [];
  replica.subscribe((event) => events.push(event));
  await replica.ready();
  return { replica, events };
}

export const IFACE_ID = '5d1c3ec9-90d2-4d6e-8d9f-0d3c40ba4da4';

/** Makes the root row and br-int in an empty database. */
export async function seed(client: VswitchClient): Promise<void> {
  const tx = client.transaction();
  tx.requireNone('Open_vSwitch', []);
  tx.insert('Open_vSwitch', { bridges: [tx.insert('Bridge', { name: 'br-int' })] });
  await client.transact(tx);
}

/** Adds a port as the cut of a tap does, and returns what it got. */
export async function plug(
  client: VswitchClient,
  name: string,
): Promise<{ readonly iface: Uuid; readonly port: Uuid; readonly added: number }> {
  const tx = client.transaction();
  tx.requireNone('Interface', [['name', '==', name]]);
  const iface = tx.insert('Interface', { name, external_ids: { 'iface-id': IFACE_ID, nämlich: '😀 "\\' } });
  const port = tx.insert('Port', { name, interfaces: [iface] });
  const added = tx.mutate('Bridge', [['name', '==', 'br-int']], [['ports', 'insert', [port]]]);
  const result = await client.transact(tx);
  return { iface: result.uuid(iface), port: result.uuid(port), added: result.count(added) };
}

/** Takes a port away again. */
export async function unplug(client: VswitchClient, port: Uuid): Promise<void> {
  const tx = client.transaction();
  tx.mutate('Bridge', [['name', '==', 'br-int']], [['ports', 'delete', [port]]]);
  await client.transact(tx);
}

/** The error that a promise is to reject with. */
export async function failure(promise: Promise<unknown>): Promise<OvsdbError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof OvsdbError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}
