import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OvsdbClient } from '../../../ovsdb/client.ts';
import { parseEndpoint } from '../../../ovsdb/endpoint.ts';
import { OvsdbError, type OvsdbErrorCode } from '../../../ovsdb/errors.ts';
import { parseRemotes, RemoteRing } from '../../../ovsdb/remotes.ts';

function codeOf(act: () => unknown): OvsdbErrorCode | undefined {
  try {
    act();
  } catch (error) {
    if (error instanceof OvsdbError) return error.code;
    throw error;
  }
  return undefined;
}

describe('an endpoint', () => {
  it.each([
    ['unix:/run/db.sock', { kind: 'unix', path: '/run/db.sock' }],
    ['tcp:127.0.0.1:6641', { kind: 'tcp', host: '127.0.0.1', port: 6641 }],
    ['tcp:127.0.0.1', { kind: 'tcp', host: '127.0.0.1', port: 6640 }],
    ['tcp:[::1]:6641', { kind: 'tcp', host: '::1', port: 6641 }],
    ['ssl:nb.example:6641', { kind: 'ssl', host: 'nb.example', port: 6641 }],
    ['ssl:[fe80::1%eth0]', { kind: 'ssl', host: 'fe80::1%eth0', port: 6640 }],
  ])('is read from %s', (text, endpoint) => {
    expect(parseEndpoint(text)).toEqual(endpoint);
  });

  it.each([
    'tcp:h:70000',
    'tcp:h:0',
    'tcp:::1:6640',
    'tcp:',
    'unix:',
    '/run/db.sock',
    'http:h:80',
    'pssl:6640',
    'tcp:a b:1',
  ])('is refused: %s', (text) => {
    expect(codeOf(() => parseEndpoint(text))).toBe('invalid-use');
  });
});

describe('remotes', () => {
  it('are read from one text, a list, or one text with commas', () => {
    expect(parseRemotes('unix:/a,b/db.sock')).toEqual(['unix:/a,b/db.sock']);
    expect(parseRemotes('ssl:a:6641,ssl:b:6641, tcp:[::1]:6641')).toEqual([
      'ssl:a:6641',
      'ssl:b:6641',
      'tcp:[::1]:6641',
    ]);
    expect(parseRemotes(['tcp:a:1', 'tcp:b:1,tcp:a:1'])).toEqual(['tcp:a:1', 'tcp:b:1']);
  });

  it('are refused when there is none, too many, or one that cannot be read', () => {
    const many = Array.from({ length: 65 }, (_, n) => `tcp:h${n}:1`);
    for (const endpoints of [[], '', 'tcp:a:1,', 'tcp:a:1,bad:b', many]) {
      expect(codeOf(() => parseRemotes(endpoints))).toBe('invalid-use');
    }
  });

  it('make a client fail at once when they cannot be used', () => {
    const options = { database: 'OVN_Northbound', tables: {} };
    expect(codeOf(() => new OvsdbClient({ ...options, endpoint: 'nowhere' }))).toBe('invalid-use');
    expect(codeOf(() => new OvsdbClient({ ...options, endpoint: 'tcp:a:1,ssl:b:1' }))).toBe('invalid-use');
  });

  it('are each tried once a round, in an order that random gives', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }), { minLength: 1, maxLength: 8 }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        (ports, random) => {
          const [first = '', ...others] = ports.map((port) => `tcp:h:${port}`);
          const ring = new RemoteRing([first, ...others], () => random.next().value as number); // the stream never ends
          for (const _round of [1, 2]) {
            const tried: string[] = [];
            let over = false;
            while (!over) {
              tried.push(ring.current);
              over = ring.failed(new OvsdbError('refused', 'no'));
            }
            expect(tried.toSorted()).toEqual([first, ...others].toSorted());
            expect(ring.endRound().code).toBe('refused');
          }
        },
      ),
    );
  });

  it('are shuffled: every order comes about', () => {
    const orders = new Set<string>();
    for (let a = 0; a < 1; a += 0.3) {
      for (let b = 0; b < 1; b += 0.3) {
        const numbers = [a, b];
        const ring = new RemoteRing(['tcp:a:1', 'tcp:b:1', 'tcp:c:1'], () => numbers.shift() ?? 0);
        const order = [1, 2, 3].map(() => {
          const { current } = ring;
          ring.failed(new OvsdbError('refused', 'no'));
          return current;
        });
        orders.add(order.join());
      }
    }
    expect(orders.size).toBe(6);
  });

  it('report together why none can be used; what an operator can mend comes first', () => {
    const ring = new RemoteRing(['tcp:a:1', 'tcp:b:1', 'tcp:c:1'], () => 0.999);
    ring.failed(new OvsdbError('refused', 'nobody there'));
    ring.failed(new OvsdbError('tls-untrusted', 'expired'));
    ring.failed(new OvsdbError('not-leader', 'a follower'));
    const error = ring.endRound();
    expect(error.code).toBe('tls-untrusted');
    expect(error.message).toBe(
      'none of 3 remotes can be used: tcp:a:1: nobody there; tcp:b:1: expired; tcp:c:1: a follower',
    );
  });

  it('count as failed only since the last good connection', () => {
    const ring = new RemoteRing(['tcp:a:1', 'tcp:b:1'], () => 0.999);
    expect(ring.failed(new OvsdbError('refused', 'no'))).toBe(false);
    ring.succeeded();
    expect(ring.failed(new OvsdbError('connection-lost', 'gone'))).toBe(false);
    expect(ring.failed(new OvsdbError('refused', 'no'))).toBe(true);
  });
});
