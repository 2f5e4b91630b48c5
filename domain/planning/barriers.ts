import type { HoldReason } from '../findings.ts';
import type { JoinedInventory } from '../inventory/joined-inventory.ts';
import { isProbePort } from '../inventory/probe-ports.ts';
import type { TapTarget } from '../network-model.ts';
import type { Method } from '../phases.ts';
import { type Operation, opensBothWorlds, type TapPlace, wayOf } from '../rewire/places.ts';

/** A tap on an overlay: where it is, or is being taken. `unknown`: nobody who could say where has been heard of. */
export interface OverlayTap {
  readonly systemId: string;
  readonly hostname: string;
  readonly portId: string;
  readonly place: TapPlace | 'unknown';
}

/** An observed one. */
type SeenTap = OverlayTap & { readonly place: TapPlace };

/** Taps by overlay. */
export type TapsByOverlay = ReadonlyMap<string, readonly OverlayTap[]>;

const overlays = new WeakMap<JoinedInventory, ReadonlyMap<string, readonly SeenTap[]>>();

/** The taps of each overlay. Computed once for an inventory: it never changes. */
export function overlayTaps(inventory: JoinedInventory): ReadonlyMap<string, readonly SeenTap[]> {
  const known = overlays.get(inventory) ?? computeOverlays(inventory);
  overlays.set(inventory, known);
  return known;
}

function computeOverlays({ hosts, networks }: JoinedInventory): ReadonlyMap<string, readonly SeenTap[]> {
  const taps = new Map<string, SeenTap[]>();
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

const unheard = new WeakMap<JoinedInventory, TapsByOverlay>();

/** Ports of overlays that OVN expects at a hypervisor that has shown nothing yet, or never will. Computed once for an inventory. */
export function unseenTaps(inventory: JoinedInventory): TapsByOverlay {
  const known = unheard.get(inventory) ?? computeUnseen(inventory);
  unheard.set(inventory, known);
  return known;
}

function computeUnseen({ hosts, networks, ports }: JoinedInventory): TapsByOverlay {
  const seen = [...hosts.values()].filter((host) => host.inventorySeen);
  const known = new Set(seen.flatMap(({ systemId, hostname }) => [systemId, hostname]));
  const placed = new Set([...hosts.values()].flatMap((host) => host.placed.map((tap) => tap.target.portId)));
  const taps = new Map<string, OverlayTap[]>();
  for (const port of ports.values()) {
    const { id, networkId, requestedChassis: chassis, type } = port;
    if (!chassis || known.has(chassis) || placed.has(id) || type !== '' || isProbePort(port)) continue;
    if (networks.get(networkId)?.class !== 'overlay') continue;
    const hostname = hosts.get(chassis)?.hostname ?? chassis;
    const list = taps.get(networkId) ?? [];
    taps.set(networkId, list);
    list.push({ systemId: chassis, hostname, portId: id, place: 'unknown' });
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
const answered = new WeakMap<TapsByOverlay, WeakMap<ReadonlySet<string>, Answers>>();

/**
 * What of an overlay is not where an operation needs it; undefined: the barrier is met, or the network has none. Answered once for the
 * same taps and a set of what moves: all hypervisors of a wave that moves as one ask the same.
 */
export function barrierHold(taps: TapsByOverlay, question: BarrierQuestion): BarrierHold | undefined {
  const byMoving = answered.get(taps) ?? new WeakMap<ReadonlySet<string>, Answers>();
  answered.set(taps, byMoving);
  const answers: Answers = byMoving.get(question.moving) ?? new Map();
  byMoving.set(question.moving, answers);
  const key = [question.networkId, question.operation, question.direction, question.method].join('/');
  if (!answers.has(key)) answers.set(key, judgeBarrier(taps, question));
  return answers.get(key);
}

function judgeBarrier(taps: TapsByOverlay, question: BarrierQuestion): BarrierHold | undefined {
  const { networkId, operation, direction, method, moving } = question;
  const way = wayOf(operation, direction, method);
  if (way === undefined || opensBothWorlds(operation, direction)) return undefined;
  const beside: readonly OverlayTap['place'][] = [...forbidden[way.to], 'unknown'];
  const others = (taps.get(networkId) ?? []).filter((tap) => beside.includes(tap.place) && !moving.has(tap.portId));
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

/** The barriers, one a network, that keep these taps from an operation; none when all are met. `others`: each group of taps that may be in its way. */
export function barriersOf(others: readonly TapsByOverlay[], moving: MovingTaps): readonly BarrierHold[] {
  const holds = others.flatMap((one) => barriersAmong(one, moving));
  const byNetwork = new Map(holds.toReversed().map((hold) => [hold.networkId, hold]));
  return [...byNetwork.values()].toSorted((a, b) => (a.networkId < b.networkId ? -1 : 1));
}

function barriersAmong(others: TapsByOverlay, { taps, ...rest }: MovingTaps): readonly BarrierHold[] {
  if (others.size === 0) return [];
  const asked = new Map(taps.map((tap) => [`${tap.networkId}/${tap.method}`, tap]));
  return [...asked.values()].flatMap(
    ({ networkId, method = 'direct' }) => barrierHold(others, { ...rest, networkId, method }) ?? [],
  );
}
