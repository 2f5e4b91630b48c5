/** Growing pauses between retries, with jitter so that a fleet does not come back in step. */
export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  readonly #factor: number;
  readonly #random: () => number;
  #attempt = 0;

  constructor(options: {
    readonly firstMs: number;
    readonly maxMs: number;
    readonly factor?: number;
    /** Uniform in [0, 1); for tests. */
    readonly random?: () => number;
  }) {
    this.#firstMs = options.firstMs;
    this.#maxMs = options.maxMs;
    this.#factor = options.factor ?? 2;
    this.#random = options.random ?? Math.random;
  }

  /** The next pause: between half and all of min(first * factor^n, max). */
  nextMs(): number {
    const ceiling = Math.min(this.#firstMs * this.#factor ** this.#attempt, this.#maxMs);
    if (ceiling < this.#maxMs) this.#attempt += 1;
    return ceiling * (0.5 + this.#random() / 2);
  }

  /** To be called after a success. */
  reset(): void {
    this.#attempt = 0;
  }
}
