import { type Duplex, duplexPair } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { OvsdbError, type OvsdbErrorCode } from '../../../ovsdb/errors.ts';
import { Session } from '../../../ovsdb/session.ts';
import { open, Peer } from './peer.ts';

async function failure(promise: Promise<unknown>): Promise<OvsdbError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof OvsdbError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}
const code = async (promise: Promise<unknown>): Promise<OvsdbErrorCode> => (await failure(promise)).code;

describe('session', () => {
  it('matches replies to requests, in whatever order they come', async () => {
    const { session, peer } = open();
    const first = session.request('a', []);
    const second = session.request('b', []);
    const [a, b] = [await peer.next(), await peer.next()];
    peer.send({ id: b.id, result: 'B', error: null }, { id: a.id, result: 'A', error: null });
    expect(await Promise.all([first, second])).toEqual(['A', 'B']);
  });

  it('answers an echo at any time', async () => {
    const { peer } = open();
    peer.send({ method: 'echo', params: ['x', 1], id: 'echo' });
    expect(await peer.next()).toEqual({ id: 'echo', result: ['x', 1], error: null });
  });

  it('hands a result over before the notification that came behind it in the same chunk', async () => {
    const [near, far] = duplexPair();
    const order: string[] = [];
    const session = new Session(
      near,
      { notification: (method) => order.push(method), ended: () => {} },
      { probeIntervalMs: 0 },
    );
    onTestFinished(() => session.destroy(new OvsdbError('closed', 'the test is over')));
    const peer = new Peer(far);
    const request = session.request('monitor', [], { onResult: () => order.push('result') });
    const { id } = await peer.next();
    peer.send(
      { method: 'before', params: [], id: null },
      { id, result: {}, error: null },
      { method: 'after', params: [], id: null },
    );
    await request;
    expect(order).toEqual(['before', 'result', 'after']);
  });

  it('reports the server’s words on a refusal', async () => {
    const { session, peer } = open();
    const request = session.request('get_schema', ['nope']);
    const { id } = await peer.next();
    peer.send({ id, result: null, error: { error: 'unknown database', details: 'nope' } });
    expect(await failure(request)).toMatchObject({
      code: 'rpc-error',
      server: { error: 'unknown database', details: 'nope' },
    });
  });

  it('tells apart what is lost from what may have been done', async () => {
    const { session, peer, ended } = open();
    const reading = session.request('get_schema', []);
    const changing = session.request('transact', [], { changes: true });
    await peer.next();
    await peer.next();
    peer.end();
    expect(await code(reading)).toBe('connection-lost');
    expect(await failure(changing)).toMatchObject({ code: 'unknown-outcome', cause: { code: 'connection-lost' } });
    expect(ended).toHaveLength(1);
    expect(await code(session.request('echo', []))).toBe('not-connected');
    await session.closed;
  });

  it('cancels a transaction that was aborted after it was sent, and says that its outcome is unknown', async () => {
    const { session, peer } = open();
    const abort = new AbortController();
    const request = session.request('transact', [], { changes: true, signal: abort.signal });
    const { id } = await peer.next();
    abort.abort(new Error('enough'));
    expect(await failure(request)).toMatchObject({
      code: 'unknown-outcome',
      cause: { code: 'aborted', cause: { message: 'enough' } },
    });
    expect(await peer.next()).toEqual({ method: 'cancel', params: [id], id: null });
    peer.send({ id, result: null, error: 'canceled' }); // comes late and harms nothing
    const next = session.request('echo', []);
    peer.send({ id: (await peer.next()).id, result: [], error: null });
    expect(await next).toEqual([]);
  });

  it('sends nothing for a signal that has fired already', async () => {
    const { session, peer } = open();
    expect(await code(session.request('transact', [], { changes: true, signal: AbortSignal.abort() }))).toBe('aborted');
    const next = session.request('echo', []);
    expect((await peer.next()).method).toBe('echo');
    session.destroy(new OvsdbError('closed', 'over'));
    expect(await code(next)).toBe('closed');
  });

  it('gives up a request without a reply in its time', async () => {
    const { session } = open();
    expect(await code(session.request('get_schema', [], { timeoutMs: 1 }))).toBe('timed-out');
    expect(await failure(session.request('transact', [], { timeoutMs: 1, changes: true }))).toMatchObject({
      code: 'unknown-outcome',
      cause: { code: 'timed-out' },
    });
  });

  it('probes a silent peer and ends when it stays silent', async () => {
    const { session, peer, ended } = open({ probeIntervalMs: 5 });
    expect(await peer.next()).toMatchObject({ method: 'echo', id: 'echo' });
    await session.closed;
    expect(ended[0]).toMatchObject({ code: 'connection-lost' });
  });

  it('bounds the requests without a reply, the queue and a message', async () => {
    const { session } = open({ requestsMax: 1, outboundBytesMax: 200 });
    const first = session.request('a', []);
    expect(await code(session.request('b', []))).toBe('overloaded');
    session.destroy(new OvsdbError('closed', 'over'));
    expect(await code(first)).toBe('closed');

    const stuck = new Session(
      neverDrains(),
      { notification: () => {}, ended: () => {} },
      { probeIntervalMs: 0, outboundBytesMax: 200 },
    );
    expect(await code(stuck.request('a', ['x'.repeat(300)]))).toBe('too-large');
    const queued = stuck.request('a', ['x'.repeat(120)]);
    expect(await code(stuck.request('a', ['x'.repeat(120)]))).toBe('overloaded');
    stuck.destroy(new OvsdbError('closed', 'over'));
    expect(await code(queued)).toBe('closed');
  });

  it('takes what came before garbage, in the same chunk', async () => {
    const { session, peer } = open();
    const done = session.request('transact', [], { changes: true });
    const open2 = session.request('transact', [], { changes: true });
    const { id } = await peer.next();
    peer.sendText(`{"id":${id},"result":["done"],"error":null}nonsense`);
    expect(await done).toEqual(['done']);
    expect(await failure(open2)).toMatchObject({ code: 'unknown-outcome', cause: { code: 'protocol' } });
  });

  it('says that the end came in the middle of a message', async () => {
    const { session, peer } = open();
    const request = session.request('get_schema', []);
    await peer.next();
    peer.sendText('{"id":1,"resu');
    peer.end();
    expect(await failure(request)).toMatchObject({ code: 'connection-lost', message: /middle of a message/ });
  });

  it('answers an echo between the pieces of a reply, and waits on', async () => {
    const { session, peer } = open();
    const request = session.request('a', []);
    const { id } = await peer.next();
    peer.sendText(`{"method":"echo","params":[1],"id":"e"}{"id":${id},"re`);
    expect(await peer.next()).toEqual({ id: 'e', result: [1], error: null });
    peer.sendText('sult":7}');
    expect(await request).toBe(7);
  });

  it('refuses a message over the limit before it has come whole, and counts what it gave up as unanswered', async () => {
    const { session, peer } = open({ messageBytesMax: 1_000, requestsMax: 1 });
    expect(await code(session.request('a', [], { timeoutMs: 1 }))).toBe('timed-out');
    expect(await code(session.request('b', []))).toBe('overloaded');
    peer.send({ id: (await peer.next()).id, result: {}, error: null });
    const next = session.request('c', []);
    expect((await peer.next()).method).toBe('c');
    peer.sendText(`{"id":"${'x'.repeat(2_000)}`); // and never ends
    expect(await code(next)).toBe('too-large');
  });

  it('refuses a message of more values than the limit, however small they are, and counts each message anew', async () => {
    const { session, peer } = open({ messageValuesMax: 10 });
    const few = session.request('a', []);
    peer.send({ id: (await peer.next()).id, result: [1, 2, 3, 4], error: null });
    expect(await few).toEqual([1, 2, 3, 4]);
    const again = session.request('b', []);
    peer.send({ id: (await peer.next()).id, result: [1, 2, 3, 4], error: null });
    expect(await again).toEqual([1, 2, 3, 4]);
    const many = session.request('c', []);
    await peer.next();
    peer.sendText(`{"id":3,"result":[${'{},'.repeat(20)}`); // and never ends
    expect(await code(many)).toBe('too-large');
  });

  it.each([
    ['what is not JSON', '{"a":}', 'protocol'],
    ['a message that is no object', '[]', 'protocol'],
    ['a request without params', '{"method":"x","id":1}', 'protocol'],
    ['a reply that nobody asked for', '{"id":77,"result":{},"error":null}', 'protocol'],
    ['a reply to a probe that was not sent', '{"id":"echo","result":[],"error":null}', 'protocol'],
    ['a reply with both a result and an error', '{"id":1,"result":{},"error":"x"}', 'protocol'],
    ['a reply with neither', '{"id":1,"result":null,"error":null}', 'protocol'],
    ['a reply without an id', '{"id":null,"result":{},"error":null}', 'protocol'],
    ['a member of its own', '{"id":1,"result":{},"x":1}', 'protocol'],
    ['a call with a result', '{"method":"echo","params":[],"id":1,"result":{}}', 'protocol'],
    ['an update without its tables', '{"method":"update","params":["m"],"id":null}', 'protocol'],
    ['an update2 of a list', '{"method":"update2","params":["m",[]],"id":null}', 'protocol'],
    ['an update3 without a transaction', '{"method":"update3","params":["m",{}],"id":null}', 'protocol'],
    ['a lock without a name', '{"method":"locked","params":[1],"id":null}', 'protocol'],
    ['a text at the top', '"x"', 'protocol'],
    ['a number at the top', '7', 'protocol'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 'protocol'],
    ['a message over the limit', `{"a":"${'x'.repeat(100)}"}`, 'too-large'],
  ])('ends on %s', async (_what, text, expected) => {
    const { session, peer } = open({ messageBytesMax: 64 });
    const request = session.request('transact', [], { changes: true });
    peer.sendText(text);
    expect(await failure(request)).toMatchObject({ code: 'unknown-outcome', cause: { code: expected } });
    expect(session.error?.code).toBe(expected);
  });
});

function neverDrains(): Duplex {
  const [near] = duplexPair();
  near.cork(); // what is written stays in the queue
  return near;
}
