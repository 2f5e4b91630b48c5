import type { TapMove } from '../../domain/rewire/moves.ts';
import type { RewireStep } from '../../domain/rewire/steps.ts';
import type { Transaction } from '../../ovsdb/transaction.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import { toNobody } from '../host/announcements.ts';
import { requireBridge } from '../host/open-vswitch.ts';
import type { InterfaceRow, OvsTables } from '../host/ovs-tables.ts';
import { asShuntError } from '../host/ovsdb-failure.ts';
import { type Execution, hasTap, mark, markGone, present } from './execution.ts';
import { requirePreImage } from './pre-images.ts';

/** How long OVN may take to claim a port and install its flows. */
const settleTimeoutMs = 10_000;
/** Between announcements of a guest whose flows are on their way. */
const announceEveryMs = 1;
/** Guests of a batch announced at one such moment, in turn: vswitchd has the same flows to install meanwhile. */
const announceAtOnceMax = 4;
/** Seen as installed, they are sent no more; a flow that OVN is slow to install gets this many at most. */
const announcementsMax = 200;

/** Rows for all taps appear on the integration bridge in one transaction, if nobody has plugged them meanwhile. */
export async function joinTarget(step: RewireStep, run: Execution): Promise<void> {
  const moves = present(step, run);
  if (moves.length === 0) return;
  const tx = joinTransaction(moves, run);
  await run.ovs.transact(tx, `plugging ${names(moves)} into the integration bridge`, run.signal);
  for (const move of moves) mark(run, move.tap, 'committed');
}

/** Builds what would be sent, and sends nothing. */
export function rehearseJoin(move: TapMove, run: Execution): void {
  if (run.ovs.bridge(move.target.bridge) === undefined) return;
  JSON.stringify(joinTransaction([move], run).operations);
}

function joinTransaction(moves: readonly TapMove[], run: Execution): Transaction<OvsTables> {
  const tx = run.ovs.transaction();
  for (const [name, joining] of Map.groupBy(moves, (move) => move.target.bridge)) {
    const bridge = requireBridge(run.ovs, name);
    tx.requireRow('Bridge', bridge._uuid, { name });
    const ports = joining.map((move) => insertPort(tx, move));
    tx.mutate('Bridge', [['_uuid', '==', bridge._uuid]], [['ports', 'insert', ports]]);
  }
  run.ovs.bump(tx);
  return tx;
}

function insertPort(tx: Transaction<OvsTables>, move: TapMove) {
  const { port, iface } = move.target.rows;
  tx.requireNone('Port', [['name', '==', move.tap]]);
  tx.requireNone('Interface', [['name', '==', move.tap]]);
  const ref = tx.insert('Interface', {
    name: move.tap,
    external_ids: iface.external_ids,
    other_config: iface.other_config,
    ...(iface.mtu_request === undefined ? {} : { mtu_request: iface.mtu_request }),
  });
  return tx.insert('Port', {
    name: move.tap,
    interfaces: [ref],
    external_ids: port.external_ids,
    other_config: port.other_config,
    ...(port.tag === undefined ? {} : { tag: port.tag }),
  });
}

/** Each tap's rows leave the integration bridge, all in one transaction; the row that was looked at, and no other. */
export async function leaveTarget(step: RewireStep, run: Execution): Promise<void> {
  // A tap whose link is gone may still have its row: it is removed all the same.
  const ports = run.ovs.ports();
  const found = step.moves.flatMap((move) => {
    const port = ports.get(move.tap);
    return port === undefined ? [] : [{ move, port }];
  });
  if (found.length === 0) return;
  const tx = run.ovs.transaction();
  for (const { move, port } of found) {
    requirePreImage(tx, { move, port, rows: move.target.rows }, run);
    tx.mutate('Bridge', [['_uuid', '==', port.bridge._uuid]], [['ports', 'delete', [port.port._uuid]]]);
  }
  run.ovs.bump(tx);
  await run.ovs.transact(tx, `unplugging ${names(step.moves)} from the integration bridge`, run.signal);
  for (const { move } of found) mark(run, move.tap, 'committed');
}

