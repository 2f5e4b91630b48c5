import { abortedError } from './errors.ts';

/** Option of whatever waits. */
export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Who wants to hear of something. Delivery is synchronous and in order of subscription. */
export class Listeners<E> {
  readonly #listeners = new Set<(event: E) => void>();

  subscribe(listener: (event: E) => void): Disposable {
    const own = (event: E): void => listener(event); // so that one function may subscribe twice
    this.#listeners.add(own);
    return { [Symbol.dispose]: () => void this.#listeners.delete(own) };
  }

  emit(event: E): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        throwLater(error);
      }
    }
  }
}

/** A caller's bug must not leave our own state half-way; it surfaces as an uncaught exception. */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

/** Resolves with the first value that `check` gives, looked at now and after each event; rejects when it throws, or on abort. */
export function until<V>(
  listeners: { subscribe(listener: () => void): Disposable },
  what: string,
  check: () => V | undefined,
  wait: WaitOptions = {},
): Promise<V> {
  const { signal } = wait;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortedError(signal, what));
    const look = (): boolean => {
      try {
        const value = check();
        if (value === undefined) return false;
        resolve(value);
      } catch (error) {
        reject(error);
      }
      return true;
    };
    if (look()) return;
    const onAbort = (): void => {
      subscription[Symbol.dispose]();
      reject(abortedError(signal as AbortSignal, what)); // only ever registered on a signal
    };
    const subscription = listeners.subscribe(() => {
      if (!look()) return;
      subscription[Symbol.dispose]();
      signal?.removeEventListener('abort', onAbort);
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** What a predicate has found. */
export function given<V>(value: V | undefined | null | false): V | undefined {
  return value === null || value === false ? undefined : value;
}
