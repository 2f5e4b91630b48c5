import type { Direction } from '../phases.ts';
import { isAnothers, markKeys, type RewireFacts, type TapMove } from '../rewire/moves.ts';
import type { RestoreCase } from '../rewire/restore-case.ts';
import type { RewireStep, RewireStepKind } from '../rewire/steps.ts';

/** Where a re-parented tap is, and so what it takes to take it back; undefined: it is not moved from bridge to bridge of Open vSwitch. */
export function judgeOvsRestore(
  move: TapMove,
  request: { readonly direction: Direction; readonly epoch: number },
  facts: RewireFacts,
): RestoreCase | undefined {
  const { ovs } = move.legacy;
  if (ovs === undefined || move.shunt !== undefined) return undefined;
  const plug = facts.plugs.get(move.tap);
  const link = facts.links.get(move.tap);
  const forward = request.direction === 'forward';
  const marks = plug?.rows.port.external_ids;
  const ours = marks?.[markKeys.owner] === 'agent' && marks[markKeys.epoch] === String(request.epoch);
  if (link === undefined) {
    return forward && ours ? { kind: 'release', move } : { kind: 'leave-alone', move, why: 'the tap is gone' };
  }
  if (isAnothers(link, move)) return { kind: 'leave-alone', move, why: `${move.tap} is another guest's now` };
  if (link.master !== undefined) return { kind: 'leave-alone', move, why: `somebody else put it into ${link.master}` };
  if (plug === undefined) return { kind: 'rejoin', move };
  const foreign: RestoreCase = { kind: 'leave-alone', move, why: `somebody else plugged it into ${plug.bridge}` };
  if (plug.rows.iface.external_ids['iface-id'] !== move.portId) return foreign;
  const away = forward ? move.target.bridge : ovs.bridge;
  const home = forward ? ovs.bridge : move.target.bridge;
  if (plug.bridge === home) return { kind: 'repair', move };
  if (plug.bridge !== away || (forward && !ours)) return foreign;
  return { kind: 'return', move };
}

const reparented: Partial<Record<RewireStepKind, RewireStepKind>> = {
  'join-target': 'reparent-target',
  'join-legacy': 'reparent-legacy',
  'settle-legacy': 'settle-reparented',
};

/**
 * The same steps, where taps go from one bridge of Open vSwitch to another: what are two transactions with a Linux bridge is one there, so a
 * leaving that is followed by a joining is left out, and a joining does both. Batches keep their numbers and order.
 */
export function withReparenting(steps: readonly RewireStep[]): readonly RewireStep[] {
  return steps.flatMap((step, index) => {
    const ovs = step.moves.filter(isReparented);
    if (ovs.length === 0) return [step];
    const rest = step.moves.filter((move) => !isReparented(move));
    const own = sourceSteps({ ...step, moves: ovs }, steps.slice(index + 1));
    return rest.length === 0 ? own : [{ ...step, moves: rest }, ...own];
  });
}

function isReparented(move: TapMove): boolean {
  return move.legacy.ovs !== undefined && move.shunt === undefined;
}

function sourceSteps(step: RewireStep, later: readonly RewireStep[]): readonly RewireStep[] {
  if (step.kind === 'leave-legacy') return [];
  if (step.kind === 'leave-target') {
    const comes = later.some((next) => next.batch === step.batch && next.kind === 'join-legacy');
    return comes ? [] : [step];
  }
  // Rows that are as they should be are not written: a tap that never left, or was shut by its agent meanwhile, is put right.
  if (step.kind === 'settle-legacy') {
    const at = { batch: step.batch, moves: step.moves };
    return [
      { kind: 'reparent-legacy', ...at },
      { kind: 'settle-reparented', ...at },
    ];
  }
  const kind = reparented[step.kind] ?? step.kind;
  return [{ ...step, kind } as RewireStep]; // the steps of `reparented` have nothing but kind, batch and moves
}

/** What an operator types when a way back could not be finished. */
export function ovsRepairCommand(move: TapMove, direction: Direction): string {
  const { tap, portId, legacy, target } = move;
  const there = direction === 'forward' ? { bridge: legacy.ovs?.bridge ?? '', rows: legacy.ovs?.rows } : target;
  const tag = there.rows?.port.tag;
  return [
    `ovs-vsctl --if-exists del-port ${tap}`,
    `-- add-port ${there.bridge} ${tap}${tag === undefined ? '' : ` tag=${tag}`}`,
    `-- set Interface ${tap} external_ids:iface-id=${portId}`,
  ].join(' ');
}
