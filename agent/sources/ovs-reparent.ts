import { markKeys, type PlugRows, sameRows, type TapMove } from '../../domain/rewire/moves.ts';
import type { RewireStep, SourceStep } from '../../domain/rewire/steps.ts';
import { deadVlan } from '../../domain/sources/ovs-segments.ts';
import type { Transaction } from '../../ovsdb/transaction.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import { type Execution, mark, markGone, present, type StepHandler } from '../cutover/execution.ts';
import { settleLegacy } from '../cutover/legacy-side.ts';
import { requirePreImage } from '../cutover/pre-images.ts';
import { type OvsPort, plugFactsOf, requireBridge } from '../host/open-vswitch.ts';
import type { OvsTables } from '../host/ovs-tables.ts';
import { asShuntError } from '../host/ovsdb-failure.ts';

/** How long vswitchd may take to give a port its number on the other bridge. */
const renumberTimeoutMs = 5_000;

/** Between two bridges of one Open vSwitch a tap is never without a row: its Port changes hands in one transaction. */
export const reparentHandlers = {
  'reparent-target': (step, run) => reparent(step, run, (move) => ({ place: move.target, from: requireLegacy(move) })),
  'reparent-legacy': (step, run) => reparent(step, run, (move) => ({ place: requireLegacy(move), from: move.target })),
  'settle-reparented': settleReparented,
} as const satisfies Partial<Record<SourceStep['kind'], StepHandler>>;

interface Place {
  readonly bridge: string;
  readonly rows: PlugRows;
}

/** To where, and from where. */
interface Way {
  readonly place: Place;
  readonly from: Place;
}

function requireLegacy(move: TapMove): Place {
  if (move.legacy.ovs !== undefined) return move.legacy.ovs;
  throw new ShuntError('internal', `${move.tap} has no legacy plug in Open vSwitch`);
}

async function reparent(step: RewireStep, run: Execution, wayOf: (move: TapMove) => Way): Promise<void> {
  const ports = run.ovs.ports();
  const moves = present(step, run).filter((move) => !isThere(ports.get(move.tap), wayOf(move).place, move));
  for (const move of moves) if (run.netlink.link(move.tap) === undefined) markGone(run, move);
  const moving = moves.filter((move) => !run.gone.has(move.tap));
  if (moving.length === 0) return;
  const tx = run.ovs.transaction();
  for (const move of moving) {
    const { place, from } = wayOf(move);
    addReparenting(tx, run, { move, place, preImage: from.rows, found: ports.get(move.tap) });
  }
  run.ovs.bump(tx);
  const names = moving.map((move) => move.tap).join(', ');
  const bridges = [...new Set(moving.map((move) => wayOf(move).place.bridge))].join(', ');
  await run.ovs.transact(tx, `moving ${names} to ${bridges}`, run.signal);
  for (const move of moving) mark(run, move.tap, 'committed');
}

/** On the legacy bridge a row without our mark is not ours to write, whatever it says by now; but one that its agent has shut would be dark. */
function isThere(found: OvsPort | undefined, { bridge, rows }: Place, { legacy }: TapMove): boolean {
  if (found?.bridge.name !== bridge) return false;
  const isOthers = bridge === legacy.ovs?.bridge && found.port.external_ids.get(markKeys.owner) !== 'agent';
  return sameRows(plugFactsOf(found).rows, rows) || (isOthers && found.port.tag !== deadVlan);
}

interface Reparenting {
  readonly move: TapMove;
  readonly place: Place;
  readonly preImage: PlugRows;
  readonly found: OvsPort | undefined;
}

/**
 * All that was looked at is asked for again: a `mutate` of a bridge that is gone succeeds, and the Port, then in no bridge, would be
 * collected as garbage. No other row may bear the port's name on either side: OVN takes the newest of two, and after a recompute the first.
 */
