import { isAnothers, type LinkFacts, markKeys, type RewireFacts, type TapMove } from './moves.ts';
import type { TapPlace } from './places.ts';
import { inBatches } from './plan-cut.ts';
import { noShunt, type ShuntFacts, type ShuntPlug } from './shunt-plug.ts';
import type { RewireStep } from './steps.ts';

/** A move of a tap that goes by a shunt. */
export type ShuntMove = TapMove & { readonly shunt: ShuntPlug };

export function isShuntMove(move: TapMove): move is ShuntMove {
  return move.shunt !== undefined;
}

/** What it takes to bring one tap to a place, from whatever state it is in. */
export interface TowardCase {
  readonly move: ShuntMove;
  /** Empty: it is there. */
  readonly kinds: readonly TowardKind[];
  /** Why the tap itself is left alone: it is gone, or somebody else has it. Our own objects go all the same. */
  readonly leftAlone?: string;
}

/** The steps that lead to each place, in the order in which they are performed; each tap takes those that it needs. */
const orderTo = {
  legacy: [
    'uncollapse',
    'restore-legacy-leg',
    'seed-connections',
    'unflip',
    'release-shunt',
    'exit-shunt',
    'unmake-shunt',
  ],
  staged: [
    'uncollapse',
    'restore-legacy-leg',
    'release-shunt',
    'make-shunt',
    'seed-connections',
    'unflip',
    'enter-shunt',
    'claim-shunt',
  ],
  shunted: [
    'uncollapse',
    'release-shunt',
    'make-shunt',
    'restore-legacy-leg',
    'enter-shunt',
    'claim-shunt',
    'seed-connections',
    'flip',
  ],
  hybrid: [
    'uncollapse',
    'release-shunt',
    'make-shunt',
    'enter-shunt',
    'claim-shunt',
    'seed-connections',
    'flip',
    'drop-legacy-leg',
  ],
  direct: ['release-shunt', 'collapse', 'leave-legacy', 'join-target', 'settle-target', 'unmake-shunt'],
} as const satisfies Record<TapPlace, readonly RewireStep['kind'][]>;
type TowardKind = (typeof orderTo)[TapPlace][number] | 'leave-target';

/** What is done where the tap is in its place already: a move may have been cut short before tables were repaired. */
const repairAt = {
  legacy: 'exit-shunt',
  staged: 'unflip',
  shunted: 'flip',
  hybrid: 'flip',
  direct: 'settle-target',
} as const satisfies Record<TapPlace, RewireStep['kind']>;

export interface TowardOptions {
  /** Taps a micro-batch of those whose guests wait for it; below 1 counts as 1. Absent: 8. */
  readonly batchSize?: number;
  /** Tables of taps that are in their place are repaired all the same. */
  readonly repair?: boolean;
}

/**
 * The steps that bring these taps to `place`, whatever half-way state they are in. Planned anew from facts, they may be cut short and planned
 * again at will; where nothing is left to do, there are none (but for repairs).
 */
export function planToward(
  place: TapPlace,
  moves: readonly ShuntMove[],
  facts: RewireFacts,
  options: TowardOptions = {},
): readonly RewireStep[] {
  return towardSteps(place, judgeToward(place, moves, facts), options);
}

/** Looks at what is there and says, tap by tap, what it takes. */
export function judgeToward(place: TapPlace, moves: readonly ShuntMove[], facts: RewireFacts): readonly TowardCase[] {
  return moves.map((move) => judgeOne(place, move, facts));
}

/** Guests that nothing leads to go first, then the others, then repairs, then what is left of taps that are not ours any more. */
export function towardSteps(
  place: TapPlace,
  cases: readonly TowardCase[],
  { batchSize = 8, repair = false }: TowardOptions = {},
): readonly RewireStep[] {
  const ours = cases.filter((found) => found.leftAlone === undefined);
  const [lost, held] = partition(ours, (found) => found.kinds.length > 0 && isLost(found));
  const [notThere, there] = partition(held, (found) => found.kinds.length > 0);
  const [turned, moved] = partition(notThere, isTurnOnly);
  const [waited, quiet] = partition(moved, ({ kinds }) => kinds.some((kind) => waitedFor.has(kind)));
  const left = cases.filter((found) => found.leftAlone !== undefined && found.kinds.length > 0);
  const batches = [
    ...inBatches(lost, batchSize).map((batch) => stepsOf(place, batch, orderTo[place])),
    // One step, and one instant, for all: a network must not be in two worlds for longer than it takes.
    ...(turned.length === 0 ? [] : [stepsOf(place, turned, orderTo[place])]),
    ...inBatches(waited, batchSize).map((batch) => stepsOf(place, batch, orderTo[place])),
    ...inBatches(quiet, Math.max(batchSize, quietBatch)).map((batch) => stepsOf(place, batch, orderTo[place])),
    ...(repair ? inBatches(there, batchSize).map((batch) => repairsOf(place, batch)) : []),
    ...inBatches(left, batchSize).map((batch) => stepsOf(place, batch, cleanUp)),
  ];
  return batches.flatMap((steps, index) => steps.map((step): RewireStep => ({ ...step, batch: index + 1 })));
}