/**
 * Waits until OVN has installed each port's flows. From the ofport on guests are announced each millisecond through OVN's pipeline, which
 * drops what comes before its flows: the first that passes is the end of the blackout, several milliseconds before `ovn-installed` has
 * come the way over the database (docs/dataplane.md, "Direct at its limit").
 */
export async function settleTarget(step: RewireStep, run: Execution): Promise<void> {
  const waiting = new Map(present(step, run).map((move) => [move.tap, new Settling(move, run)]));
  if (waiting.size === 0) return;
  const timeout = AbortSignal.timeout(settleTimeoutMs);
  const repeat = setInterval(() => {
    announceSome(waiting);
  }, announceEveryMs);
  try {
    await run.ovs.replica.waitFor(
      () => {
        for (const row of run.ovs.replica.table('Interface').values()) {
          if (waiting.get(row.name)?.look(row) === 'done') waiting.delete(row.name);
        }
        return waiting.size === 0;
      },
      { signal: AbortSignal.any([run.signal, timeout]) },
    );
  } catch (error) {
    if (!timeout.aborted || run.signal.aborted) throw asShuntError(error, 'waiting for OVN to install flows');
    const text = `OVN did not install the flows of ${[...waiting.keys()].join(', ')} within ${settleTimeoutMs / 1_000} s`;
    throw new ShuntError('timed-out', text, { cause: error });
  } finally {
    clearInterval(repeat);
  }
}

/** Who was announced goes to the end of the row. */
function announceSome(waiting: Map<string, Settling>): void {
  for (const [tap, settling] of [...waiting].slice(0, announceAtOnceMax)) {
    settling.announceEarly();
    waiting.delete(tap);
    waiting.set(tap, settling);
  }
}

/** One tap on its way into OVN. */
class Settling {
  readonly #move: TapMove;
  readonly #run: Execution;
  readonly #frames: readonly Buffer[];
  /** Teaches the tables where the MAC is; neighbours are told by the rest, once. */
  readonly #early: Buffer | undefined;
  #ofport = 0;
  #sent = 0;

  constructor(move: TapMove, run: Execution) {
    this.#move = move;
    this.#run = run;
    this.#frames = run.frames.get(move.tap) ?? [];
    [this.#early] = toNobody(this.#frames);
  }

  announceEarly(): void {
    if (this.#early === undefined || this.#ofport <= 0) return;
    if (this.#sent >= announcementsMax || !this.#run.integration.connected) return;
    this.#sent += 1;
    this.#run.integration.inject(this.#ofport, this.#early);
  }

  look(row: InterfaceRow): 'waiting' | 'done' {
    const { tap } = this.#move;
    const ofport = row.ofport ?? 0;
    if (ofport <= 0) return this.#refused(row);
    if (this.#ofport !== ofport) mark(this.#run, tap, 'ofport');
    this.#ofport = ofport;
    if (row.external_ids.get('ovn-installed') !== 'true') return 'waiting';
    mark(this.#run, tap, 'installed');
    for (const frame of this.#frames) this.#run.integration.inject(ofport, frame);
    mark(this.#run, tap, 'announced');
    this.#run.confirmations.add(tap, () => this.#announceAgain());
    return 'done';
  }

  /** While it is plugged there, and as its plug is numbered now. */
  #announceAgain(): void {
    const { integration, ovs } = this.#run;
    const ofport = ovs.interface(this.#move.tap)?.ofport ?? 0;
    if (this.#early === undefined || ofport <= 0 || !integration.connected) return;
    if (hasTap(this.#move, this.#run)) integration.inject(ofport, this.#early);
  }

  #refused(row: InterfaceRow): 'waiting' | 'done' {
    const { tap } = this.#move;
    if (row.error === null || row.error === undefined || row.error === '') return 'waiting';
    if (this.#run.netlink.link(tap) === undefined) {
      markGone(this.#run, this.#move);
      return 'done';
    }
    throw new ShuntError('ovsdb-refused', `plugging ${tap}: Open vSwitch says: ${row.error}`);
  }
}

function names(moves: readonly TapMove[]): string {
  return moves.map((move) => move.tap).join(', ');
}
