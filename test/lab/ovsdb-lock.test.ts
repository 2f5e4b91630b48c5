import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OvsdbClient } from '../../ovsdb/client.ts';
import type { LockState, OvsdbLock } from '../../ovsdb/lock.ts';
import { Relay } from './ovsdb/proxy.ts';
import { OvsdbServer, VSWITCH_SCHEMA } from './ovsdb/server.ts';
import { failure, seed, type VswitchClient, vswitchTables } from './ovsdb/tables.ts';

const QUICK = { minMs: 5, maxMs: 50, factor: 2, jitter: 0 };

let server: OvsdbServer;
let relay: Relay;
/** `a` sits behind the relay, `b` does not. */
let a: VswitchClient;
let b: VswitchClient;

beforeAll(async () => {
  server = await OvsdbServer.start(VSWITCH_SCHEMA);
  relay = await Relay.start(() => server.tcp);
  await using client = await connect(server.unix);
  await seed(client);
});
afterAll(async () => {
  await relay[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});
beforeEach(async () => {
  a = await connect(relay.endpoint);
  b = await connect(server.unix);
});
afterEach(async () => {
  await a[Symbol.asyncDispose]();
  await b[Symbol.asyncDispose]();
});

function connect(endpoint: string): Promise<VswitchClient> {
  return OvsdbClient.connect({ endpoint, database: 'Open_vSwitch', tables: vswitchTables, reconnect: QUICK });
}

function becomes(lock: OvsdbLock, kind: LockState['kind'], queued?: boolean): Promise<void> {
  const is = (state: LockState): boolean =>
    state.kind === kind && (queued === undefined || (state.kind === 'waiting' && state.queued === queued));
  if (is(lock.state)) return Promise.resolve();
  return new Promise((resolve) => {
    const subscription = lock.onState((state) => {
      if (!is(state)) return;
      subscription[Symbol.dispose]();
      resolve();
    });
  });
}

/** A transaction that the lock guards. */
async function guarded(client: VswitchClient, lock: string): Promise<void> {
  const tx = client.transaction();
  tx.assertLock(lock);
  tx.update('Bridge', [], { fail_mode: 'secure' });
  await client.transact(tx);
}

describe('a lock', () => {
  it('lets only its holder commit', async () => {
    await a.lock('l').acquired();
    await guarded(a, 'l');
    expect(await failure(guarded(b, 'l'))).toMatchObject({ code: 'lock-not-owned', operation: 0 });
    expect(await failure(guarded(a, 'other'))).toMatchObject({ code: 'lock-not-owned' });
  });

  it('passes to the next in the queue when it is released', async () => {
    const first = a.lock('l');
    await first.acquired();
    const second = b.lock('l');
    expect(second.held).toBe(false);
    await first[Symbol.asyncDispose]();
    await second.acquired();
    await guarded(b, 'l');
    expect(await failure(guarded(a, 'l'))).toMatchObject({ code: 'lock-not-owned' });
    expect((await failure(first.acquired())).code).toBe('closed');
  });

  it('can be stolen; the victim hears of it and does not take it back by itself', async () => {
    const victim = a.lock('l');
    await victim.acquired();
    const thief = b.lock('l', { steal: true });
    await thief.acquired();
    await becomes(victim, 'lost');
    expect(victim.state).toEqual({ kind: 'lost', why: 'stolen' });
    expect(await failure(guarded(a, 'l'))).toMatchObject({ code: 'lock-not-owned' });
    await guarded(b, 'l');
    expect((await failure(victim.acquired())).code).toBe('lock-stolen');

    relay.cut(); // a reconnect does not ask for it either
    await reconnected(a);
    expect(victim.state).toEqual({ kind: 'lost', why: 'stolen' });

    await victim.steal();
    await becomes(thief, 'lost');
    await guarded(a, 'l');
    expect(await failure(guarded(b, 'l'))).toMatchObject({ code: 'lock-not-owned' });
  });

  it('can be stolen by one who stands in the queue', async () => {
    const holder = a.lock('l');
    await holder.acquired();
    const waiting = b.lock('l');
    await waiting.steal();
    await guarded(b, 'l');
    await becomes(holder, 'lost');
  });

  it('is lost with the connection and asked for again, behind who came meanwhile', async () => {
    const lock = a.lock('l');
    await lock.acquired();
    const other = b.lock('l');
    const lost = becomes(lock, 'lost');
    relay.cut();
    await lost;
    expect(lock.state).toEqual({ kind: 'lost', why: 'connection-lost' });
    await other.acquired();
    await becomes(lock, 'waiting', true); // its owner hears that somebody else has it
    expect(await failure(guarded(a, 'l'))).toMatchObject({ code: 'lock-not-owned' });
    await other[Symbol.asyncDispose]();
    await lock.acquired();
    await guarded(a, 'l');
  });

  it('stays queued, for its owner to see, behind a connection that the server does not know to be gone', async () => {
    await using half = await Relay.start(() => server.tcp);
    await using client = await connect(half.endpoint);
    const lock = client.lock('l');
    await lock.acquired();
    const seen: LockState[] = [];
    using _subscription = lock.onState((state) => seen.push(state));
    half.cutClients(); // the server's side of the old connection lives on
    await becomes(lock, 'waiting', true);
    expect(seen).toEqual([
      { kind: 'lost', why: 'connection-lost' },
      { kind: 'waiting', queued: false },
      { kind: 'waiting', queued: true },
    ]);
    expect(lock.held).toBe(false);
    half.dropServers();
    await lock.acquired();
    await guarded(client, 'l');
  });

  it('is held again after the server was killed and came back', async () => {
    const lock = b.lock('l');
    await lock.acquired();
    const lost = becomes(lock, 'lost');
    await server.kill();
    await lost;
    await server.run();
    await lock.acquired();
    await guarded(b, 'l');
  });

  it('is asked for once by a client, and may be asked for again when released', async () => {
    const lock = a.lock('l');
    expect(() => a.lock('l')).toThrow('asked for already');
    await lock[Symbol.asyncDispose]();
    await a.lock('l').acquired();
  });

  it('reports a name that the server does not take', async () => {
    expect(await failure(a.lock('no id').acquired())).toMatchObject({ code: 'rpc-error' });
  });
});

/** Connected again after a cut. */
async function reconnected(client: VswitchClient): Promise<void> {
  const before = client.state;
  if (before.kind === 'connected') {
    await new Promise<void>((resolve) => {
      const subscription = client.onState((state) => {
        if (state.kind === 'connected') return;
        subscription[Symbol.dispose]();
        resolve();
      });
    });
  }
  await client.ready();
}
