import { markKeys, type PlugRows } from '../../domain/rewire/moves.ts';
import type { RewireStep } from '../../domain/rewire/steps.ts';
import { isShuntError, ShuntError } from '../../platform/shunt-error.ts';
import type { Execution } from '../cutover/execution.ts';
import { requireBridge } from '../host/open-vswitch.ts';
import { asShuntError } from '../host/ovsdb-failure.ts';
import { legsOf } from './gate.ts';
import { lookedThrough } from './provider-side.ts';
import { isIn, presentMoves, type ShuntMove, shuntMoves } from './shunt-moves.ts';

/** How long OVN may take to claim a port and install its flows. */
const installedTimeoutMs = 10_000;
const actedTimeoutMs = 5_000;

/** What is plugged under a name, in place of what. */
export interface Exchange {
  readonly move: ShuntMove;
  readonly plug?: string;
  readonly unplug?: string;
}

/** o joins the integration bridge as the port's interface; OVN claims it and installs its flows. Nothing is announced. */
export async function claimShunt(step: RewireStep, run: Execution): Promise<void> {
  const moves = presentMoves(step, run);
  await exchange(
    moves.map((move) => ({ move, plug: legsOf(move.shunt).o })),
    run,
  );
  await installed(
    moves.map((move) => legsOf(move.shunt).o),
    run,
  );
}

/** o leaves the integration bridge, once no flow that Open vSwitch had cached leads by it any more: frames of a guest that was flipped back a moment ago may. */
export async function releaseShunt(step: RewireStep, run: Execution): Promise<void> {
  const moves = shuntMoves(step.moves);
  const plugged = run.ovs.ports();
  await lookedThrough(
    moves.filter(({ tap, shunt }) => plugged.has(legsOf(shunt).o) && isIn(run, tap, shunt.bridge)),
    run,
  );
  await exchange(
    moves.map((move) => ({ move, unplug: legsOf(move.shunt).o })),
    run,
  );
  await letGo(run);
}

/** One transaction that plugs and unplugs what is to be; what is so already is left alone. */
export async function exchange(changes: readonly Exchange[], run: Execution): Promise<void> {
  const standing = run.ovs.ports();
  const tx = run.ovs.transaction();
  let changed = false;
  for (const { move, plug, unplug } of changes) {
    const old = unplug === undefined ? undefined : standing.get(unplug);
    if (old !== undefined) {
      requireOurs(old.port.external_ids, unplug ?? '');
      tx.requireRow('Port', old.port._uuid, { name: old.port.name });
      tx.mutate('Bridge', [['_uuid', '==', old.bridge._uuid]], [['ports', 'delete', [old.port._uuid]]]);
      changed = true;
    }
    if (plug === undefined || isPlugged(plug, move, run)) continue;
    const bridge = requireBridge(run.ovs, move.target.bridge);
    tx.requireRow('Bridge', bridge._uuid, { name: bridge.name });
    tx.requireNone('Port', [['name', '==', plug]]);
    tx.requireNone('Interface', [['name', '==', plug]]);
    tx.mutate('Bridge', [['_uuid', '==', bridge._uuid]], [['ports', 'insert', [insert(tx, plug, move.target.rows)]]]);
    changed = true;
  }
  if (!changed) return;
  run.ovs.bump(tx);
  await run.ovs.transact(tx, `changing the ports of ${changes.map(({ move }) => move.tap).join(', ')}`, run.signal);
}

/** Until OVN has installed the flows of each interface, or Open vSwitch says why it cannot plug one. */
export async function installed(names: readonly string[], run: Execution): Promise<void> {
  const missing = () => names.filter((name) => run.ovs.interface(name)?.external_ids.get('ovn-installed') !== 'true');
  const timeout = AbortSignal.timeout(installedTimeoutMs);
  try {
    await run.ovs.replica.waitFor(
      () => {
        for (const name of names) requireNoError(name, run);
        return missing().length === 0;
      },
      { signal: AbortSignal.any([run.signal, timeout]) },
    );
  } catch (error) {
    if (isShuntError(error) || !timeout.aborted || run.signal.aborted) throw asShuntError(error, 'waiting for OVN');
    const text = `OVN did not install the flows of ${missing().join(', ')} within ${installedTimeoutMs / 1_000} s`;
    throw new ShuntError('timed-out', text, { cause: error });
  }
}

/** Until vswitchd has acted on all that the database was told; a vswitchd that does not answer keeps nobody from going back. */
export async function letGo(run: Execution): Promise<void> {
  const { nextCfg, settled } = run.ovs;
  if (settled) return;
  const bounded = AbortSignal.any([run.signal, AbortSignal.timeout(actedTimeoutMs)]);
  await run.ovs.acted(nextCfg, bounded).catch(() => undefined);
}

function isPlugged(name: string, move: ShuntMove, run: Execution): boolean {
  const port = run.ovs.ports().get(name);
  if (port === undefined) return false;
  const ifaceId = port.iface.external_ids.get('iface-id');
  if (ifaceId === move.portId && port.bridge.name === move.target.bridge) return true;
  throw new ShuntError(
    'preimage-changed',
    `${name} is plugged into ${port.bridge.name} for port ${ifaceId ?? '(none)'}`,
  );
}

function requireOurs(ids: ReadonlyMap<string, string>, name: string): void {
  if (ids.get(markKeys.owner) === 'agent') return;
  throw new ShuntError('preimage-changed', `unplugging ${name}: somebody else has plugged it`);
}

function requireNoError(name: string, run: Execution): void {
  const { error } = run.ovs.interface(name) ?? {};
  if (error) throw new ShuntError('ovsdb-refused', `plugging ${name}: Open vSwitch says: ${error}`);
}

function insert(tx: ReturnType<Execution['ovs']['transaction']>, name: string, { port, iface }: PlugRows) {
  const ref = tx.insert('Interface', {
    name,
    external_ids: iface.external_ids,
    other_config: iface.other_config,
    ...(iface.mtu_request === undefined ? {} : { mtu_request: iface.mtu_request }),
  });
  return tx.insert('Port', {
    name,
    interfaces: [ref],
    external_ids: port.external_ids,
    other_config: port.other_config,
    ...(port.tag === undefined ? {} : { tag: port.tag }),
  });
}
