import { isShuntError, type ShuntError } from '../../platform/shunt-error.ts';

/**
 * Whether the ledger takes entries. One that fails and is whole (a full disk) is borne: the fault is remembered, and cleared by the first use that
 * works. One whose content nobody knows is told to `onFatal`, wherever it shows.
 */
export class LedgerHealth {
  readonly #onFatal: (error: unknown) => void;
  #fault: ShuntError | undefined;

  constructor(onFatal: (error: unknown) => void) {
    this.#onFatal = onFatal;
  }

  /** Why the ledger does not take entries, while it does not. */
  get fault(): ShuntError | undefined {
    return this.#fault;
  }

  async use<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      this.#fault = undefined;
      return result;
    } catch (error) {
      if (isShuntError(error)) this.#fault = error;
      if (isDead(error)) this.#onFatal(error);
      throw error;
    }
  }

  /** True when it did not take entries, and this work shows that it does again. Throws only what was told to `onFatal`. */
  async recovers(work: () => Promise<unknown>): Promise<boolean> {
    if (this.#fault === undefined) return false;
    try {
      await this.use(work);
      return true;
    } catch (error) {
      if (isDead(error)) throw error;
      return false; // as before: told when it began
    }
  }
}

/** The outcome of a write is unknown: what the ledger holds has to be read anew. */
function isDead(error: unknown): boolean {
  return isShuntError(error, 'ledger-failed') && error.detail['reason'] === 'dead';
}
