import { type Clock, sleep } from '../../platform/clock.ts';
import { isShuntError } from '../../platform/shunt-error.ts';

/** After a guest was announced where it is now, each time once more. */
const lastAfterMs = 250;
const afterMs = [10, 30, 80, lastAfterMs] as const;
const lookEveryMs = 5;

interface Confirmation {
  readonly announce: () => void;
  readonly sinceMs: number;
  told: number;
}

/**
 * Announces guests some more times after their cut. A frame of theirs that a switch has read at their old place before may be worked off after the
 * announcement, and teach the old place again: until the guest speaks, or OVN tells by itself two seconds later, nothing would find it.
 */
export class Confirmations implements Disposable {
  readonly #clock: Clock;
  readonly #open = new Map<string, Confirmation>();
  #timer: NodeJS.Timeout | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** This guest was announced just now, and is to be again. */
  add(tap: string, announce: () => void): void {
    this.#open.set(tap, { announce, sinceMs: this.#clock.monotonicMs(), told: 0 });
    this.#timer ??= setInterval(() => this.#look(), lookEveryMs);
  }

  /** Until all are told as often as they are to be. */
  async finished(signal: AbortSignal): Promise<void> {
    while (this.#open.size > 0) await sleep(lookEveryMs, signal);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#open.clear();
  }

  #look(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [tap, confirmation] of this.#open) {
      const dueMs = afterMs[confirmation.told] ?? lastAfterMs;
      if (nowMs - confirmation.sinceMs < dueMs) continue;
      confirmation.told += 1;
      bestEffort(confirmation.announce);
      if (confirmation.told >= afterMs.length) this.#open.delete(tap);
    }
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** The switch may go away: its guests were announced once, and whoever waits for the flows hears of it. */
function bestEffort(announce: () => void): void {
  try {
    announce();
  } catch (error) {
    if (!isShuntError(error)) throw error;
  }
}
