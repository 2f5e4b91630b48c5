import koffi from 'koffi';

type PollHandle = ReturnType<typeof koffi.node.poll>;

/**
 * Brings raw descriptors (packet sockets, netlink) into node's own event loop: uv_poll through koffi, so no thread and no polling.
 * Whoever registers a descriptor disposes the registration before closing the descriptor.
 */
export class Poller implements AsyncDisposable {
  readonly #registrations = new Set<Registration>();
  #closed = false;

  static open(): Poller {
    return new Poller();
  }

  /**
   * Calls `onReadable` whenever `fd` has something to read, again and again until it was read (level-triggered), or has an error
   * pending. What it throws becomes an uncaught exception. The process stays alive while a descriptor is registered.
   */
  register(fd: number, onReadable: () => void): Disposable {
    if (this.#closed) throw new TypeError('the poller is closed');
    const registration = new Registration(fd, onReadable, () => this.#registrations.delete(registration));
    this.#registrations.add(registration);
    return registration;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const registration of [...this.#registrations]) registration[Symbol.dispose]();
  }
}

class Registration implements Disposable {
  readonly #onReadable: () => void;
  readonly #forget: () => void;
  #handle: PollHandle | undefined;

  constructor(fd: number, onReadable: () => void, forget: () => void) {
    this.#onReadable = onReadable;
    this.#forget = forget;
    this.#handle = koffi.node.poll(fd, { readable: true }, (status: unknown) => this.#ready(status));
  }

  [Symbol.dispose](): void {
    this.#handle?.close();
    this.#handle = undefined;
    this.#forget();
  }

  /**
   * libuv stops watching a descriptor that has an error pending, and says so by a status below zero (koffi's types leave that first argument
   * out). Reading the error clears it, so we watch on: a link that went down, a netlink queue that overflowed.
   */
  #ready(status: unknown): void {
    this.#readable();
    const failed = typeof status === 'number' && status < 0;
    if (failed) this.#handle?.start({ readable: true }, (again: unknown) => this.#ready(again));
  }

  /**
   * koffi calls us straight from libuv, outside node's callback scope: promise jobs that the callback queued would wait for whatever
   * runs next, and an exception would vanish. An immediate runs right after the poll phase, and repairs both.
   */
  #readable(): void {
    try {
      this.#onReadable();
      setImmediate(runPromiseJobs);
    } catch (error) {
      setImmediate(() => {
        throw error;
      });
    }
  }
}

function runPromiseJobs(): void {
  // Nothing to do: node runs ticks and promise jobs after every immediate.
}
