import { expect, it } from 'vitest';
import { writeResults } from '../../scripts/write-results.ts';
import { checkHistory, type HistoryTally } from '../lab/ovsdb/laws/check-history.ts';

const minutes = Number(process.env.OVSDB_LAWS_MINUTES ?? 25);
/** Where the numbers begin; with OVSDB_LAWS_MINUTES=0 only this one. */
const first = Number(process.env.OVSDB_LAWS_SEED ?? 1_000_000 + (Date.now() % 1_000_000_000));

it(`replicas are what the server has for thousands of random histories (OVSDB_LAWS_SEED=${first})`, async () => {
  const total: Record<string, number> = {};
  const broken: string[] = [];
  const beganMs = performance.now();
  let seed = first;
  for (; seed === first || performance.now() - beganMs < minutes * 60_000; seed++) {
    const tally = await checkHistory(seed, 20).catch((cause: unknown) => {
      throw new Error(`OVSDB_LAWS_SEED=${seed}`, { cause });
    });
    for (const [name, count] of numbers(tally)) total[name] = (total[name] ?? 0) + count;
    for (const fault of tally.faults) broken.push(`OVSDB_LAWS_SEED=${seed}: ${fault}`);
  }
  const histories = seed - first;
  writeResults('ovsdb-laws', {
    firstSeed: first,
    histories,
    ...total,
    faults: broken.length,
    faultsSeen: broken.slice(0, 20),
  });
  expect(broken).toEqual([]);
});

function numbers({ faults: _faults, crashed, ...counts }: HistoryTally): readonly (readonly [string, number])[] {
  return [...Object.entries(counts), ['serverCrashes', crashed ? 1 : 0]];
}
