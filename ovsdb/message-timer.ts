import { startTimer } from './timer.ts';

/** Watches that an inbound message which has begun also ends. */
export class MessageTimer {
  readonly #limitMs: number;
  readonly #onLate: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(limitMs: number, onLate: () => void) {
    this.#limitMs = limitMs;
    this.#onLate = onLate;
  }

  /** `held`: a message has begun and not ended. `ended`: another one has since the last call, so what is held now began after that. */
  update(held: boolean, ended: boolean): void {
    if (held && !ended && this.#timer !== undefined) return;
    this.stop();
    if (held) this.#timer = startTimer(this.#onLate, this.#limitMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
