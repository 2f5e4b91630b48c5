import { describe, expect, it } from 'vitest';
import { backoffMs, DEFAULT_BACKOFF } from '../../../ovsdb/backoff.ts';
import { OvsdbClient } from '../../../ovsdb/client.ts';
import { OvsdbError } from '../../../ovsdb/errors.ts';
import { OvsdbLock } from '../../../ovsdb/lock.ts';
import type { Session } from '../../../ovsdb/session.ts';
import { openSocket } from '../../../ovsdb/socket.ts';
import { open, type Peer } from './peer.ts';

const LONG = [Number.POSITIVE_INFINITY, 2 ** 31, 1e15];
const PROBED = { requestTimeoutMs: 1, probeIntervalMs: 60_000 };

/** A time that is over when 1 ms is. */
async function timedOut(session: Session, peer: Peer): Promise<void> {
  const outlived = session.request('short', [], { timeoutMs: 1 });
  await expect(outlived).rejects.toMatchObject({ code: 'timed-out' });
  while ((await peer.next()).method !== 'short');
}

describe('times', () => {
  it.each(LONG)('of %d ms are no times of 1 ms', async (timeoutMs) => {
    const { session, peer } = open({ requestTimeoutMs: timeoutMs, probeIntervalMs: timeoutMs });
    const given = session.request('given', [], { timeoutMs });
    const { id } = await peer.next();
    const default_ = session.request('default', []);
    const other = await peer.next();
    await timedOut(session, peer);
    peer.send({ id, result: 1, error: null }, { id: other.id, result: 2, error: null });
    expect(await Promise.all([given, default_])).toEqual([1, 2]);
    expect(session.error).toBeUndefined(); // no probe has ended it
    const refused = openSocket('unix:/nonexistent/socket', { timeoutMs });
    await expect(refused).rejects.toMatchObject({ code: 'refused' });
    expect(backoffMs({ ...DEFAULT_BACKOFF, maxMs: timeoutMs, minMs: timeoutMs }, 1, 0.5)).toBe(2 ** 31 - 1);
  });

  it.each([Number.NaN, -1])('of %d ms are refused', async (ms) => {
    const { session } = open();
    await expect(session.request('a', [], { timeoutMs: ms })).rejects.toMatchObject({ code: 'invalid-use' });
    for (const name of ['requestTimeoutMs', 'probeIntervalMs', 'connectTimeoutMs'])
      expect(() => new OvsdbClient({ endpoint: 'unix:/none', database: 'x', tables: {}, [name]: ms })).toThrow(name);
  });
});

describe('a request whose reply lasts', () => {
  it('has as long as the peer lives, when that is looked at', async () => {
    const { session, peer } = open(PROBED);
    const lasting = session.request('monitor', [], { lasting: true });
    const { id } = await peer.next();
    await timedOut(session, peer);
    peer.send({ id, result: 'late', error: null });
    expect(await lasting).toBe('late');
  });

  it('ends the connection when its time is over and nobody looks', async () => {
    const { session } = open({ requestTimeoutMs: 1, probeIntervalMs: 0 });
    await expect(session.request('monitor', [], { lasting: true })).rejects.toMatchObject({ code: 'timed-out' });
    expect(session.error?.code).toBe('timed-out');
  });

  it('may be that for a lock, which is held when it comes late', async () => {
    const { session, peer } = open(PROBED);
    const lock = new OvsdbLock('l', { release: () => {} });
    lock.attach(session);
    const { id } = await peer.next();
    await timedOut(session, peer);
    peer.send({ id, result: { locked: true }, error: null });
    await lock.acquired();
  });

  it('is not kept by the server for a lock that could not be given back', async () => {
    const { session, peer } = open({ requestsMax: 1 });
    const lock = new OvsdbLock('l', { release: () => {} });
    lock.attach(session);
    peer.send({ id: (await peer.next()).id, result: { locked: true }, error: null });
    await lock.acquired();
    const other = session.request('a', []);
    const ended = expect(other).rejects.toMatchObject({ code: 'connection-lost' });
    await lock[Symbol.asyncDispose]();
    expect(session.error).toBeInstanceOf(OvsdbError);
    await ended;
  });
});

describe('a message that begins and does not end', () => {
  it('ends the connection, though the server may answer probes', async () => {
    const { session, peer } = open({ messageTimeoutMs: 5, probeIntervalMs: 0 });
    const request = session.request('a', []);
    peer.sendText('{"id":1,"result":"');
    await expect(request).rejects.toMatchObject({
      code: 'connection-lost',
      message: expect.stringContaining('has not ended'),
    });
    expect(session.error?.code).toBe('connection-lost');
  });
});

describe('a transaction that is given up', () => {
  it('is cancelled, also when it only waits', async () => {
    const { session, peer } = open();
    const abort = new AbortController();
    const waiting = session.request('transact', ['db', { op: 'wait' }], { signal: abort.signal });
    const { id } = await peer.next();
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
    expect(await peer.next()).toEqual({ method: 'cancel', params: [id], id: null });
  });
});
