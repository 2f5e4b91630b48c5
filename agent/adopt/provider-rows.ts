import type { Adoption, UplinkMove } from '../../domain/adopt/facts.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import type { OpenVSwitch } from '../host/open-vswitch.ts';
import { adoptionKey, unconfirmedKey } from './read-adopt-facts.ts';

const actedTimeoutMs = 10_000;

/** An adoption and its number. */
export interface Numbered {
  readonly id: number;
  readonly adoption: Adoption;
}

/** The provider bridge, empty, where there is none: it forwards by itself, since no controller is set. */
export async function makeProvider({ id, adoption }: Numbered, ovs: OpenVSwitch, signal: AbortSignal): Promise<void> {
  const { provider, datapath } = adoption;
  if (ovs.bridge(provider) !== undefined) return;
  const [root] = ovs.replica.table('Open_vSwitch').values();
  if (root === undefined) throw new ShuntError('preimage-changed', 'Open vSwitch has no configuration row');
  const tx = ovs.transaction();
  tx.requireNone('Bridge', [['name', '==', provider]]);
  const iface = tx.insert('Interface', { name: provider, type: 'internal' });
  const port = tx.insert('Port', { name: provider, interfaces: [iface] });
  const bridge = tx.insert('Bridge', {
    name: provider,
    datapath_type: datapath === 'system' ? '' : datapath,
    ports: [port],
    external_ids: { [adoptionKey]: String(id) },
  });
  tx.mutate('Open_vSwitch', [['_uuid', '==', root._uuid]], [['bridges', 'insert', [bridge]]]);
  ovs.bump(tx);
  await ovs.transact(tx, `making bridge ${provider}`, signal);
  await acted(ovs, signal);
}

/** Rows of what is not plugged yet; resolves once vswitchd has given each a number. */
export async function plug(
  { id, adoption }: Numbered,
  what: { readonly legs: boolean; readonly nic: boolean },
  { ovs, signal }: { readonly ovs: OpenVSwitch; readonly signal: AbortSignal },
): Promise<void> {
  const bridge = ovs.bridge(adoption.provider);
  if (bridge === undefined)
    throw new ShuntError('preimage-changed', `there is no bridge ${adoption.provider} any more`);
  const standing = ovs.ports();
  const wanted = [
    ...(what.legs ? adoption.moves.map(({ leg, uplink }) => ({ name: leg.provider, ...wireColumns(uplink) })) : []),
    ...(what.nic ? [{ name: adoption.nic }] : []),
  ];
  const tx = ovs.transaction();
  tx.requireRow('Bridge', bridge._uuid, { name: adoption.provider });
  for (const columns of wanted.filter(({ name }) => !standing.has(name))) {
    const iface = tx.insert('Interface', { name: columns.name });
    const external_ids = { [adoptionKey]: String(id), [unconfirmedKey]: 'true' };
    const port = tx.insert('Port', { ...columns, interfaces: [iface], external_ids });
    tx.mutate('Bridge', [['_uuid', '==', bridge._uuid]], [['ports', 'insert', [port]]]);
  }
  ovs.bump(tx);
  await ovs.transact(tx, `plugging ${wanted.map(({ name }) => name).join(', ')} into ${adoption.provider}`, signal);
  await acted(ovs, signal);
  for (const { name } of wanted) {
    const iface = ovs.interface(name);
    if ((iface?.ofport ?? 0) > 0) continue;
    throw new ShuntError(
      'ovsdb-refused',
      `Open vSwitch could not take ${name}: ${iface?.error ?? 'it gave it no number'}`,
    );
  }
}

/** A leg carries its network untagged and nothing else. */
function wireColumns(uplink: UplinkMove['uplink']): { readonly tag: number } | { readonly trunks: readonly number[] } {
  return uplink.kind === 'vlan' ? { tag: uplink.vlan } : { trunks: [0] };
}

/** Takes ports that this adoption put there out again, and with `bridge` a bridge that it made, unless others use it. */
export async function unplug(
  { id, adoption }: Numbered,
  what: { readonly names: readonly string[]; readonly bridge: boolean },
  { ovs, signal }: { readonly ovs: OpenVSwitch; readonly signal: AbortSignal },
): Promise<void> {
  const row = ovs.bridge(adoption.provider);
  if (row === undefined) return;
  const ours = [...ovs.ports().values()].filter(
    ({ bridge, port }) =>
      bridge._uuid === row._uuid && what.names.includes(port.name) && port.external_ids.get(adoptionKey) === String(id),
  );
  const tx = ovs.transaction();
  if (ours.length > 0)
    tx.mutate('Bridge', [['_uuid', '==', row._uuid]], [['ports', 'delete', ours.map(({ port }) => port._uuid)]]);
  const left = row.ports.size - ours.length;
  if (what.bridge && left <= 1 && row.external_ids.get(adoptionKey) === String(id)) {
    const [root] = ovs.replica.table('Open_vSwitch').values();
    if (root !== undefined)
      tx.mutate('Open_vSwitch', [['_uuid', '==', root._uuid]], [['bridges', 'delete', [row._uuid]]]);
  }
  ovs.bump(tx);
  await ovs.transact(tx, `taking ${what.names.join(', ')} out of ${adoption.provider}`, signal);
  await acted(ovs, signal);
}

/** From now on nothing says that it is on trial. */
export async function markConfirmed(
  { id }: Pick<Numbered, 'id'>,
  ovs: OpenVSwitch,
  signal: AbortSignal,
): Promise<void> {
  const tx = ovs.transaction();
  for (const { port } of ovs.ports().values()) {
    if (port.external_ids.get(adoptionKey) !== String(id)) continue;
    tx.mutate('Port', [['_uuid', '==', port._uuid]], [['external_ids', 'delete', [unconfirmedKey]]]);
  }
  await ovs.transact(tx, `confirming adoption ${id}`, signal);
}

async function acted(ovs: OpenVSwitch, signal: AbortSignal): Promise<void> {
  try {
    await ovs.acted(ovs.nextCfg, AbortSignal.any([signal, AbortSignal.timeout(actedTimeoutMs)]));
  } catch (cause) {
    signal.throwIfAborted();
    throw new ShuntError('timed-out', 'waiting for vswitchd to act', { cause });
  }
}
