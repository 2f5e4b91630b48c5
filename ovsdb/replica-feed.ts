import type { TableSpecs, Uuid } from './columns.ts';
import { Listeners } from './listeners.ts';
import type { Change, ReplicaEvent } from './replica-events.ts';
import type { AnyChange } from './updates.ts';

/** The events of one replica: one after the other for every listener, also when a listener causes the next, and none after the last. */
export class ReplicaFeed<R extends TableSpecs> {
  /** After every event, and at the end: when waiters look again. */
  readonly turns = new Listeners<void>();
  readonly #listeners = new Listeners<ReplicaEvent<R>>();
  readonly #due: ReplicaEvent<R>[] = [];
  #delivering = false;
  #ended = false;

  subscribe(listener: (event: ReplicaEvent<R>) => void): Disposable {
    return this.#listeners.subscribe(listener);
  }

  emitChanges(
    source: 'initial' | 'update' | 'resync',
    changes: readonly AnyChange[],
    transaction: Uuid | undefined,
  ): void {
    if (changes.length === 0) return;
    const typed = changes as readonly unknown[] as readonly Change<R>[]; // rows are read by the declaration that types them
    this.emit({ type: 'changes', source, changes: typed, ...(transaction === undefined ? {} : { transaction }) });
  }

  emit(event: ReplicaEvent<R>): void {
    if (this.#ended) return;
    this.#due.push(event);
    if (this.#delivering) return;
    this.#delivering = true;
    for (let due = this.#due.shift(); due !== undefined; due = this.#due.shift()) {
      this.#listeners.emit(due);
      this.turns.emit();
    }
    this.#delivering = false;
  }

  /** Nothing is emitted any more but what is due. */
  end(): void {
    this.#ended = true;
  }
}
