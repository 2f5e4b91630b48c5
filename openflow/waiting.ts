import { OpenFlowError } from './openflow-error.ts';

export interface WaitOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

interface Waiter<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: OpenFlowError) => void;
}

const waitersMax = 1024;

/** Requests that wait for an answer, by their number: each settles once, by answer, time, signal or the connection's end. */
export class WaitingRequests<T> {
  readonly #waiters = new Map<number, Waiter<T>>();

  get size(): number {
    return this.#waiters.size;
  }

  /** Numbers of those that wait, in the order they were sent. */
  numbers(): IterableIterator<number> {
    return this.#waiters.keys();
  }

  wait(
    number: number,
    what: string,
    options: { readonly signal: AbortSignal | undefined; readonly timeoutMs: number },
  ): Promise<T> {
    if (options.signal?.aborted) return Promise.reject(aborted(what, options.signal));
    if (this.#waiters.size >= waitersMax) {
      return Promise.reject(new OpenFlowError('not-connected', `${what}: ${waitersMax} requests wait already`));
    }
    return new Promise<T>((resolve, reject) => {
      const settle = (): void => {
        this.#waiters.delete(number);
        clearTimeout(timer);
        options.signal?.removeEventListener('abort', onAbort);
      };
      const onAbort = (): void => {
        settle();
        reject(aborted(what, options.signal));
      };
      const timer = setTimeout(() => {
        settle();
        reject(new OpenFlowError('timed-out', `${what}: no answer in ${options.timeoutMs} ms`));
      }, options.timeoutMs);
      options.signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiters.set(number, {
        resolve: (value) => {
          settle();
          resolve(value);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
    });
  }

  /** False when nobody waits for it (any more). */
  resolve(number: number, value: T): boolean {
    const waiter = this.#waiters.get(number);
    waiter?.resolve(value);
    return waiter !== undefined;
  }

  reject(number: number, error: OpenFlowError): boolean {
    const waiter = this.#waiters.get(number);
    waiter?.reject(error);
    return waiter !== undefined;
  }

  rejectAll(error: OpenFlowError): void {
    for (const waiter of [...this.#waiters.values()]) waiter.reject(error);
  }
}

function aborted(what: string, signal: AbortSignal | undefined): OpenFlowError {
  return new OpenFlowError('aborted', what, { cause: signal?.reason });
}
