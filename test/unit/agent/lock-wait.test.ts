import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { waitForLock } from '../../../agent/host/lock-wait.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('an agent that waits for its lock', () => {
  const told: string[] = [];
  beforeEach(() => void told.splice(0));
  const logger = {
    debug: () => undefined,
    warn: (_about: unknown, text?: string) => void told.push(`log ${text}`),
    info: (text: unknown) => void told.push(`log ${String(text)}`),
  };
  const status = (text: string) => void told.push(`status ${text}`);
  const wait = (take: () => Promise<void>) =>
    waitForLock({ lockName: 'shunt', stateDir: '/var/lib/shunt/agent', take, logger, status });

  it('says nothing where it has it soon', async () => {
    await wait(() => Promise.resolve());
    vi.runAllTimers();
    expect(told).toEqual([]);
  });

  it('says once who may have it, and what to look at, where that takes long; and that it has it', async () => {
    const lock = Promise.withResolvers<void>();
    const waiting = wait(() => lock.promise);
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual([
      expect.stringMatching(/^log waiting: a dead man.*ps -eo pid.*\/var\/lib\/shunt\/agent/),
      expect.stringMatching(/^status waiting: a dead man/),
    ]);
    lock.resolve();
    await waiting;
    expect(told.at(-1)).toBe('log got the lock shunt');
  });

  it('says nothing more where it is stopped meanwhile', async () => {
    await expect(wait(() => Promise.reject(new Error('stopped')))).rejects.toThrow('stopped');
    vi.runAllTimers();
    expect(told).toEqual([]);
  });
});
