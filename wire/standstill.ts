import { keepaliveBoundMs } from './channel-options.ts';

/** How often a process notes that it runs. Woken from a stop, it may read what was sent to it before its timers are asked, or after. */
const noteEveryMs = 500;

/**
 * Notices that this process stood still (stopped, swapped out, its event loop blocked) for longer than a peer that keeps alive waits for it. To be looked at
 * with each message that is read, besides its own timer. Suspend and a stopped virtual machine are not seen: CLOCK_MONOTONIC stands still with them.
 */
export class Standstill implements Disposable {
  readonly #monotonicMs: () => number;
  readonly #onFound: (stoodMs: number) => void;
  readonly #timer: NodeJS.Timeout;
  #ranMs: number;

  constructor(monotonicMs: () => number, onFound: (stoodMs: number) => void) {
    this.#monotonicMs = monotonicMs;
    this.#onFound = onFound;
    this.#ranMs = monotonicMs();
    this.#timer = setInterval(() => this.look(), noteEveryMs);
  }

  look(): void {
    const nowMs = this.#monotonicMs();
    const stoodMs = nowMs - this.#ranMs;
    this.#ranMs = nowMs;
    if (stoodMs > keepaliveBoundMs) this.#onFound(stoodMs);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
