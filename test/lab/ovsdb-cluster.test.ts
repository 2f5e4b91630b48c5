import { execFileSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClientState, OvsdbClient } from '../../ovsdb/client.ts';
import { LEDGER, ledgerTables, OvsdbCluster, widerTables } from './ovsdb/cluster.ts';
import {
  contradictions,
  insertEntry,
  type LedgerClient,
  LedgerWriter,
  ledgerClient,
  QUICK,
} from './ovsdb/ledger-writer.ts';
import { OvsdbServer, VSWITCH_SCHEMA } from './ovsdb/server.ts';
import { failure, seed, vswitchTables } from './ovsdb/tables.ts';

/** Resolves when the client's state is as wanted, now or later. */
function becomes(
  client: OvsdbClient<never> | LedgerClient,
  wanted: (state: ClientState) => boolean,
): Promise<ClientState> {
  if (wanted(client.state)) return Promise.resolve(client.state);
  return new Promise((resolve) => {
    const subscription = client.onState((state) => {
      if (!wanted(state)) return;
      subscription[Symbol.dispose]();
      resolve(state);
    });
  });
}
const connected = (state: ClientState): boolean => state.kind === 'connected';

describe('a client of a cluster of three', () => {
  let cluster: OvsdbCluster;
  beforeAll(async () => {
    cluster = await OvsdbCluster.start();
  });
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  it('connects to the leader, whichever of the remotes that is', async () => {
    const leader = await cluster.leader();
    for (const random of [0, 0.4, 0.999]) {
      await using client = ledgerClient({ endpoint: cluster.endpoint, random: () => random });
      await client.ready();
      expect(client.state).toMatchObject({ kind: 'connected', remote: leader.tcp });
      expect(client.server).toMatchObject({ name: LEDGER, model: 'clustered', connected: true, leader: true });
    }
  });

  it('does not stay with followers, unless they are enough', async () => {
    const followers = (await cluster.followers()).map((member) => member.tcp);
    const error = await failure(
      OvsdbClient.connect({ endpoint: followers, database: LEDGER, tables: ledgerTables, reconnect: false }),
    );
    expect(error.code).toBe('not-leader');
    for (const remote of followers) expect(error.message).toContain(remote);
    await using client = ledgerClient({ endpoint: followers, leaderOnly: false });
    await client.ready();
    expect(client.server).toMatchObject({ model: 'clustered', connected: true, leader: false });
    await insertEntry(client, 'by way of a follower');
    expect((await cluster.dump()).get('by way of a follower')).toBe(1);
  });

  it('stays with a relay only where any server will do', async () => {
    await using relay = await OvsdbServer.relay(LEDGER, cluster.endpoint);
    cluster.whenConnected(relay);
    const only = { endpoint: relay.tcp, database: LEDGER, tables: ledgerTables, reconnect: false } as const;
    expect(await failure(OvsdbClient.connect(only))).toMatchObject({ code: 'not-leader' });
    await using client = ledgerClient({ endpoint: relay.tcp, leaderOnly: false });
    await client.ready();
    expect(client.server).toMatchObject({ model: 'relay', connected: true });
    await insertEntry(client, 'by way of a relay');
    expect((await cluster.dump()).get('by way of a relay')).toBe(1);
  });

  it('knows the outcome of every transaction while leaders are killed, and goes on where it was', async () => {
    await using client = ledgerClient({ endpoint: cluster.endpoint });
    const replica = client.replicate(ledgerTables);
    await replica.ready();
    const resumed: boolean[] = [];
    using _events = replica.subscribe((event) => event.type === 'synced' && resumed.push(event.resumed));
    const writer = new LedgerWriter(client, 'kill');
    for (let round = 0; round < 3; round++) {
      await writer.advanced(20);
      const leader = await cluster.leader();
      await leader.kill();
      await writer.advanced(20); // by the next leader
      await leader.run();
      cluster.whenConnected(leader);
    }
    const outcomes = await writer.stop();
    expect(outcomes.done.size).toBeGreaterThanOrEqual(120);
    const dump = await cluster.dump();
    expect(contradictions(outcomes, dump)).toEqual([]);
    await replica.waitFor(() => replica.table('Entry').size >= [...dump.values()].reduce((sum, n) => sum + n, 0));
    expect(replica.table('Entry').values().map((row) => row.name).toArray().toSorted()).toEqual([...dump.keys()].toSorted()); // biome-ignore format: one comparison
    expect(resumed.length).toBeGreaterThanOrEqual(3);
    expect(resumed).toContain(true);
  });

  it('leaves a leader that steps down at once', async () => {
    await using client = ledgerClient({ endpoint: cluster.endpoint });
    await client.ready();
    const old = await cluster.leader();
    expect(client.state).toMatchObject({ remote: old.tcp });
    old.appctl('cluster/failure-test', 'transfer-leadership');
    await becomes(client, (state) => connected(state) && 'remote' in state && state.remote !== old.tcp);
    expect(old.running).toBe(true);
    await insertEntry(client, 'after the handover');
  });

  it('leaves a leader that has lost its majority, and comes back with it', async () => {
    await using client = ledgerClient({ endpoint: cluster.endpoint });
    const replica = client.replicate(ledgerTables);
    await replica.ready();
    const followers = await cluster.followers();
    for (const follower of followers) await follower.kill();
    // It is no leader any more, and then knows that it hears nobody.
    await becomes(client, (state) => state.kind === 'backoff' && state.error.code === 'cluster-disconnected');
    expect(client.server).toBeUndefined();
    expect(await failure(insertEntry(client, 'never'))).toMatchObject({ code: 'not-connected' });
    for (const follower of followers) await follower.run();
    await client.ready();
    await insertEntry(client, 'with a majority again');
    expect(await cluster.dump()).not.toContain('never');
  });

  it('reads the schema and its rows anew when the database is converted, over the same connection', async () => {
    await using client = ledgerClient({ endpoint: cluster.endpoint });
    const replica = client.replicate(ledgerTables);
    await replica.ready();
    const before = replica.table('Entry').size;
    const events: string[] = [];
    using _events = replica.subscribe((event) => events.push(event.type));
    const { unix } = await cluster.leader();
    execFileSync('ovsdb-client', ['--timeout=30', 'convert', unix, cluster.widerSchema], { stdio: 'pipe' });
    await replica.waitFor(() => client.schema?.version === '1.1.0');
    expect(events).toContain('lost');
    expect(replica.table('Entry').size).toBe(before);
    expect(client.state).toMatchObject({ kind: 'connected', generation: 1 });
    await insertEntry(client, 'after the conversion');
    expect(replica.table('Entry').size).toBe(before + 1);
    const wider = client.replicate(widerTables);
    await wider.ready();
    expect(wider.table('Entry').values().find((row) => row.name === 'after the conversion')?.note).toBeNull(); // biome-ignore format: one look-up
  });
});

