import type { Goal } from '../goals.ts';
import type { Direction, Method } from '../phases.ts';
import type { PlannedWave } from '../plan.ts';
import { type Operation, operations, type TapPlace, tapPlaces, wayOf } from '../rewire/places.ts';

/** How far forward a goal goes: its operations are these, in order. */
const forwardOperations = {
  staged: ['stage'],
  target: ['stage', 'cut'],
  finished: ['stage', 'cut', 'finish'],
  collapsed: ['stage', 'cut', 'finish', 'collapse'],
} as const satisfies Record<Exclude<Goal, 'legacy'>, readonly Operation[]>;

/** The operations that take a tap from its place toward the goal, in order; none when it is there or beyond. */
export function operationsToward(goal: Goal, place: TapPlace, method: Method): readonly Operation[] {
  const direction = directionOf(goal);
  const found: Operation[] = [];
  let at = place;
  for (const operation of goal === 'legacy' ? operations.toReversed() : forwardOperations[goal]) {
    const way = wayOf(operation, direction, method);
    if (way?.from !== at) continue;
    found.push(operation);
    at = way.to;
  }
  return found;
}

export function directionOf(goal: Goal): Direction {
  return goal === 'legacy' ? 'back' : 'forward';
}

/** The given operations once each, in the order in which they are done. */
export function inOrder(some: Iterable<Operation>, direction: Direction): readonly Operation[] {
  const wanted = new Set(some);
  const all = direction === 'forward' ? operations : operations.toReversed();
  return all.filter((operation) => wanted.has(operation));
}

/** What a wave's hypervisors do. Plans of before there were operations have none: they cut. */
export function operationsOf(wave: Pick<PlannedWave, 'operations'>): readonly Operation[] {
  return wave.operations ?? ['cut'];
}

export interface Move {
  readonly operation: Operation;
  readonly direction: Direction;
  readonly method: Method;
}

/** What an operation still has to do at a tap: `todo`, nothing since it is `done`, or it stands `elsewhere` and needs that place first. */
export function standOf(
  place: TapPlace,
  { operation, direction, method }: Move,
): { readonly kind: 'todo' | 'done' | 'no-way' } | { readonly kind: 'elsewhere'; readonly needs: TapPlace } {
  const way = wayOf(operation, direction, method);
  if (way === undefined) return { kind: 'no-way' };
  if (way.from === place) return { kind: 'todo' };
  const beyond = tapPlaces.indexOf(place) - tapPlaces.indexOf(way.to);
  const done = direction === 'forward' ? beyond >= 0 : beyond <= 0;
  return done ? { kind: 'done' } : { kind: 'elsewhere', needs: way.from };
}
