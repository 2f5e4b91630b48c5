/** A process that follows the benchmark's database with this project's client; see subject.ts for what it is asked. */
import { flushCompileCache } from 'node:module';
import { createInterface } from 'node:readline';
import { OvsdbClient } from '../../ovsdb/client.ts';
import type { Replica } from '../../ovsdb/replica.ts';
import { databaseName, tables } from './ports-database.ts';

type Client = OvsdbClient<typeof tables>;
let client: Client | undefined;
let replica: Replica<typeof tables> | undefined;

const answer = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);

async function copy(endpoint: string): Promise<void> {
  const startedMs = performance.now();
  client = await OvsdbClient.connect({ endpoint, database: databaseName, tables, requestTimeoutMs: 120_000 });
  replica = client.replicate(tables);
  await replica.ready();
  answer({ ms: performance.now() - startedMs, rows: replica.table('Port').size });
}

async function follow(marker: string): Promise<void> {
  const before = process.cpuUsage();
  await replica?.waitFor((r) => r.table('Marker').values().next().value?.name === marker);
  const used = process.cpuUsage(before);
  answer({ cpuMs: (used.user + used.system) / 1000 });
}

async function transact(count: number, uuid: string): Promise<void> {
  const tookMs: number[] = [];
  for (let n = 0; n < count && client; n += 1) {
    const startedMs = performance.now();
    const tx = client.transaction();
    tx.putKeys('Port', [['_uuid', '==', uuid]], 'external_ids', { 'bench:n': `${n}` });
    await client.transact(tx);
    tookMs.push(performance.now() - startedMs);
  }
  answer({ tookMs });
  flushCompileCache(); // else written at a clean end only, and we are killed
}

/** What the collector would do in a quiet hour. */
async function settle(): Promise<void> {
  await globalThis.gc?.({ execution: 'async', flavor: 'last-resort', type: 'major' });
  answer({});
}

answer({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const [word, ...args] = line.split(' ');
  if (word === 'copy') await copy(args[0] ?? '');
  else if (word === 'settle') await settle();
  else if (word === 'follow') void follow(args[0] ?? '');
  else if (word === 'transact') await transact(Number(args[0]), args[1] ?? '');
}
await client?.[Symbol.asyncDispose]();
