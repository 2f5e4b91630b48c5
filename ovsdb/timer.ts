import { OvsdbError } from './errors.ts';

/** The longest that a timer can be set to; beyond it, Node would take 1 ms. */
export const TIMER_MS_MAX = 2 ** 31 - 1;

/** Calls `run` once; never for Infinity. What is longer than 24.8 days ends there. */
export function startTimer(run: () => void, ms: number): NodeJS.Timeout | undefined {
  return ms === Number.POSITIVE_INFINITY ? undefined : setTimeout(run, Math.min(ms, TIMER_MS_MAX));
}

/** A time that one may wait: from 0 to Infinity. @throws OvsdbError `invalid-use` */
export function checkDuration(name: string, ms: number | undefined): void {
  if (ms !== undefined && !(ms >= 0))
    throw new OvsdbError('invalid-use', `${name} is ${ms}, not a time in milliseconds`);
}
