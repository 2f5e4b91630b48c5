import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OvsdbClient } from '../../../../ovsdb/client.ts';
import type { TableSpecs } from '../../../../ovsdb/columns.ts';
import { encodeWhere } from '../../../../ovsdb/conditions.ts';
import type { MonitorConditions, MonitorMethod } from '../../../../ovsdb/replica.ts';
import { Relay } from '../proxy.ts';
import { OvsdbServer } from '../server.ts';
import { Follower } from './follower.ts';
import { Random } from './random.ts';
import { type Outcome, Writer } from './random-history.ts';
import { type LawSchema, randomSchema } from './random-schema.ts';

/** What one history was made of. */
export interface HistoryTally {
  readonly committed: number;
  readonly refused: number;
  readonly unknown: number;
  readonly cuts: number;
  readonly conditionChanges: number;
  readonly events: number;
  readonly resumed: number;
  readonly resyncs: number;
  readonly snapshots: number;
  readonly comparisons: number;
  readonly faults: readonly string[];
  /** The server died of it: OVS 3.1 does, in a cluster, now and then. What was seen until then must be right all the same. */
  readonly crashed: boolean;
}

const QUICK = { minMs: 1, maxMs: 20, factor: 2, jitter: 0 };
const REWRITES: Readonly<Record<MonitorMethod, RegExp | undefined>> = {
  monitor_cond_since: undefined,
  monitor_cond: /"monitor_cond_since"/g,
  monitor: /"monitor_cond(_since)?"/g,
};

/**
 * A random schema and a random history of transactions by two clients against a real ovsdb-server, followed by a replica for each
 * way to monitor, with conditions that change and connections that are cut. Repeats for a seed but for the timing of the processes.
 */
export async function checkHistory(seed: number, rounds: number): Promise<HistoryTally> {
  const random = new Random(seed);
  const clustered = seed % 2 === 0;
  const schema = randomSchema(random, clustered ? 'unlimited' : 3);
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startServer(schema, clustered));
  const client = async (endpoint: string, tables: TableSpecs): Promise<OvsdbClient<TableSpecs>> =>
    stack.use(
      await OvsdbClient.connect(
        { endpoint, database: 'laws', tables, reconnect: QUICK },
        { signal: AbortSignal.timeout(10_000) },
      ),
    );
  const known = (await client(server.unix, schema.allSpecs)).replicate(schema.allSpecs);
  await known.ready({ signal: AbortSignal.timeout(10_000) });
  const writers: Writer[] = [];
  for (let n = 0; n < 2; n++)
    writers.push(new Writer(await client(server.unix, schema.allSpecs), schema, random, known));
  await writers[0]?.begin();
  const guests: Guest[] = [];
  for (const method of Object.keys(REWRITES) as MonitorMethod[]) {
    const rewrite = REWRITES[method];
    const relay = await Relay.start(
      () => server.tcp,
      rewrite === undefined ? {} : { rewrite: (text) => text.replace(rewrite, '"no_such_method"') },
    );
    stack.use(relay);
    guests.push({
      method,
      relay,
      follower: new Follower(await client(relay.endpoint, schema.specs), schema, random),
      where: new Map(),
    });
  }
  const history = new History(random, schema, { server, clustered }, writers, guests);
  try {
    await history.run(rounds);
  } catch (error) {
    if (answers(server)) throw error;
    return { ...history.tally(), crashed: true };
  }
  return { ...history.tally(), crashed: false };
}

interface Guest {
  readonly method: MonitorMethod;
  readonly relay: Relay;
  readonly follower: Follower;
  /** Conditions that were asked for last. */
  readonly where: Map<string, readonly unknown[] | boolean>;
}

class History {
  readonly #random: Random;
  readonly #schema: LawSchema;
  readonly #server: OvsdbServer;
  readonly #clustered: boolean;
  readonly #writers: readonly Writer[];
  readonly #guests: readonly Guest[];
  readonly #changing: Promise<void>[] = [];
  readonly #outcomes = { committed: 0, refused: 0, unknown: 0 };
  #cuts = 0;
  #changes = 0;
  #comparisons = 0;

  constructor(
    random: Random,
    schema: LawSchema,
    where: { readonly server: OvsdbServer; readonly clustered: boolean },
    writers: readonly Writer[],
    guests: readonly Guest[],
  ) {
    this.#random = random;
    this.#schema = schema;
    this.#server = where.server;
    this.#clustered = where.clustered;
    this.#writers = writers;
    this.#guests = guests;
  }

