import type { Finding } from '../findings.ts';
import type { NetworkTarget, TapTarget } from '../network-model.ts';
import type { Direction } from '../phases.ts';
import { withBinding } from '../sources/midonet-steps.ts';
import { judgeOvsMove } from '../sources/ovs-moves.ts';
import { withReparenting } from '../sources/ovs-restore.ts';
import { legacyPlaceIn } from './legacy-place.ts';
import type { LegacyPlace, RewireFacts, TapMove } from './moves.ts';
import { intendedRows } from './moves.ts';
import { type Operation, opensBothWorlds } from './places.ts';
import { judgeShuntMove } from './plan-shunt.ts';
import type { RewireStep, RewireStepKind } from './steps.ts';

export interface CutPlan {
  readonly moves: readonly TapMove[];
  /** Taps that are where the cut would take them: nothing to do, by name. */
  readonly already: readonly string[];
  /** Why some tap cannot be moved as ordered. Not empty: nothing may be touched. */
  readonly problems: readonly Finding[];
}

export interface CutRequest {
  readonly epoch: number;
  /** Absent: `cut`. */
  readonly operation?: Operation;
  readonly direction: Direction;
  readonly taps: readonly TapTarget[];
  /** Absent: nothing is known of them but what the host shows. */
  readonly networks?: readonly NetworkTarget[];
}

/** Matches an order's taps with what is there, and fixes each tap's way to the other plug and back. */
export function planMoves(request: CutRequest, facts: RewireFacts): CutPlan {
  const judged = request.taps.map((target) => behindBarrier(target, request, judge(target, request, facts)));
  return {
    moves: judged.flatMap((j) => (j.kind === 'move' ? [j.move] : [])),
    already: judged.flatMap((j) => (j.kind === 'already' ? [j.tap] : [])),
    problems: judged.flatMap((j) => (j.kind === 'problem' ? [j.finding] : [])),
  };
}

type Judged =
  | { readonly kind: 'move'; readonly move: TapMove }
  | { readonly kind: 'already'; readonly tap: string }
  | { readonly kind: 'problem'; readonly finding: Finding };

/** Nothing on an overlay moves where it could be cut off from others, or others from it, unless the order says that it is not. */
function behindBarrier(
  target: TapTarget,
  { operation = 'cut', direction, networks = [] }: CutRequest,
  judged: Judged,
): Judged {
  const network = networks.find((candidate) => candidate.networkId === target.networkId);
  if (judged.kind !== 'move' || network?.class !== 'overlay' || network.barrier === 'met') return judged;
  if (opensBothWorlds(operation, direction)) return judged;
  const message = `${target.tap} or others of its overlay would be cut off: the order does not say that its barrier is met`;
  return problem(target, 'overlay-barrier', message);
}

function judge(target: TapTarget, request: CutRequest, facts: RewireFacts): Judged {
  const shunt = judgeShuntMove(target, request, facts);
  if (shunt !== undefined) return shunt;
  const ovs = judgeOvsMove(target, request, facts);
  if (ovs !== undefined) return ovs;
  const link = facts.links.get(target.tap);
  if (link === undefined) return problem(target, 'tap-gone', `there is no link ${target.tap} on this host`);
  const plug = facts.plugs.get(target.tap);
  if (plug !== undefined && plug.rows.iface.external_ids['iface-id'] !== target.portId) {
    const found = plug.rows.iface.external_ids['iface-id'] ?? 'nothing';
    return problem(
      target,
      'foreign-iface-id',
      `${target.tap} is in ${plug.bridge} with iface-id ${found}, not ${target.portId}`,
    );
  }
  return request.direction === 'forward' ? judgeForward(target, request.epoch, facts) : judgeBack(target, facts);
}

function judgeForward(target: TapTarget, epoch: number, facts: RewireFacts): Judged {
  if (facts.plugs.has(target.tap)) return { kind: 'already', tap: target.tap };
  const master = facts.links.get(target.tap)?.master;
  if (master !== target.legacyBridge) {
    return problem(
      target,
      'network-mismatch',
      `${target.tap} is in ${master ?? 'no bridge'}, the order says ${target.legacyBridge}`,
    );
  }
  const rows = intendedRows(target, epoch);
  return { kind: 'move', move: moveOf(target, facts, { bridge: facts.integrationBridge, rows }) };
}

