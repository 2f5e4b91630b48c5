import fc from 'fast-check';
import { everyMoment } from '../moments.ts';

/** Seeds that once broke something, kept for good, and the first of a new hundred. */
const kept = [1, 20_261_122] as const;

/** In `npm test` the kept ones; `npm run faults` takes a new one along, which is printed in the name of the test. */
export const fuzzSeeds: readonly number[] = everyMoment ? [...kept, Date.now() % 1_000_000_000] : kept;

/** Mutations of one file a seed. */
const runs = everyMoment ? 3_000 : 300;

/** Checks a law for many mutations, each of them known by a number; a failure names seed and number. */
export function forManyMutations(seed: number, law: (mutation: number) => void): void {
  fc.assert(
    fc.property(fc.nat(), (mutation) => law(mutation)),
    { seed, numRuns: runs },
  );
}
