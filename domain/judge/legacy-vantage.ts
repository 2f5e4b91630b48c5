import type { ProbeResult } from '../probes.ts';
import type { TapPlace } from '../rewire/places.ts';

/** Where a tap is, or is to be. */
export interface VantagePlace {
  readonly place: TapPlace;
  /** Legacy and target world have no wire in common. */
  readonly disjoint: boolean;
}

/**
 * The results that say something of a guest in its place. On an overlay the legacy world ends with the legacy leg: silence there is none of the
 * guest's. (It has to go out of the results: there it would be judged even without a baseline of its own, by what the guest answered to the
 * other vantage of its host.)
 */
export function meaningful(
  results: readonly ProbeResult[],
  placeOf: (tap: string) => VantagePlace | undefined,
): readonly ProbeResult[] {
  return results.filter(({ tap, vantage }) => {
    const at = vantage === 'legacy' ? placeOf(tap) : undefined;
    return at === undefined || !at.disjoint || hasLegacyLeg(at.place);
  });
}

/** Its legacy world still leads to a tap in this place, where no wire joins the two worlds. */
export function hasLegacyLeg(place: TapPlace): boolean {
  return place !== 'hybrid' && place !== 'direct';
}
