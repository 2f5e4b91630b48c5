import type { Finding } from '../domain/findings.ts';
import type { AttemptState } from '../domain/orders.ts';
import { ShuntError } from '../platform/shunt-error.ts';
import { readTroubles, type Trouble, troubleText } from './journal/troubles.ts';

export interface LeftBehindOptions {
  readonly stateDir: string;
  readonly systemId: string;
  /** Epoch of the attempt that this agent has taken up, and answers for. */
  readonly own: () => number | undefined;
}

/** Attempts of this host that never came to rest and that nobody is at: nothing new begins before an operator's word on them. */
export class LeftBehind {
  readonly #options: LeftBehindOptions;
  #troubles: readonly Trouble[] = [];

  constructor(options: LeftBehindOptions) {
    this.#options = options;
  }

  /** Reads the journals anew. */
  look(): readonly Trouble[] {
    const own = this.#options.own();
    this.#troubles = readTroubles(this.#options.stateDir).filter(({ epoch }) => epoch !== own);
    return this.#troubles;
  }

  /** They hold the hypervisor for as long as they stand. */
  get findings(): readonly Finding[] {
    return this.#troubles.map((trouble) => ({
      kind: trouble.state === 'unreadable' ? 'journal-torn' : 'attempt-unresolved',
      severity: 'error',
      host: this.#options.systemId,
      message: troubleText(trouble),
    }));
  }

  /**
   * What is told of attempt `epoch`, if it is among them: without a word of it, who ordered it would take it for one that was never begun. Which way it
   * led is in its journal alone.
   */
  told(epoch: number): AttemptState | undefined {
    const trouble = this.#troubles.find((one) => one.epoch === epoch);
    if (trouble === undefined) return undefined;
    const code = trouble.state === 'stuck' ? 'stuck' : 'records-corrupt';
    const nothing = { baseline: [], blackouts: [], repair: [] };
    return {
      epoch,
      phase: 'stuck',
      direction: 'forward',
      method: 'direct',
      code,
      why: troubleText(trouble),
      ...nothing,
    };
  }

  /** Fails with `wrong-state` where there are any. */
  refuseWhileAny(): void {
    const [first] = this.look();
    if (first !== undefined) throw new ShuntError('wrong-state', `nothing new begins here: ${troubleText(first)}`);
  }
}
