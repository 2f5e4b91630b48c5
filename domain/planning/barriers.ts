import type { HoldReason } from '../findings.ts';
import type { JoinedInventory } from '../inventory/joined-inventory.ts';
import type { TapTarget } from '../network-model.ts';
import type { Method } from '../phases.ts';
import { type Operation, type TapPlace, wayOf } from '../rewire/places.ts';

/** A tap on an overlay, wherever it is. */
export interface OverlayTap {
  readonly systemId: string;
  readonly hostname: string;
  readonly portId: string;
  readonly place: TapPlace;
}

const overlays = new WeakMap<JoinedInventory, ReadonlyMap<string, readonly OverlayTap[]>>();

/** The taps of each overlay. Computed once for an inventory: it never changes. */
export function overlayTaps(inventory: JoinedInventory): ReadonlyMap<string, readonly OverlayTap[]> {
  const known = overlays.get(inventory) ?? computeOverlays(inventory);
  overlays.set(inventory, known);
  return known;
}

function computeOverlays({ hosts, networks }: JoinedInventory): ReadonlyMap<string, readonly OverlayTap[]> {
  const taps = new Map<string, OverlayTap[]>();
  for (const { systemId, hostname, placed } of hosts.values()) {
    for (const { place, target } of placed) {
      if (networks.get(target.networkId)?.class !== 'overlay') continue;
      const tap = { systemId, hostname, portId: target.portId, place };
      const list = taps.get(target.networkId);
      if (list === undefined) taps.set(target.networkId, [tap]);
      else list.push(tap);
    }
  }
  return taps;
}

/**
 * Where nobody else on an overlay may be when a tap goes to a place. Guests on legacy hear broadcasts of the legacy world only, those
 * without a legacy leg only OVN's; a shunt hears both, and speaks first in the world that it is flipped to.
 */
const forbidden = {
  legacy: ['shunted', 'hybrid', 'direct'],
  staged: ['hybrid', 'direct'],
  shunted: ['legacy'],
  hybrid: ['legacy', 'staged'],
  direct: ['legacy', 'staged'],
} as const satisfies Record<TapPlace, readonly TapPlace[]>;

/** Where nobody else may be; also for a whole plan, by the place where it ends. */
export function forbiddenBeside(to: TapPlace): readonly TapPlace[] {
  return forbidden[to];
}

export interface BarrierQuestion {
  readonly networkId: string;
  readonly operation: Operation;
  readonly direction: 'forward' | 'back';
  readonly method: Method;
  /** Ports that move in the same moment. */
  readonly moving: ReadonlySet<string>;
}

type BarrierHold = Extract<HoldReason, { readonly kind: 'overlay-barrier' }>;

type Answers = Map<string, BarrierHold | undefined>;
const answered = new WeakMap<JoinedInventory, WeakMap<ReadonlySet<string>, Answers>>();

/**
 * What of an overlay is not where an operation needs it; undefined: the barrier is met, or the network has none. Answered once for an
 * inventory and a set of what moves: all hypervisors of a wave that moves as one ask the same.
 */
export function barrierHold(inventory: JoinedInventory, question: BarrierQuestion): BarrierHold | undefined {
  const byMoving = answered.get(inventory) ?? new WeakMap<ReadonlySet<string>, Answers>();
  answered.set(inventory, byMoving);
  const answers: Answers = byMoving.get(question.moving) ?? new Map();
  byMoving.set(question.moving, answers);
  const key = [question.networkId, question.operation, question.direction, question.method].join('/');
  if (!answers.has(key)) answers.set(key, judgeBarrier(inventory, question));
  return answers.get(key);
}

function judgeBarrier(inventory: JoinedInventory, question: BarrierQuestion): BarrierHold | undefined {
  const { networkId, operation, direction, method, moving } = question;
  const way = wayOf(operation, direction, method);
  if (way === undefined || opensBoth(question)) return undefined;
  const beside: readonly TapPlace[] = forbidden[way.to];
  const others = (overlayTaps(inventory).get(networkId) ?? []).filter(
    (tap) => beside.includes(tap.place) && !moving.has(tap.portId),
  );
  const [first] = others;
  if (first === undefined) return undefined;
  const hosts = new Set(others.map((tap) => tap.systemId));
  return {
    kind: 'overlay-barrier',
    networkId,
    operation,
    host: first.hostname,
    place: first.place,
    others: hosts.size - 1,
  };
}

export interface MovingTaps extends Pick<BarrierQuestion, 'operation' | 'direction' | 'moving'> {
  readonly taps: readonly TapTarget[];
}

/** The barriers, one a network, that keep these taps from an operation; none when all are met. */
export function barriersOf(inventory: JoinedInventory, { taps, ...rest }: MovingTaps): readonly BarrierHold[] {
  const asked = new Map(taps.map((tap) => [`${tap.networkId}/${tap.method}`, tap]));
  const holds = [...asked.values()].flatMap(
    ({ networkId, method = 'direct' }) => barrierHold(inventory, { ...rest, networkId, method }) ?? [],
  );
  const byNetwork = new Map(holds.map((hold) => [hold.networkId, hold]));
  return [...byNetwork.values()].toSorted((a, b) => (a.networkId < b.networkId ? -1 : 1));
}

/** Into a shunt from either end: afterwards both worlds lead to the guest, which cuts nobody off. */
function opensBoth({ operation, direction }: BarrierQuestion): boolean {
  if (operation === 'stage') return direction === 'forward';
  return direction === 'back' && (operation === 'finish' || operation === 'collapse');
}
