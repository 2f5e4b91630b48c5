import type { RewireFacts } from './moves.ts';
import { type AttemptMoves, isRestored, type RestoreView, viewRepair, viewRestore } from './plan-attempt.ts';

/** Where the taps of an attempt are, if all are at one of its ends: where it began, or where it was to lead. */
export type EndFound =
  | { readonly kind: 'at-rest'; readonly end: 'from' | 'to' }
  | { readonly kind: 'elsewhere'; readonly taps: readonly string[]; readonly repair: readonly string[] };

/** Looks where every tap of an attempt is. One that is gone, or somebody else's now, is in nobody's way. */
export function findEnd(request: AttemptMoves, facts: RewireFacts): EndFound {
  const back = viewRestore(request, facts);
  if (isRestored(back)) return { kind: 'at-rest', end: 'from' };
  const mirrored: AttemptMoves = { ...request, direction: request.direction === 'forward' ? 'back' : 'forward' };
  if (isRestored(viewRestore(mirrored, facts))) return { kind: 'at-rest', end: 'to' };
  return { kind: 'elsewhere', taps: awayIn(back), repair: viewRepair(back, request) };
}

function awayIn({ direct, shunted }: RestoreView): readonly string[] {
  return [
    ...direct.flatMap(({ kind, move }) => (kind === 'leave-alone' || kind === 'repair' ? [] : [move.tap])),
    ...shunted.flatMap(({ kinds, move }) => (kinds.length > 0 ? [move.tap] : [])),
  ];
}
