import type { Direction, Method } from '../phases.ts';

/**
 * Where a tap is plugged, along its way. `legacy`: its legacy plug. `staged`: on a small bridge of its own with two legs; frames leave by
 * the legacy one. `shunted`: the same, flipped: frames leave by the leg to `br-int`. `hybrid`: the legacy leg is gone. `direct`: on
 * `br-int` itself.
 */
export const tapPlaces = ['legacy', 'staged', 'shunted', 'hybrid', 'direct'] as const;
export type TapPlace = (typeof tapPlaces)[number];

/**
 * What an attempt does. Each begins and ends at rest, has an epoch, a journal and a dead man of its own, and can be taken back by the same
 * operation in direction `back`. `cut` takes each tap to the target by its own method: direct, or by the flip of a staged shunt.
 */
export const operations = ['stage', 'cut', 'finish', 'collapse'] as const;
export type Operation = (typeof operations)[number];

interface Way {
  readonly from: TapPlace;
  readonly to: TapPlace;
}

const forwardWays = {
  stage: { direct: undefined, shunt: { from: 'legacy', to: 'staged' } },
  cut: { direct: { from: 'legacy', to: 'direct' }, shunt: { from: 'staged', to: 'shunted' } },
  finish: { direct: undefined, shunt: { from: 'shunted', to: 'hybrid' } },
  collapse: { direct: undefined, shunt: { from: 'hybrid', to: 'direct' } },
} as const satisfies Record<Operation, Record<Method, Way | undefined>>;

/** From where to where an operation takes a tap; undefined: it has nothing to do with taps of this method. */
export function wayOf(operation: Operation, direction: Direction, method: Method): Way | undefined {
  const way = forwardWays[operation][method];
  if (way === undefined || direction === 'forward') return way;
  return { from: way.to, to: way.from };
}

/** Into a shunt from either end: afterwards both worlds lead to the guest, which cuts nobody off, whoever is where on its overlay. */
export function opensBothWorlds(operation: Operation, direction: Direction): boolean {
  if (operation === 'stage') return direction === 'forward';
  return direction === 'back' && (operation === 'finish' || operation === 'collapse');
}
