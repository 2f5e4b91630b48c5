import { describe, expect, it } from 'vitest';
import { checkHistory } from './ovsdb/laws/check-history.ts';

/** One history by its number: `OVSDB_LAWS_SEED=17 npm test -- ovsdb-laws`. */
const chosen = process.env.OVSDB_LAWS_SEED;
const seeds = chosen === undefined ? Array.from({ length: 12 }, (_, n) => n + 1) : [Number(chosen)];

describe('whatever the schema and the history', () => {
  it.each(seeds)(
    'replicas are what the server has, events tell it, indexes and snapshots agree (OVSDB_LAWS_SEED=%i)',
    async (seed) => {
      const tally = await checkHistory(seed, 20);
      expect(tally.faults).toEqual([]);
      if (!tally.crashed) expect(tally.comparisons).toBe(12);
    },
  );
});