const cleanUp = ['leave-target', 'release-shunt', 'unmake-shunt'] as const satisfies readonly TowardKind[];

/** While these last their guests are dark: the fewer share one, the shorter. */
const waitedFor: ReadonlySet<TowardKind> = new Set([
  'collapse',
  'uncollapse',
  'leave-legacy',
  'join-target',
  'settle-target',
  'leave-target',
]);
/**
 * The other steps nobody waits for. Each change of ports makes vswitchd look at every port and flow anew: for many taps at once that is done
 * once, not sixteen times.
 */
const quietBatch = 64;

/** Only such a tap has to be put in again without having been taken out: nothing leads to its guest. */
function isLost({ kinds }: TowardCase): boolean {
  return kinds.includes('join-target') && !kinds.includes('leave-legacy');
}

/** No tap moves, and no guest waits for another's: frames only leave by the other leg. */
function isTurnOnly({ kinds }: TowardCase): boolean {
  return kinds.length > 0 && kinds.every((kind) => ['seed-connections', 'flip', 'unflip'].includes(kind));
}

function stepsOf(place: TapPlace, cases: readonly TowardCase[], order: readonly TowardKind[]): readonly RewireStep[] {
  const steps = order.flatMap((kind): RewireStep[] => {
    const moves = cases.filter((found) => found.kinds.includes(kind)).map((found) => found.move);
    return moves.length === 0 ? [] : [stepOf(kind, place, moves)];
  });
  return [...steps, { kind: 'checkpoint', batch: 0, moves: cases.map((found) => found.move) }];
}

function repairsOf(place: TapPlace, cases: readonly TowardCase[]): readonly RewireStep[] {
  const moves = cases.map((found) => found.move);
  return [
    { kind: repairAt[place], batch: 0, moves },
    { kind: 'checkpoint', batch: 0, moves },
  ];
}

function stepOf(kind: TowardKind, place: TapPlace, moves: readonly TapMove[]): RewireStep {
  if (kind !== 'seed-connections') return { kind, batch: 0, moves };
  return { kind, batch: 0, moves, toward: place === 'legacy' || place === 'staged' ? 'legacy' : 'target' };
}

/** One tap as it is. */
interface Seen {
  readonly move: ShuntMove;
  readonly shunt: ShuntFacts;
  /** On the integration bridge itself. */
  readonly direct: boolean;
  readonly master: string | undefined;
  /** Objects of ours stand. */
  readonly stands: boolean;
}

function judgeOne(place: TapPlace, move: ShuntMove, facts: RewireFacts): TowardCase {
  const shunt = facts.shunts.get(move.tap) ?? noShunt;
  const { claim } = shunt;
  if (claim !== undefined && claim.ifaceId !== move.portId) {
    return { move, kinds: [], leftAlone: `${move.shunt.targetLeg.outer} has the iface-id ${claim.ifaceId}` };
  }
  const link = facts.links.get(move.tap);
  const plug = facts.plugs.get(move.tap);
  const standing = stands(move.shunt, shunt);
  const leftAlone = whyNotOurs(move, shunt, { link, plug });
  if (leftAlone !== undefined) {
    // Our row without a tap would wait for a stranger of the same name.
    const rowIsLeft = link === undefined && plug?.rows.port.external_ids[markKeys.owner] === 'agent';
    const needed = { 'leave-target': rowIsLeft, 'release-shunt': claim !== undefined, 'unmake-shunt': standing };
    return { move, kinds: cleanUp.filter((kind) => needed[kind]), leftAlone };
  }
  const direct = plug !== undefined && !shunt.tapInside;
  const needed = needs[place]({ move, shunt, direct, master: link?.master, stands: standing });
  return { move, kinds: orderTo[place].filter((kind) => needed.has(kind)) };
}

function whyNotOurs(
  move: ShuntMove,
  shunt: ShuntFacts,
  { link, plug }: { readonly link: LinkFacts | undefined; readonly plug: ReturnType<RewireFacts['plugs']['get']> },
): string | undefined {
  if (link === undefined) return 'the tap is gone';
  if (isAnothers(link, move)) return `${move.tap} is another guest's now`;
  if (plug !== undefined) {
    const same = plug.bridge === move.target.bridge && plug.rows.iface.external_ids['iface-id'] === move.portId;
    return same ? undefined : `somebody else plugged it into ${plug.bridge}`;
  }
  if (shunt.tapInside || link.master === undefined || link.master === move.legacy.bridge) return undefined;
  return `somebody else put it into ${link.master}`;
}

function stands(plug: ShuntPlug, shunt: ShuntFacts): boolean {
  return shunt.targetLeg || (plug.ownsBridge && shunt.bridge) || (plug.legacyLeg.owned && shunt.legacyLeg);
}

type Needs = ReadonlySet<TowardKind>;