function addReparenting(
  tx: Transaction<OvsTables>,
  run: Execution,
  { move, place, preImage, found }: Reparenting,
): void {
  const to = requireBridge(run.ovs, place.bridge);
  const { port, iface } = place.rows;
  const ifaceId = iface.external_ids['iface-id'];
  tx.requireRow('Bridge', to._uuid, { name: place.bridge });
  if (ifaceId !== undefined && place.bridge === run.ovs.integrationBridge) requireOnlyOne(tx, move, ifaceId);
  const ifaceRow = {
    external_ids: iface.external_ids,
    other_config: iface.other_config,
    mtu_request: iface.mtu_request ?? null,
  };
  const portRow = { external_ids: port.external_ids, other_config: port.other_config, tag: port.tag ?? null };
  if (found === undefined) {
    tx.requireNone('Port', [['name', '==', move.tap]]);
    tx.requireNone('Interface', [['name', '==', move.tap]]);
    const ref = tx.insert('Interface', { name: move.tap, ...ifaceRow });
    const inserted = tx.insert('Port', { name: move.tap, interfaces: [ref], ...portRow });
    tx.mutate('Bridge', [['_uuid', '==', to._uuid]], [['ports', 'insert', [inserted]]]);
    return;
  }
  const from = found.bridge;
  const { _uuid: uuid } = found.port;
  requirePreImage(tx, { move, port: found, rows: preImage }, run);
  if (from._uuid !== to._uuid) {
    requireMember(tx, from._uuid, uuid);
    tx.mutate('Bridge', [['_uuid', '==', from._uuid]], [['ports', 'delete', [uuid]]]);
    tx.mutate('Bridge', [['_uuid', '==', to._uuid]], [['ports', 'insert', [uuid]]]);
  }
  tx.update('Port', [['_uuid', '==', uuid]], portRow);
  // The number of the old bridge would be taken for the new one's until vswitchd has acted: by OVN, and by us.
  const renumbered = from._uuid === to._uuid ? {} : { ofport: null };
  tx.update('Interface', [['_uuid', '==', found.iface._uuid]], { ...ifaceRow, ...renumbered });
}

function requireMember(tx: Transaction<OvsTables>, bridge: OvsPort['bridge']['_uuid'], port: OvsPort['port']['_uuid']) {
  tx.wait('Bridge', {
    where: [
      ['_uuid', '==', bridge],
      ['ports', 'includes', [port]],
    ],
    columns: ['_uuid'],
    until: '!=',
    rows: [],
  });
}

function requireOnlyOne(tx: Transaction<OvsTables>, move: TapMove, ifaceId: string): void {
  tx.requireNone('Interface', [
    ['external_ids', 'includes', { 'iface-id': ifaceId }],
    ['name', '!=', move.tap],
  ]);
}

/** Announces each guest in the legacy bridge as soon as its port has a number there, and again once vswitchd has done all. */
async function settleReparented(step: RewireStep, run: Execution): Promise<void> {
  const waiting = new Set(present(step, run).map((move) => move.tap));
  const timeout = AbortSignal.timeout(renumberTimeoutMs);
  try {
    await run.ovs.replica.waitFor(() => numbered(waiting, run), { signal: AbortSignal.any([run.signal, timeout]) });
  } catch (error) {
    if (!timeout.aborted || run.signal.aborted) throw asShuntError(error, 'waiting for Open vSwitch to number ports');
    const text = `Open vSwitch gave no number to ${[...waiting].join(', ')} within ${renumberTimeoutMs / 1_000} s`;
    throw new ShuntError('timed-out', text, { cause: error });
  }
  await settleLegacy(step, run);
}

function numbered(waiting: Set<string>, run: Execution): boolean {
  for (const row of run.ovs.replica.table('Interface').values()) {
    if (!waiting.has(row.name)) continue;
    const refused = row.error !== null && row.error !== undefined && row.error !== '';
    // A tap that went away meanwhile has no number and owes none.
    if ((row.ofport ?? 0) > 0 || (refused && run.netlink.link(row.name) === undefined)) waiting.delete(row.name);
  }
  return waiting.size === 0;
}
