/** Wakes whoever waits for the next change. Changes between two waits are one: look at the state, not at the number. */
export class ChangeSignal {
  #waiting = Promise.withResolvers<void>();
  #version = 0;

  get version(): number {
    return this.#version;
  }

  notify(): void {
    this.#version += 1;
    this.#waiting.resolve();
    this.#waiting = Promise.withResolvers<void>();
  }

  /** Resolves once `version` is beyond `seen`, or the signal aborts: look which. */
  async after(seen: number, signal: AbortSignal): Promise<void> {
    if (this.#version > seen || signal.aborted) return;
    const aborted = Promise.withResolvers<void>();
    const onAbort = (): void => aborted.resolve();
    signal.addEventListener('abort', onAbort, { once: true });
    await Promise.race([this.#waiting.promise, aborted.promise]);
    signal.removeEventListener('abort', onAbort);
  }
}
