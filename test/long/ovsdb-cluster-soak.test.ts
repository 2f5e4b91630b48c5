import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeResults } from '../../scripts/write-results.ts';
import { LEDGER, ledgerTables, OvsdbCluster } from '../lab/ovsdb/cluster.ts';
import { contradictions, LedgerWriter, ledgerClient } from '../lab/ovsdb/ledger-writer.ts';

/** Leaders killed; fewer to try it out. */
const kills = Number(process.env.SHUNT_SOAK_KILLS ?? 300);

let cluster: OvsdbCluster;
beforeAll(async () => {
  cluster = await OvsdbCluster.start();
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

it(`knows every transaction's outcome while ${kills} leaders are killed`, async () => {
  await using client = ledgerClient({ endpoint: cluster.endpoint });
  const replica = client.replicate(ledgerTables);
  await replica.ready();
  const synced = { resumed: 0, anew: 0 };
  using _events = replica.subscribe((event) => {
    if (event.type === 'synced') synced[event.resumed ? 'resumed' : 'anew']++;
  });
  const outagesMs: number[] = [];
  const writer = new LedgerWriter(client, 'soak', 2);
  for (let n = 0; n < kills; n++) {
    await writer.advanced(5);
    const leader = await cluster.leader();
    const killedAtMs = performance.now();
    await leader.kill();
    await writer.advanced(1);
    outagesMs.push(performance.now() - killedAtMs);
    await leader.run();
    cluster.whenConnected(leader);
  }
  const outcomes = await writer.stop();
  const dump = await cluster.dump();
  expect(contradictions(outcomes, dump)).toEqual([]);
  const total = [...dump.values()].reduce((sum, count) => sum + count, 0);
  await replica.waitFor(() => replica.table('Entry').size === total);
  const names = new Set(replica.table('Entry').values().map((row) => row.name)); // biome-ignore format: one set
  expect(names).toEqual(new Set(dump.keys()));
  const sorted = outagesMs.toSorted((a, b) => a - b);
  writeResults('ovsdb-cluster-soak', {
    database: LEDGER,
    kills,
    transactions: { done: outcomes.done.size, unknown: outcomes.unknown.size, failed: outcomes.failed.size },
    unknownThatWereDone: [...outcomes.unknown].filter((name) => dump.has(name)).length,
    contradictions: 0,
    synced,
    writesAgainAfterMs: { p50: at(sorted, 0.5), p99: at(sorted, 0.99), max: at(sorted, 1) },
  });
});

function at(sorted: readonly number[], share: number): number {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}
