import type { TapMove } from './moves.ts';

/** What a revert finds of one tap, and so what it does with it. */
export type RestoreCase =
  /** It is away from where it was: takes the whole way back. */
  | { readonly kind: 'return'; readonly move: TapMove }
  /** It lost one plug and has not got the other. */
  | { readonly kind: 'rejoin'; readonly move: TapMove }
  /** It is where it was; its tables are repaired all the same, a move may have been cut short. */
  | { readonly kind: 'repair'; readonly move: TapMove }
  /** The link is gone and only our row is left. */
  | { readonly kind: 'release'; readonly move: TapMove }
  /** Somebody else moved it, or it is gone: not ours any more. */
  | { readonly kind: 'leave-alone'; readonly move: TapMove; readonly why: string };