  async run(rounds: number): Promise<void> {
    for (const { follower } of this.#guests) await follower.replica.ready({ signal: AbortSignal.timeout(10_000) });
    for (let round = 0; round < rounds; round++) {
      for (let burst = 1 + this.#random.below(4); burst > 0; burst--) {
        for (const guest of this.#guests) this.#disturb(guest);
        for (const outcome of await this.#write()) this.#outcomes[outcome]++;
      }
      if (round % 5 === 4 || round === rounds - 1) await this.#compare();
    }
    for (const { follower } of this.#guests) follower.checkSnapshots();
  }

  /** At once; on a cluster one after the other, since OVS 3.1 now and then never answers one of two that race there. */
  async #write(): Promise<readonly Outcome[]> {
    if (!this.#clustered) return Promise.all(this.#writers.map((writer) => writer.write()));
    const outcomes: Outcome[] = [];
    for (const writer of this.#writers) outcomes.push(await writer.write());
    return outcomes;
  }

  tally(): Omit<HistoryTally, 'crashed'> {
    const followers = this.#guests.map(({ follower }) => follower);
    const sum = (of: (follower: Follower) => number): number => followers.reduce((total, one) => total + of(one), 0);
    return {
      ...this.#outcomes,
      cuts: this.#cuts,
      conditionChanges: this.#changes,
      events: sum(({ events }) => events),
      resumed: sum(({ resumed }) => resumed),
      resyncs: sum(({ resyncs }) => resyncs),
      snapshots: sum(({ snapshots }) => snapshots),
      comparisons: this.#comparisons,
      faults: this.#guests.flatMap(({ method, follower }) => follower.faults.map((fault) => `${method}: ${fault}`)),
    };
  }

  #disturb(guest: Guest): void {
    const cut = this.#random.chance(8);
    if (cut && this.#random.chance(50)) this.#changeConditions(guest); // on its way, or lost with the connection
    if (cut) {
      guest.relay.cut();
      this.#cuts++;
    }
    if (this.#random.chance(cut ? 50 : 20)) this.#changeConditions(guest);
  }

  #changeConditions({ method, follower, where }: Guest): void {
    if (method === 'monitor') return; // cannot filter
    for (let calls = 1 + this.#random.below(2); calls > 0; calls--) {
      const table = this.#random.of(this.#schema.tables);
      const wanted = this.#where(table.name);
      const wire = typeof wanted === 'boolean' ? wanted : encodeWhere(this.#schema.specs[table.name] ?? {}, wanted);
      where.set(table.name, wire);
      const signal = AbortSignal.timeout(10_000); // the server may have died
      const changing = follower.replica.setConditions({ [table.name]: wanted } as MonitorConditions<TableSpecs>, {
        signal,
      });
      changing.catch(() => {}); // looked at before the next comparison
      this.#changing.push(changing);
      this.#changes++;
    }
  }

  #where(name: string) {
    const table = this.#schema.tables.find((one) => one.name === name);
    const writer = this.#writers[0];
    if (table === undefined || writer === undefined || this.#random.chance(20)) return true;
    if (this.#random.chance(10)) return false;
    return [...writer.where(table), ...(this.#random.chance(40) ? writer.where(table) : [])];
  }

  async #compare(): Promise<void> {
    await Promise.all(this.#changing.splice(0));
    for (const { follower, where } of this.#guests) {
      await follower.compare(this.#server.unix, where);
      this.#comparisons++;
    }
  }
}

function answers(server: OvsdbServer): boolean {
  return spawnSync('ovs-appctl', ['--timeout=5', '-t', join(server.dir, 'ctl'), 'version']).status === 0;
}

async function startServer(schema: LawSchema, clustered: boolean): Promise<OvsdbServer> {
  const folder = mkdtempSync(join(tmpdir(), 'shunt-laws-'));
  try {
    const file = join(folder, 'laws.ovsschema');
    writeFileSync(file, JSON.stringify(schema.json));
    return await (clustered ? OvsdbServer.startClustered(file) : OvsdbServer.start(file));
  } catch (cause) {
    throw new Error(`the server refused ${JSON.stringify(schema.json)}`, { cause });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
