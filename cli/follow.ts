import { setTimeout as delay } from 'node:timers/promises';
import { isShuntError } from '../platform/shunt-error.ts';
import type { Context } from './context.ts';

/** How long a watcher looks for a coordinator that went away before it gives up. */
export const lostCoordinatorMaxMs = 120_000;
const retryEveryMs = 500;

/** A stream that can be opened again. */
export interface Followed<T> {
  /** Opens the stream, from where the last one ended. */
  readonly open: (signal: AbortSignal) => AsyncIterable<T>;
  /** Called with each item; true: this is what was waited for. */
  readonly onItem: (item: T) => boolean | Promise<boolean>;
  /** From `--timeout`. */
  readonly timeoutMs?: number;
}

/** `over`: what was waited for came. Otherwise whoever watched left, and what was watched goes on. */
export type FollowEnd = 'over' | 'interrupted' | 'timed-out';

/**
 * Follows a stream until its item says that it is over, Ctrl-C, or the time is up. A coordinator that restarts meanwhile is found again: what it
 * does does not depend on who watches. Throws `coordinator-unavailable` when it does not come back.
 */
export async function follow<T>(context: Context, followed: Followed<T>): Promise<FollowEnd> {
  const limit = followed.timeoutMs === undefined ? undefined : AbortSignal.timeout(followed.timeoutMs);
  const signal = limit ? AbortSignal.any([context.signal, limit]) : context.signal;
  const state: LostState = { lostAtMs: undefined };
  for (;;) {
    try {
      if (await readOnce(signal, followed, state)) return 'over';
    } catch (error) {
      if (context.signal.aborted) return 'interrupted';
      if (limit?.aborted) return 'timed-out';
      rethrowUnlessLost(context, state, error);
    }
    // A stream that ended without what was waited for: the coordinator is stopping.
    await delay(retryEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

interface LostState {
  lostAtMs: number | undefined;
}

async function readOnce<T>(signal: AbortSignal, followed: Followed<T>, state: LostState): Promise<boolean> {
  for await (const item of followed.open(signal)) {
    state.lostAtMs = undefined;
    if (await followed.onItem(item)) return true;
  }
  return false;
}

function rethrowUnlessLost(context: Context, state: LostState, error: unknown): void {
  const lost = isShuntError(error, 'coordinator-unavailable') || isShuntError(error, 'cancelled');
  if (!lost) throw error;
  const nowMs = context.io.nowMs();
  if (state.lostAtMs === undefined) {
    context.io.stderr.write('shunt: the coordinator does not answer; what it began goes on, looking for it\n');
  }
  state.lostAtMs ??= nowMs;
  if (nowMs - state.lostAtMs > lostCoordinatorMaxMs) throw error;
}
