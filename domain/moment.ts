/** A moment as three clocks tell it: which boot, milliseconds since it, wall clock in ms since 1970. */
export interface Moment {
  readonly bootId: string;
  readonly monotonicMs: number;
  readonly wallMs: number;
}
