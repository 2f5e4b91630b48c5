/**
 * A bounded queue with one consumer: event callbacks post, one loop handles in order, one at a time. Nothing is dropped in
 * silence: `post` says false when the box is full or closed, and the caller decides what that means.
 */
export class Mailbox<T> implements AsyncDisposable {
  readonly #capacity: number;
  readonly #handle: (item: T) => Promise<void> | void;
  readonly #onError: (error: unknown, item: T) => void;
  #items: T[] = [];
  #head = 0;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(options: {
    readonly capacity: number;
    readonly handle: (item: T) => Promise<void> | void;
    /** Told each error of `handle`; the loop goes on with the next item. */
    readonly onError: (error: unknown, item: T) => void;
  }) {
    this.#capacity = options.capacity;
    this.#handle = options.handle;
    this.#onError = options.onError;
  }

  /** Items waiting, without the one that is being handled. */
  get size(): number {
    return this.#items.length - this.#head;
  }

  post(item: T): boolean {
    if (this.#closed || this.size >= this.#capacity) return false;
    this.#items.push(item);
    this.#running ??= this.#drain();
    return true;
  }

  /** Resolves when nothing waits and nothing is being handled. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Takes nothing more, handles what is in it, then resolves. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.idle();
  }

  async #drain(): Promise<void> {
    await undefined; // never handle inside post(): the poster may be in the middle of a change of its own
    while (this.#head < this.#items.length) {
      const item = this.#items[this.#head] as T; // head < length on the line above
      this.#advance();
      try {
        await this.#handle(item);
      } catch (error) {
        this.#onError(error, item);
      }
    }
    this.#running = undefined;
  }

  #advance(): void {
    this.#head += 1;
    if (this.#head < 1024 && this.#head < this.#items.length) return;
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }
}
