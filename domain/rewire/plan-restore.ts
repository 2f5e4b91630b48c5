import type { Direction } from '../phases.ts';
import { midonetRepairCommand, withBinding } from '../sources/midonet-steps.ts';
import { judgeOvsRestore, ovsRepairCommand, withReparenting } from '../sources/ovs-restore.ts';
import type { PlugFacts, RewireFacts, TapMove } from './moves.ts';
import { isAnothers, markKeys } from './moves.ts';
import { inBatches, learnConnections } from './plan-cut.ts';
import type { RestoreCase } from './restore-case.ts';
import type { RewireStep, RewireStepKind } from './steps.ts';

export interface RestoreRequest {
  /** Direction of the attempt that is undone. */
  readonly direction: Direction;
  readonly epoch: number;
  readonly moves: readonly TapMove[];
}

/** Looks at what is there now and says, tap by tap, what it takes to restore the state before the attempt. */
export function judgeRestore(request: RestoreRequest, facts: RewireFacts): readonly RestoreCase[] {
  return request.moves.map((move) => {
    const ovs = judgeOvsRestore(move, request, facts);
    if (ovs !== undefined) return ovs;
    return request.direction === 'forward' ? toLegacy(move, request.epoch, facts) : toTarget(move, facts);
  });
}

function toLegacy(move: TapMove, epoch: number, facts: RewireFacts): RestoreCase {
  const link = facts.links.get(move.tap);
  const plug = facts.plugs.get(move.tap);
  const ours = plug !== undefined && isOurs(plug, epoch);
  if (link === undefined)
    return ours ? { kind: 'release', move } : { kind: 'leave-alone', move, why: 'the tap is gone' };
  if (isAnothers(link, move)) return ours ? { kind: 'release', move } : anothers(move);
  if (ours) return { kind: 'return', move };
  // A row of that name which kept ours out, and which leads nowhere in OVN: that the tap is in no bridge is our doing.
  const inTheWay = plug?.bridge === move.target.bridge && plug.rows.iface.external_ids['iface-id'] === undefined;
  if (link.master === undefined && inTheWay) return { kind: 'rejoin', move };
  if (plug !== undefined) return { kind: 'leave-alone', move, why: `somebody else plugged it into ${plug.bridge}` };
  if (link.master === undefined) return { kind: 'rejoin', move };
  if (link.master === move.legacy.bridge) return { kind: 'repair', move };
  return { kind: 'leave-alone', move, why: `somebody else put it into ${link.master}` };
}

function toTarget(move: TapMove, facts: RewireFacts): RestoreCase {
  const link = facts.links.get(move.tap);
  const plug = facts.plugs.get(move.tap);
  if (link === undefined) return { kind: 'leave-alone', move, why: 'the tap is gone' };
  if (isAnothers(link, move)) return anothers(move);
  if (plug !== undefined) {
    const same = plug.rows.iface.external_ids['iface-id'] === move.portId;
    return same
      ? { kind: 'repair', move }
      : { kind: 'leave-alone', move, why: `somebody else plugged it into ${plug.bridge}` };
  }
  if (link.master === undefined) return { kind: 'rejoin', move };
  if (link.master === move.legacy.bridge) return { kind: 'return', move };
  return { kind: 'leave-alone', move, why: `somebody else put it into ${link.master}` };
}

function anothers(move: TapMove): RestoreCase {
  return { kind: 'leave-alone', move, why: `${move.tap} is another guest's now` };
}

/** True when the OVS port is the one that this attempt made. */
export function isOurs(plug: PlugFacts, epoch: number): boolean {
  const marks = plug.rows.port.external_ids;
  return marks[markKeys.owner] === 'agent' && marks[markKeys.epoch] === String(epoch);
}

const stepsFor = {
  forward: {
    'return': ['leave-target', 'join-legacy', 'settle-legacy', 'checkpoint'],
    'rejoin': ['join-legacy', 'settle-legacy', 'checkpoint'],
    'repair': ['settle-legacy', 'checkpoint'],
    'release': ['leave-target', 'checkpoint'],
    'leave-alone': [],
  },
  back: {
    'return': ['leave-legacy', 'join-target', 'settle-target', 'checkpoint'],
    'rejoin': ['join-target', 'settle-target', 'checkpoint'],
    'repair': ['settle-target', 'checkpoint'],
    'release': [],
    'leave-alone': [],
  },
} as const satisfies Record<Direction, Record<RestoreCase['kind'], readonly RewireStepKind[]>>;

/** The guests that nothing leads to go first, then those on the wrong side, then tables, then leftovers. */
const order = ['rejoin', 'return', 'repair', 'release'] as const satisfies readonly RestoreCase['kind'][];

/** Cases that end with the guest in its place. */
const reachable: ReadonlySet<RestoreCase['kind']> = new Set(['rejoin', 'return', 'repair']);

/** The steps that restore the state before the attempt. Planned anew from facts, it may be cut short and repeated at will. */
export function restoreSteps(
  cases: readonly RestoreCase[],
  direction: Direction,
  batchSize: number,
): readonly RewireStep[] {
  const batches = order.flatMap((kind) =>
    inBatches(
      cases.filter((found) => found.kind === kind),
      batchSize,
    ).map((found) => ({ kind, moves: found.map((f) => f.move) })),
  );
  const firstReturn = batches.findIndex(({ kind }) => kind === 'return');
  // Taps that the other side has had. Those that nothing leads to are brought to a legacy bridge before it learns, as they wait.
  const away = cases.filter(({ kind }) => kind === 'return' || kind === 'rejoin').map((found) => found.move);
  const renewals = learnConnections(away, { toward: 'legacy', renewOnly: true, batch: firstReturn + 1 });
  const steps = withReparenting(
    batches.flatMap(({ kind, moves }, index) => {
      const own = stepsFor[direction][kind].map((step): RewireStep => ({ kind: step, batch: index + 1, moves }));
      return index === firstReturn && direction === 'forward' ? [...renewals, ...own] : own;
    }),
  );
  const after = batches.length + 1;
  if (direction === 'back')
    return withBinding([...steps, ...learnConnections(away, { toward: 'target', onPath: true, batch: after })]);
  const moves = cases.filter((found) => reachable.has(found.kind)).map((found) => found.move);
  if (moves.length === 0) return withBinding(steps);
  return withBinding([...steps, { kind: 'confirm-legacy', batch: after, moves }]);
}

/** Commands that an operator can type when a revert could not be finished: what is left, tap by tap. */
export function repairCommands(cases: readonly RestoreCase[], direction: Direction): readonly string[] {
  return cases.flatMap((found) => {
    const { tap, legacy, target, portId } = found.move;
    if (found.kind === 'leave-alone') return [];
    if (legacy.midonet) return [midonetRepairCommand(found.move, direction)];
    if (found.kind === 'repair') return [];
    if (legacy.ovs !== undefined) return [ovsRepairCommand(found.move, direction)];
    if (found.kind === 'release') return [`ovs-vsctl --if-exists del-port ${target.bridge} ${tap}`];
    if (direction === 'forward') {
      return [`ovs-vsctl --if-exists del-port ${target.bridge} ${tap} && ip link set ${tap} master ${legacy.bridge}`];
    }
    const add = `ovs-vsctl --may-exist add-port ${target.bridge} ${tap} -- set Interface ${tap} external_ids:iface-id=${portId}`;
    return [`ip link set ${tap} nomaster && ${add}`];
  });
}
