import { readClaims } from '../journal/claims.ts';
import type { PlugGuard } from './plug-guard.ts';

interface JournaledClaimsOptions {
  readonly stateDir: string;
  readonly guard: Pick<PlugGuard, 'keep' | 'checkAll'>;
  /** Taps of an attempt that is under way or stuck: nobody can say where they belong. */
  readonly unsettled: () => readonly string[];
}

/** Has the guard keep what the journals of this host claim. */
export class JournaledClaims {
  readonly #options: JournaledClaimsOptions;
  #kept: string | undefined;

  constructor(options: JournaledClaimsOptions) {
    this.#options = options;
  }

  /** Reads them anew. */
  keep(): void {
    this.#read(() => true);
  }

  /** The same, but taps that the guard let go of stay so where the journals say nothing new. */
  renew(): void {
    this.#read((kept) => kept !== this.#kept);
  }

  #read(isToKeep: (kept: string) => boolean): void {
    const { stateDir, guard, unsettled } = this.#options;
    const claims = new Map(readClaims(stateDir));
    for (const tap of unsettled()) claims.delete(tap);
    const kept = JSON.stringify([...claims].map(([tap, { epoch, place, doubted }]) => [tap, epoch, place, doubted]));
    if (isToKeep(kept)) guard.keep(claims);
    else guard.checkAll();
    this.#kept = kept;
  }
}