describe('a member that was put back in time', () => {
  it('is refused by a client that has seen newer data, and used again when it has caught up', async () => {
    await using cluster = await OvsdbCluster.start(1);
    const [member] = cluster.members as [OvsdbServer]; // of one
    await using client = ledgerClient({ endpoint: cluster.endpoint });
    await client.ready();
    await insertEntry(client, 'old');
    await member.kill();
    const database = join(member.dir, 'db');
    copyFileSync(database, `${database}.old`);
    await member.run();
    for (let n = 0; n < 10; n++) {
      await client.ready();
      await insertEntry(client, `new-${n}`);
    }
    const { index } = client.server ?? {};
    await member.kill();
    copyFileSync(database, `${database}.new`);
    copyFileSync(`${database}.old`, database);
    await member.run();
    const state = await becomes(client, (now) => now.kind === 'backoff' && now.error.code !== 'refused' && now.error.code !== 'connection-lost'); // biome-ignore format: one condition
    expect(state).toMatchObject({ error: { code: 'stale-data', message: expect.stringContaining(String(index)) } });
    await using young = ledgerClient({ endpoint: cluster.endpoint }); // has seen nothing newer
    await young.ready();
    await young[Symbol.asyncDispose]();
    await member.kill();
    copyFileSync(`${database}.new`, database);
    await member.run();
    await client.ready();
    expect((await cluster.dump()).get('new-9')).toBe(1);
  });
});

describe('a database that is removed from its server', () => {
  it('is lost, and read anew when it is there again', async () => {
    await using server = await OvsdbServer.start(VSWITCH_SCHEMA);
    await using client = await OvsdbClient.connect({
      endpoint: server.unix,
      database: 'Open_vSwitch',
      tables: vswitchTables,
      reconnect: QUICK,
    });
    await seed(client);
    const replica = client.replicate(vswitchTables);
    await replica.ready();
    const lost = new Promise<string>((resolve) => {
      replica.subscribe((event) => event.type === 'lost' && resolve(event.error.code));
    });
    server.appctl('ovsdb-server/remove-db', 'Open_vSwitch');
    expect(await lost).toBe('connection-lost');
    server.appctl('ovsdb-server/add-db', join(server.dir, 'db'));
    await replica.waitFor(() => replica.table('Bridge').size === 1);
  });
});
