import { expect, it } from 'vitest';
import { describeRun, runMany } from '../faults/random/run-many.ts';

const runs = 10;
/** How many seeds are recorded in docs/results/faults-random.json. */
const recorded = 200;
/** Other seeds of those on each day, so that all are seen by turns; `SHUNT_FAULTS_SEED` for any other. */
const day = Math.floor(Date.now() / 86_400_000);
const seed = Number(process.env['SHUNT_FAULTS_SEED'] ?? 1 + runs * (day % (recorded / runs)));

it(`${runs} random runs from seed ${seed} end at rest, with all guests, budgets, journals and ledgers as they should be`, async () => {
  const broken: string[] = [];
  const results = await runMany({
    runs,
    seed,
    atOnce: 2,
    signal: AbortSignal.timeout(600_000),
    onResult: (result, done, evidence) => {
      const told = describeRun(result, evidence);
      process.stdout.write(`random run ${done} of ${runs}: ${told}\n`);
      if (result.violations.length > 0) broken.push(told);
    },
  });
  expect(broken).toEqual([]);
  expect(results).toHaveLength(runs);
}, 900_000);
