import { unsentMessagesMax } from './channel-options.ts';

/** The part of a gRPC stream that writes. */
interface Writes<M> {
  write(message: M, done: (error?: Error | null) => void): boolean;
}

/** Counts what was handed to a stream and not yet sent: gRPC itself would buffer without end for a peer that does not read. */
export class UnsentLimit<M> {
  readonly #stream: Writes<M>;
  readonly #onFull: () => void;
  #unsent = 0;

  constructor(stream: Writes<M>, onFull: () => void) {
    this.#stream = stream;
    this.#onFull = onFull;
  }

  /** False: the peer does not read, and `onFull` was told. */
  write(message: M): boolean {
    if (this.#unsent >= unsentMessagesMax) {
      this.#onFull();
      return false;
    }
    this.#unsent += 1;
    this.#stream.write(message, () => {
      this.#unsent -= 1;
    });
    return true;
  }
}
