import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeFileAtomic, writeFileAtomicSync } from '../../../platform/atomic-file.ts';
import { Backoff } from '../../../platform/backoff.ts';
import { deadlineAfter, type Instant, remainingMs, sleep, systemClock } from '../../../platform/clock.ts';
import { Mailbox } from '../../../platform/mailbox.ts';
import { FileLock } from '../../../platform/native/flock.ts';
import { describeError, isShuntError, ShuntError } from '../../../platform/shunt-error.ts';

describe('ShuntError', () => {
  it('tells the whole chain of causes once each', () => {
    const root = new Error('ENOENT');
    const middle = new ShuntError('io-failed', 'opening the journal', { cause: root });
    const error = new ShuntError('journal-failed', 'arming', { cause: middle, detail: { tap: 'tap1' } });
    expect(describeError(error)).toBe('arming: opening the journal: ENOENT');
    expect(isShuntError(error, 'journal-failed')).toBe(true);
    expect(isShuntError(error, 'io-failed')).toBe(false);
    expect(error.detail).toEqual({ tap: 'tap1' });
  });
});

describe('deadlines', () => {
  const now: Instant = { bootId: 'a', monotonicMs: 1_000, wallMs: 5_000_000 };

  it('count by the monotonic clock, whatever the wall clock does', () => {
    const deadline = deadlineAfter(300, now);
    expect(remainingMs(deadline, { ...now, monotonicMs: 1_100, wallMs: 0 })).toBe(200);
    expect(remainingMs(deadline, { ...now, monotonicMs: 1_400 })).toBe(-100);
  });

  it('have expired after another boot', () => {
    expect(remainingMs(deadlineAfter(1e9, now), { ...now, bootId: 'b', monotonicMs: 0 })).toBe(0);
  });

  it('use the clock that other processes of this boot see', () => {
    const uptimeMs = Number(readFileSync('/proc/uptime', 'ascii').split(' ')[0]) * 1000;
    expect(systemClock.bootId).toMatch(/^[0-9a-f-]{36}$/);
    expect(systemClock.now().monotonicMs).toBeLessThanOrEqual(uptimeMs + 60_000);
  });

  it('waiting ends with the signal', async () => {
    const controller = new AbortController();
    const waiting = sleep(1_000_000, controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    await expect(sleep(1_000_000, controller.signal)).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('Backoff', () => {
  it('grows to its bound and begins anew after a success', () => {
    const backoff = new Backoff({ firstMs: 10, maxMs: 50, random: () => 1 });
    expect([1, 2, 3, 4, 5].map(() => backoff.nextMs())).toEqual([10, 20, 40, 50, 50]);
    backoff.reset();
    expect(backoff.nextMs()).toBe(10);
    expect(new Backoff({ firstMs: 10, maxMs: 50, random: () => 0 }).nextMs()).toBe(5);
  });
});

describe('Mailbox', () => {
  it('handles one at a time, in order, and goes on after a failure', async () => {
    const log: string[] = [];
    let inside = 0;
    await using mailbox = new Mailbox<number>({
      capacity: 10,
      handle: async (item) => {
        inside += 1;
        expect(inside).toBe(1);
        await Promise.resolve();
        inside -= 1;
        if (item === 2) throw new Error('two');
        log.push(`handled ${item}`);
      },
      onError: (error, item) => log.push(`failed ${item}: ${describeError(error)}`),
    });
    for (const item of [1, 2, 3]) expect(mailbox.post(item)).toBe(true);
    expect(log).toEqual([]);
    await mailbox.idle();
    expect(log).toEqual(['handled 1', 'failed 2: two', 'handled 3']);
  });

  it('says no when it is full or closed, and handles what is in it before it ends', async () => {
    const handled: number[] = [];
    const mailbox = new Mailbox<number>({ capacity: 2, handle: (n) => void handled.push(n), onError: () => undefined });
    expect([mailbox.post(1), mailbox.post(2), mailbox.post(3)]).toEqual([true, true, false]);
    await mailbox[Symbol.asyncDispose]();
    expect(handled).toEqual([1, 2]);
    expect(mailbox.post(4)).toBe(false);
  });

  it('keeps order over many rounds of posting from inside', async () => {
    const handled: number[] = [];
    const mailbox: Mailbox<number> = new Mailbox({
      capacity: 4,
      handle: (n) => {
        handled.push(n);
        if (n < 5_000) mailbox.post(n + 1);
      },
      onError: () => undefined,
    });
    mailbox.post(1);
    await mailbox.idle();
    expect(handled.length).toBe(5_000);
    expect(handled.at(-1)).toBe(5_000);
  });
});

describe('files', () => {
  it('are replaced whole, with the mode asked for, and nothing else is left', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'pf-files-'));
    try {
      const path = join(dir, 'state');
      writeFileAtomicSync(path, 'one');
      writeFileSync(`${path}.new`, 'left by a crash');
      await writeFileAtomic(path, 'two', { mode: 0o640 });
      expect(readFileSync(path, 'utf8')).toBe('two');
      expect(existsSync(`${path}.new`)).toBe(false);
      expect(statSync(path).mode & 0o777).not.toBe(0);
      await expect(writeFileAtomic(join(dir, 'no/such'), 'x')).rejects.toMatchObject({ code: 'io-failed' });
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it('are locked by one at a time', () => {
    const dir = mkdtempSync(join(tmpdir(), 'pf-lock-'));
    try {
      const first = FileLock.tryAcquire(join(dir, 'lock'));
      expect(first).toBeDefined();
      expect(FileLock.tryAcquire(join(dir, 'lock'))).toBeUndefined();
      first?.[Symbol.dispose]();
      using again = FileLock.tryAcquire(join(dir, 'lock'));
      expect(again).toBeDefined();
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
