import { readFileSync } from 'node:fs';
import { ShuntError } from './shunt-error.ts';

/** One moment, as seen by three clocks: which boot, CLOCK_MONOTONIC in ms (fractional), wall clock in ms since 1970. */
export interface Instant {
  readonly bootId: string;
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** A moment in the future. It counts by the monotonic clock; the wall clock is there for people who read it. */
export type Deadline = Instant;

export interface Clock {
  readonly bootId: string;
  /** CLOCK_MONOTONIC: the same in every process of this boot, stands still in suspend, never steps. */
  monotonicNs(): bigint;
  monotonicMs(): number;
  wallMs(): number;
  now(): Instant;
}

function readBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'ascii').trim();
}

function createSystemClock(): Clock {
  let bootId: string | undefined;
  const clock: Clock = {
    get bootId() {
      bootId ??= readBootId();
      return bootId;
    },
    monotonicNs: () => process.hrtime.bigint(),
    monotonicMs: () => Number(process.hrtime.bigint()) / 1e6,
    wallMs: () => Date.now(),
    now: () => ({ bootId: clock.bootId, monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() }),
  };
  return clock;
}

export const systemClock: Clock = createSystemClock();

/** The deadline `durationMs` after `now`. */
export function deadlineAfter(durationMs: number, now: Instant): Deadline {
  return { bootId: now.bootId, monotonicMs: now.monotonicMs + durationMs, wallMs: now.wallMs + durationMs };
}

/**
 * Milliseconds left, negative when past. After another boot the monotonic clock started anew and the wall clock may not
 * have been set yet: such a deadline counts as expired (0), because going back is the safe side.
 */
export function remainingMs(deadline: Deadline, now: Instant): number {
  return deadline.bootId === now.bootId ? deadline.monotonicMs - now.monotonicMs : 0;
}

/** Waits; rejects with `cancelled` as soon as the signal aborts. */
export function sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(cancelled(signal));
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(cancelled(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, durationMs);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

function cancelled(signal: AbortSignal | undefined): ShuntError {
  return new ShuntError('cancelled', 'waiting', { cause: signal?.reason });
}

/** A signal that aborts with `signal`, or after `timeoutMs`, whichever is first. */
export function withTimeout(signal: AbortSignal | undefined, timeoutMs: number): AbortSignal {
  const timeout = AbortSignal.timeout(timeoutMs);
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
}