function judgeBack(target: TapTarget, facts: RewireFacts): Judged {
  const plug = facts.plugs.get(target.tap);
  if (plug === undefined) {
    const master = facts.links.get(target.tap)?.master;
    if (master === target.legacyBridge) return { kind: 'already', tap: target.tap };
    return problem(
      target,
      'network-mismatch',
      `${target.tap} is in ${master ?? 'no bridge'} and has no port in Open vSwitch`,
    );
  }
  if (facts.links.get(target.legacyBridge) === undefined) {
    return problem(target, 'no-uplink', `legacy bridge ${target.legacyBridge} of ${target.tap} is not there any more`);
  }
  return { kind: 'move', move: moveOf(target, facts, { bridge: plug.bridge, rows: plug.rows }) };
}

function moveOf(target: TapTarget, facts: RewireFacts, plugged: TapMove['target']): TapMove {
  const hostMac = facts.links.get(target.tap)?.mac;
  return {
    tap: target.tap,
    portId: target.portId,
    networkId: target.networkId,
    mac: target.mac,
    ips: target.ips,
    ...(hostMac === undefined ? {} : { hostMac }),
    legacy: legacyPlace(target, facts),
    target: plugged,
  };
}

function legacyPlace({ legacyBridge: bridge, source }: TapTarget, facts: RewireFacts): LegacyPlace {
  if (source === 'midonet') return { bridge, midonet: true };
  return legacyPlaceIn(bridge, facts);
}

function problem(target: TapTarget, kind: Finding['kind'], message: string): Judged {
  const at = { tap: target.tap, portId: target.portId, networkId: target.networkId };
  return { kind: 'problem', finding: { kind, severity: 'error', ...at, message } };
}

const stepsTo = {
  forward: ['leave-legacy', 'join-target', 'settle-target', 'checkpoint'],
  back: ['leave-target', 'join-legacy', 'settle-legacy', 'checkpoint'],
} as const satisfies Record<Direction, readonly RewireStepKind[]>;

/** The steps that take the moves along `direction`, a micro-batch after the other. */
export function cutSteps(moves: readonly TapMove[], direction: Direction, batchSize: number): readonly RewireStep[] {
  const batches = inBatches(moves, batchSize);
  const steps = withReparenting(
    batches.flatMap((batch, index) =>
      stepsTo[direction].map((kind): RewireStep => ({ kind, batch: index + 1, moves: batch })),
    ),
  );
  const after = batches.length + 1;
  if (direction === 'forward')
    return withBinding([...steps, ...learnConnections(moves, { toward: 'target', onPath: true, batch: after })]);
  const before = learnConnections(moves, { toward: 'legacy', batch: 1 });
  return withBinding([...before, ...steps, confirmLegacy(after, moves)]);
}

/**
 * Neither firewall sees anything of these guests while the other has them. OVN picks up each connection in its middle, some of them so that it drops their answers;
 * what the legacy firewall still knows of their TCP it takes for out of window, and drops. Open vSwitch's own drivers and MidoNet filter elsewhere.
 */
export function learnConnections(
  moves: readonly TapMove[],
  how: Omit<Extract<RewireStep, { kind: 'seed-connections' }>, 'kind' | 'moves'>,
): readonly RewireStep[] {
  const filtered = moves.filter(({ legacy }) => legacy.ovs === undefined && legacy.midonet === undefined);
  return filtered.length === 0 ? [] : [{ kind: 'seed-connections', moves: filtered, ...how }];
}

function confirmLegacy(batch: number, moves: readonly TapMove[]): RewireStep {
  return { kind: 'confirm-legacy', batch, moves };
}

/** Slices of at most `size`, in order; a size below 1 counts as 1. */
export function inBatches<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const step = Math.max(1, Math.floor(size));
  return Array.from({ length: Math.ceil(items.length / step) }, (_, index) =>
    items.slice(index * step, (index + 1) * step),
  );
}
