import type { PlugRows, TapMove } from '../../domain/rewire/moves.ts';
import type { RewireStep, SourceStep } from '../../domain/rewire/steps.ts';
import type { Transaction } from '../../ovsdb/transaction.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import { type Execution, mark, markGone, present, type StepHandler } from '../cutover/execution.ts';
import { settleLegacy } from '../cutover/legacy-side.ts';
import { type OvsPort, plugFactsOf, requireBridge } from '../host/open-vswitch.ts';
import type { OvsTables } from '../host/ovs-tables.ts';
import { asShuntError } from '../host/ovsdb-failure.ts';

/** How long vswitchd may take to give a port its number on the other bridge. */
const renumberTimeoutMs = 5_000;

/** Between two bridges of one Open vSwitch a tap is never without a row: its Port changes hands in one transaction. */
export const reparentHandlers = {
  'reparent-target': (step, run) => reparent(step, run, (move) => move.target),
  'reparent-legacy': (step, run) => reparent(step, run, (move) => requireLegacy(move)),
  'settle-reparented': settleReparented,
} as const satisfies Partial<Record<SourceStep['kind'], StepHandler>>;

interface Place {
  readonly bridge: string;
  readonly rows: PlugRows;
}

function requireLegacy(move: TapMove): Place {
  if (move.legacy.ovs !== undefined) return move.legacy.ovs;
  throw new ShuntError('internal', `${move.tap} has no legacy plug in Open vSwitch`);
}

async function reparent(step: RewireStep, run: Execution, placeOf: (move: TapMove) => Place): Promise<void> {
  const ports = run.ovs.ports();
  const moves = present(step, run).filter((move) => !isThere(ports.get(move.tap), placeOf(move)));
  for (const move of moves) if (run.netlink.link(move.tap) === undefined) markGone(run, move);
  const moving = moves.filter((move) => !run.gone.has(move.tap));
  if (moving.length === 0) return;
  const tx = run.ovs.transaction();
  for (const move of moving) addReparenting(tx, run, { move, place: placeOf(move), found: ports.get(move.tap) });
  run.ovs.bump(tx);
  const names = moving.map((move) => move.tap).join(', ');
  const bridges = [...new Set(moving.map((move) => placeOf(move).bridge))].join(', ');
  await run.ovs.transact(tx, `moving ${names} to ${bridges}`, run.signal);
  for (const move of moving) mark(run, move.tap, 'committed');
}

function isThere(found: OvsPort | undefined, { bridge, rows }: Place): boolean {
  return found?.bridge.name === bridge && sameRows(plugFactsOf(found).rows, rows);
}

function sameRows(a: PlugRows, b: PlugRows): boolean {
  const text = ({ port, iface }: PlugRows) =>
    JSON.stringify([
      port.tag ?? null,
      iface.mtu_request ?? null,
      ...[port.external_ids, port.other_config, iface.external_ids, iface.other_config].map((map) =>
        Object.entries(map).toSorted(([x], [y]) => (x < y ? -1 : 1)),
      ),
    ]);
  return text(a) === text(b);
}

interface Reparenting {
  readonly move: TapMove;
  readonly place: Place;
  readonly found: OvsPort | undefined;
}

/**
 * All that was looked at is asked for again: a `mutate` of a bridge that is gone succeeds, and the Port, then in no bridge, would be
 * collected as garbage. No other row may bear the port's name on either side: OVN takes the newest of two, and after a recompute the first.
 */
function addReparenting(tx: Transaction<OvsTables>, run: Execution, { move, place, found }: Reparenting): void {
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
  tx.requireRow('Port', uuid, { name: move.tap });
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
