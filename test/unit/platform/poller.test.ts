import koffi from 'koffi';
import { describe, expect, it } from 'vitest';
import { libc } from '../../../platform/native/libc.ts';
import { Poller } from '../../../platform/native/poller.ts';

const library = koffi.load('libc.so.6');
const eventfd = library.func('int eventfd(uint, int)');
const write = library.func('long write(int, const void *, size_t)');
const read = library.func('long read(int, void *, size_t)');
const one = new BigUint64Array([1n]);

describe('Poller', () => {
  it('calls while there is something to read, and no more once disposed', async () => {
    const fd = eventfd(0, 0o4000) as number;
    await using poller = Poller.open();
    let calls = 0;
    const third = Promise.withResolvers<void>();
    const registration = poller.register(fd, () => {
      calls += 1; // not read: called again
      if (calls === 3) third.resolve();
    });
    write(fd, one, 8);
    await third.promise;
    registration[Symbol.dispose]();
    const seen = calls;
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toBe(seen);
    libc().close(fd);
  });

  it('runs what a callback promised without waiting for anything else', async () => {
    const fd = eventfd(0, 0o4000) as number;
    await using poller = Poller.open();
    const order: string[] = [];
    const done = Promise.withResolvers<void>();
    using _ = poller.register(fd, () => {
      read(fd, new BigUint64Array(1), 8);
      queueMicrotask(() => {
        order.push('promised');
        done.resolve();
      });
    });
    write(fd, one, 8);
    await done.promise; // nothing else runs in this loop: without help the job would wait for ever
    expect(order).toEqual(['promised']);
    libc().close(fd);
  });

  it('makes what a callback throws an uncaught exception', async () => {
    const fd = eventfd(0, 0o4000) as number;
    await using poller = Poller.open();
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const caught = new Promise<unknown>((resolve) => process.once('uncaughtException', resolve));
    using _ = poller.register(fd, () => {
      read(fd, new BigUint64Array(1), 8);
      throw new Error('planted');
    });
    write(fd, one, 8);
    expect(await caught).toMatchObject({ message: 'planted' });
    for (const listener of listeners) process.on('uncaughtException', listener);
    libc().close(fd);
  });
});
