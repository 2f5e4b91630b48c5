import { Listeners } from '../../ovsdb/listeners.ts';
import type { LockState } from '../../ovsdb/lock.ts';

/** What becomes of this agent's lock, over thefts, lost connections and the lock objects that are made for it anew. */
export class LockWatch {
  readonly stolen = new Listeners<undefined>();
  /** Held again. True: somebody else was seen to have it meanwhile; false: nobody was, which after a lost connection proves nothing. */
  readonly returned = new Listeners<boolean>();
  #thefts = 0;
  #wasHeld = false;
  #wasTaken = false;

  get thefts(): number {
    return this.#thefts;
  }

  see(state: LockState): void {
    switch (state.kind) {
      case 'held':
        this.#held();
        return;
      case 'lost':
        if (state.why !== 'stolen') return;
        this.#wasTaken = true;
        this.#thefts += 1;
        this.stolen.emit(undefined);
        return;
      case 'waiting':
        if (state.queued) this.#wasTaken = true;
        return;
      case 'released':
        return;
    }
  }

  #held(): void {
    const [again, taken] = [this.#wasHeld, this.#wasTaken];
    this.#wasHeld = true;
    this.#wasTaken = false;
    if (again) this.returned.emit(taken);
  }
}
