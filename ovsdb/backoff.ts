import { TIMER_MS_MAX } from './timer.ts';

/** Delays between attempts to connect: `minMs`, then `factor` times as long each time up to `maxMs`, spread by `jitter`. */
export interface BackoffPolicy {
  readonly minMs: number;
  readonly maxMs: number;
  readonly factor: number;
  /** 0.2 spreads a delay evenly over 80 to 120 %. */
  readonly jitter: number;
}

export const DEFAULT_BACKOFF: BackoffPolicy = { minMs: 50, maxMs: 5_000, factor: 2, jitter: 0.2 };

/** The delay before attempt `attempt + 1`, when `attempt` (from 1) has failed; `random` is in [0, 1). */
export function backoffMs(policy: BackoffPolicy, attempt: number, random: number): number {
  const base = Math.min(policy.maxMs, policy.minMs * policy.factor ** Math.min(attempt - 1, 64));
  return Math.min(base * (1 - policy.jitter + 2 * policy.jitter * random), TIMER_MS_MAX);
}