const needs = {
  legacy: needsOfLegacy,
  staged: needsOfStaged,
  shunted: needsOfShunted,
  hybrid: needsOfHybrid,
  direct: needsOfDirect,
} as const satisfies Record<TapPlace, (seen: Seen) => Needs>;

function needsOfLegacy({ move, shunt, direct, master, stands: standing }: Seen): Needs {
  if (direct) return new Set(orderTo.legacy);
  const kinds = new Set<TowardKind>();
  const flipped = shunt.active === 'target';
  if (flipped && shunt.tapInside && !shunt.legacyLeg) kinds.add('restore-legacy-leg');
  if (flipped && (shunt.tapInside || shunt.legacyLeg)) kinds.add('seed-connections').add('unflip');
  if (shunt.claim !== undefined) kinds.add('release-shunt');
  const away = standing || shunt.claim !== undefined || master !== move.legacy.bridge;
  if (move.shunt.ownsBridge ? away : !shunt.tapInside) kinds.add('exit-shunt'); // a hybrid plug's tap lives in B
  if (standing) kinds.add('unmake-shunt');
  return kinds;
}

function needsOfStaged({ move, shunt, direct }: Seen): Needs {
  if (direct) return new Set(['uncollapse', 'restore-legacy-leg', 'seed-connections', 'unflip']);
  const kinds = new Set<TowardKind>();
  const flipped = shunt.active === 'target';
  const legIsMissing = flipped && addsLeg(move, shunt) && shunt.targetLeg && !shunt.legacyLeg;
  if (legIsMissing) kinds.add('restore-legacy-leg');
  else if (!isWhole(shunt) || (shunt.active === 'none' && !shunt.tapInside)) kinds.add('make-shunt');
  if (flipped) kinds.add('seed-connections').add('unflip');
  if (shunt.active === 'none' && shunt.tapInside) kinds.add('unflip');
  if (!shunt.tapInside) kinds.add('enter-shunt');
  // Here frames leave by the legacy leg: an OVN that does not answer must not keep a guest from coming back to it.
  if (shunt.claim === undefined) kinds.add('claim-shunt');
  if (shunt.claim?.orphaned) kinds.add('release-shunt').add('claim-shunt');
  return kinds;
}

function needsOfShunted({ move, shunt, direct }: Seen): Needs {
  if (direct) return new Set(['uncollapse', 'restore-legacy-leg']);
  const kinds = needsOfFlipped(shunt);
  // In use it is only added to; a shunt that its tap has left is made anew, and flipped after that.
  if (!kinds.has('make-shunt') && !shunt.legacyLeg)
    kinds.add(addsLeg(move, shunt) ? 'restore-legacy-leg' : 'make-shunt');
  return kinds;
}

/** A hybrid plug's own leg is made by its own step only. */
function addsLeg({ shunt: { ownsBridge } }: ShuntMove, { tapInside, bridge }: ShuntFacts): boolean {
  return bridge && (tapInside || !ownsBridge);
}

function needsOfHybrid({ shunt, direct }: Seen): Needs {
  if (direct) return new Set(['uncollapse']);
  const kinds = needsOfFlipped(shunt);
  if (kinds.has('make-shunt') || shunt.legacyLeg || shunt.legacyLegRemains === true) kinds.add('drop-legacy-leg');
  return kinds;
}

/** A shunt whose frames leave by the target leg; about its legacy leg the place decides. */
function needsOfFlipped(shunt: ShuntFacts): Set<TowardKind> {
  const kinds = new Set<TowardKind>();
  const flipped = shunt.active === 'target';
  if (!shunt.bridge || !shunt.targetLeg || (!flipped && !shunt.legacyLeg)) kinds.add('make-shunt');
  if (!shunt.tapInside) kinds.add('enter-shunt');
  if (shunt.claim?.installed !== true) kinds.add('claim-shunt');
  if (shunt.claim?.orphaned) kinds.add('release-shunt').add('claim-shunt');
  if (!flipped) kinds.add('seed-connections');
  if (!flipped || kinds.size > 0) kinds.add('flip');
  return kinds;
}

function needsOfDirect({ move, shunt, direct, master, stands: standing }: Seen): Needs {
  const kinds = new Set<TowardKind>();
  if (!direct && shunt.tapInside) return kinds.add('collapse');
  if (shunt.claim !== undefined) kinds.add('release-shunt');
  const inLegacy = master === move.legacy.bridge; // libvirtd puts it there again, and its row stands
  if (inLegacy) kinds.add('leave-legacy');
  if (!direct) kinds.add('join-target');
  if (!direct || inLegacy) kinds.add('settle-target');
  if (standing) kinds.add('unmake-shunt');
  return kinds;
}

function isWhole(shunt: ShuntFacts): boolean {
  return shunt.bridge && shunt.legacyLeg && shunt.targetLeg;
}

function partition<T>(items: readonly T[], belongs: (item: T) => boolean): [T[], T[]] {
  return [items.filter(belongs), items.filter((item) => !belongs(item))];
}
