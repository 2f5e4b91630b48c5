import { markKeys, type PlugRows, type TapMove } from '../../domain/rewire/moves.ts';
import type { RewireStep } from '../../domain/rewire/steps.ts';
import { withBinding } from '../../domain/sources/midonet-steps.ts';
import { withReparenting } from '../../domain/sources/ovs-restore.ts';
import type { Link } from '../../platform/native/netlink-links.ts';
import type { ExecutorDependencies } from '../cutover/execution.ts';
import { dropStaleFlows } from '../cutover/overlapping-flows.ts';
import { execute } from '../cutover/rewire-executor.ts';
import type { Host } from '../host/host.ts';
import { type OpenVSwitch, type OvsPort, requireBridge } from '../host/open-vswitch.ts';
import type { Claim } from '../journal/claims.ts';
import { masterName } from '../sources/midonet.ts';

/** vswitchd lets go of a device that is no more within this, or the guard goes on. */
const unpluggedWithinMs = 3_000;

/** What the guard performs steps with: no journal is open, and nobody waits for stages. */
export type GuardExecutor = Omit<ExecutorDependencies, 'checkpoint' | 'onGone'>;

export async function perform(
  steps: readonly RewireStep[],
  signal: AbortSignal,
  executor: GuardExecutor,
): Promise<void> {
  const nothing = () => undefined;
  await execute(steps, signal, { ...executor, checkpoint: nothing, onGone: nothing });
  const moves = new Map(steps.flatMap((step) => step.moves.map((move) => [move.tap, move] as const)));
  await dropStaleFlows([...moves.values()], executor, signal);
}

/** What has a link as member, as far as that is not vswitchd's own datapath. */
export function masterOf(host: Host, link: Link | undefined): string | undefined {
  return link && masterName(link, (ifindex) => host.netlink.link(ifindex)?.name);
}

/** The steps that bring a direct tap back onto the target, from whatever bridge it is in now. */
export function putBackSteps(move: TapMove, master: string | undefined, plugged: boolean): readonly RewireStep[] {
  const at = {
    batch: 1,
    moves: [master === undefined ? move : { ...move, legacy: { ...move.legacy, bridge: master } }],
  };
  const steps = withReparenting([
    ...(master === undefined ? [] : [{ kind: 'leave-legacy', ...at } as const]),
    ...(plugged ? [] : [{ kind: 'join-target', ...at } as const]),
    { kind: 'settle-target', ...at },
  ]);
  return withBinding(steps);
}

/** Puts our keys, the tag and the bridge of a row back as they were, in one transaction; what others added stays. */
export async function rewriteRow(
  { move }: Claim,
  { port, wanted }: { readonly port: OvsPort; readonly wanted: PlugRows },
  { ovs, signal }: { readonly ovs: OpenVSwitch; readonly signal: AbortSignal },
): Promise<void> {
  const to = requireBridge(ovs, move.target.bridge);
  const [ofPort, ofInterface] = [port.port._uuid, port.iface._uuid];
  const tx = ovs.transaction();
  tx.requireRow('Port', ofPort, { name: port.port.name });
  if (port.bridge._uuid !== to._uuid) {
    tx.requireRow('Bridge', to._uuid, { name: to.name });
    tx.mutate('Bridge', [['_uuid', '==', port.bridge._uuid]], [['ports', 'delete', [ofPort]]]);
    tx.mutate('Bridge', [['_uuid', '==', to._uuid]], [['ports', 'insert', [ofPort]]]);
    tx.update('Interface', [['_uuid', '==', ofInterface]], { ofport: null }); // the other bridge's
  }
  tx.update('Port', [['_uuid', '==', ofPort]], { tag: wanted.port.tag ?? null });
  tx.putKeys('Port', [['_uuid', '==', ofPort]], 'external_ids', wanted.port.external_ids);
  tx.putKeys('Interface', [['_uuid', '==', ofInterface]], 'external_ids', wanted.iface.external_ids);
  ovs.bump(tx);
  await ovs.transact(tx, `putting the row of ${port.port.name} back as it was`, signal);
}

/** Our row without a tap would wait for a stranger of the same name. */
export async function releaseRow({ move }: Claim, { ovs }: Host, signal: AbortSignal): Promise<void> {
  const port = ovs.ports().get(move.tap);
  if (port === undefined || port.port.external_ids.get(markKeys.owner) !== 'agent') return;
  if (port.iface.external_ids.get('iface-id') !== move.portId) return;
  const tx = ovs.transaction();
  tx.requireRow('Port', port.port._uuid, { name: move.tap });
  tx.mutate('Bridge', [['_uuid', '==', port.bridge._uuid]], [['ports', 'delete', [port.port._uuid]]]);
  ovs.bump(tx);
  await ovs.transact(tx, `releasing the claim on ${move.tap}`, signal);
}

/**
 * A tap that was made anew is not what its old row has open: vswitchd's userspace datapath would go on with the device of before. Waits until it has
 * let go of that; one that does not answer keeps nobody from coming back.
 */
export async function unplugStale(claim: Claim, host: Host, signal: AbortSignal): Promise<void> {
  await releaseRow(claim, host, signal);
  const { ovs } = host;
  if (ovs.settled) return;
  const bound = AbortSignal.any([signal, AbortSignal.timeout(unpluggedWithinMs)]);
  await ovs.acted(ovs.nextCfg, bound).catch(() => undefined);
}
