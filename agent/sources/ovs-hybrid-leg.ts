import type { PlugRows, TapMove } from '../../domain/rewire/moves.ts';
import type { ShuntPlug } from '../../domain/rewire/shunt-plug.ts';
import { disableIpv6 } from '../../platform/native/sysctl.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import type { Execution } from '../cutover/execution.ts';
import { requireBridge } from '../host/open-vswitch.ts';
import { asShuntError } from '../host/ovsdb-failure.ts';
import { legFlags } from '../shunt/own-links.ts';
import { isIn } from '../shunt/shunt-moves.ts';

type HybridMove = TapMove & { readonly shunt: ShuntPlug };

/** How long vswitchd may take to give the leg a number. */
const numberTimeoutMs = 5_000;

/**
 * qvo leaves the integration bridge of ML2/OVS, and the pair is gone; the rows are kept on the target leg's port. Its iface-id goes first, in
 * a transaction of its own: ovn-controller lets a port go when any interface of its name vanishes, on whatever bridge it was (OVN 23.03,
 * controller/binding.c, binding_handle_ovs_interface_changes), and the target leg would stay without flows.
 */
export async function dropOvsLeg(move: HybridMove, run: Execution): Promise<void> {
  const { outer, inner } = move.shunt.legacyLeg;
  const found = run.ovs.ports().get(outer);
  if (found !== undefined) {
    const nameless = run.ovs.transaction();
    nameless.requireRow('Interface', found.iface._uuid, { name: outer });
    nameless.mutate('Interface', [['_uuid', '==', found.iface._uuid]], [['external_ids', 'delete', ['iface-id']]]);
    await run.ovs.transact(nameless, `taking the port's name from ${outer}`, run.signal);
    const tx = run.ovs.transaction();
    tx.requireRow('Port', found.port._uuid, { name: outer });
    tx.mutate('Bridge', [['_uuid', '==', found.bridge._uuid]], [['ports', 'delete', [found.port._uuid]]]);
    run.ovs.bump(tx);
    await run.ovs.transact(tx, `taking ${outer} out of ${found.bridge.name}`, run.signal);
  }
  const link = [inner, outer].find((name) => run.netlink.link(name) !== undefined);
  if (link !== undefined) run.netlink.applyAll([{ kind: 'delete-link', link }]);
}

/** The pair stands again, with the rows that Nova and Neutron gave to its port; the port's name comes last, for the reason above: no number, no name. */
export async function restoreOvsLeg(move: HybridMove, run: Execution): Promise<void> {
  const { ovs } = move.legacy;
  const { bridge, legacyLeg, mtu } = move.shunt;
  const { outer, inner } = legacyLeg;
  if (ovs === undefined) throw new ShuntError('internal', `nobody kept the rows of ${outer}`);
  if (run.netlink.link(outer) === undefined) {
    run.netlink.applyAll([{ kind: 'create-veth', name: outer, peer: inner, mtu }]);
    for (const name of [outer, inner]) disableIpv6(name);
  }
  // From its first frame on it is a leg that is not in use: with the kernel's defaults frames would go round by it and the target leg.
  run.netlink.applyAll([
    ...(isIn(run, inner, bridge) ? [] : [{ kind: 'set-master', link: inner, master: bridge } as const]),
    { kind: 'set-bridge-port', link: inner, isolated: true, ...legFlags(move.shunt, 'legacy', 'target') },
    { kind: 'set-up', link: outer },
    { kind: 'set-up', link: inner },
  ]);
  if (!run.ovs.ports().has(outer)) await insertLeg(move, run);
  await nameLeg(outer, ovs.rows, run);
}

async function insertLeg(move: HybridMove, run: Execution): Promise<void> {
  const { ovs } = move.legacy;
  const { outer } = move.shunt.legacyLeg;
  if (ovs === undefined) return;
  const into = requireBridge(run.ovs, ovs.bridge);
  const { port, iface } = ovs.rows;
  const tx = run.ovs.transaction();
  tx.requireRow('Bridge', into._uuid, { name: ovs.bridge });
  tx.requireNone('Port', [['name', '==', outer]]);
  tx.requireNone('Interface', [['name', '==', outer]]);
  const ref = tx.insert('Interface', {
    name: outer,
    external_ids: withoutName(iface.external_ids),
    other_config: iface.other_config,
    mtu_request: iface.mtu_request ?? null,
  });
  const row = { external_ids: port.external_ids, other_config: port.other_config, tag: port.tag ?? null };
  const inserted = tx.insert('Port', { name: outer, interfaces: [ref], ...row });
  tx.mutate('Bridge', [['_uuid', '==', into._uuid]], [['ports', 'insert', [inserted]]]);
  run.ovs.bump(tx);
  await run.ovs.transact(tx, `putting ${outer} back into ${ovs.bridge}`, run.signal);
}

async function nameLeg(outer: string, { iface }: PlugRows, run: Execution): Promise<void> {
  const numbered = () => ((run.ovs.interface(outer)?.ofport ?? 0) > 0 ? run.ovs.interface(outer) : undefined);
  const signal = AbortSignal.any([run.signal, AbortSignal.timeout(numberTimeoutMs)]);
  const row = await run.ovs.replica.waitFor(numbered, { signal }).catch((error: unknown) => {
    throw asShuntError(error, `waiting for Open vSwitch to number ${outer}`);
  });
  const tx = run.ovs.transaction();
  tx.requireRow('Interface', row._uuid, { name: outer });
  tx.update('Interface', [['_uuid', '==', row._uuid]], { external_ids: iface.external_ids });
  await run.ovs.transact(tx, `giving ${outer} its port's name again`, run.signal);
}

function withoutName(ids: PlugRows['iface']['external_ids']): PlugRows['iface']['external_ids'] {
  return Object.fromEntries(Object.entries(ids).filter(([key]) => key !== 'iface-id'));
}
