import type { Uuid } from './columns.ts';
import type { AnyRow } from './table-reader.ts';

/**
 * The rows of one table as they were at one moment, while the table itself goes on. Costs nothing to make; the table notes here
 * what each row was before its first change since, until the next version is made or nobody holds this one any more. A version
 * reads through to the next one and at last to the table. Looking at all rows makes a copy of them once.
 */
export class TableVersion implements ReadonlyMap<Uuid, AnyRow> {
  readonly size: number;
  /** What was, by row changed since; undefined for one that was not there. */
  readonly #before = new Map<Uuid, AnyRow | undefined>();
  #next: TableVersion | ReadonlyMap<Uuid, AnyRow>;
  /** All rows, once somebody has looked at all. */
  #copy: ReadonlyMap<Uuid, AnyRow> | undefined;

  constructor(live: ReadonlyMap<Uuid, AnyRow>) {
    this.#next = live;
    this.size = live.size;
  }

  /** True while the table is what this version is. */
  get current(): boolean {
    return this.#copy === undefined && this.#before.size === 0 && !(this.#next instanceof TableVersion);
  }

  /** The table is about to change this row. */
  note(uuid: Uuid, before: AnyRow | undefined): void {
    if (this.#copy === undefined && !this.#before.has(uuid)) this.#before.set(uuid, before);
  }

  /** A newer version takes over the noting. */
  supersede(next: TableVersion): void {
    if (this.#copy === undefined) this.#next = next;
  }

  get(uuid: Uuid): AnyRow | undefined {
    if (this.#copy !== undefined) return this.#copy.get(uuid);
    this.#shorten();
    const before = this.#before.get(uuid);
    return before !== undefined || this.#before.has(uuid) ? before : this.#next.get(uuid);
  }

  has(uuid: Uuid): boolean {
    return this.get(uuid) !== undefined;
  }

  forEach(callback: (row: AnyRow, uuid: Uuid, map: ReadonlyMap<Uuid, AnyRow>) => void, thisArg?: unknown): void {
    for (const [uuid, row] of this.#all()) callback.call(thisArg, row, uuid, this);
  }

  entries(): MapIterator<[Uuid, AnyRow]> {
    return this.#all().entries();
  }

  keys(): MapIterator<Uuid> {
    return this.#all().keys();
  }

  values(): MapIterator<AnyRow> {
    return this.#all().values();
  }

  [Symbol.iterator](): MapIterator<[Uuid, AnyRow]> {
    return this.entries();
  }

  #all(): ReadonlyMap<Uuid, AnyRow> {
    if (this.#copy !== undefined) return this.#copy;
    this.#shorten();
    const copy = new Map(this.#next);
    for (const [uuid, row] of this.#before) {
      if (row === undefined) copy.delete(uuid);
      else copy.set(uuid, row);
    }
    this.#before.clear();
    this.#next = copy; // lets go of newer versions
    this.#copy = copy;
    return copy;
  }

  /** Takes in the notes of versions that note no more, so that an old version does not read through all that came after it. */
  #shorten(): void {
    while (this.#next instanceof TableVersion && this.#next.#next instanceof TableVersion) {
      const next: TableVersion = this.#next;
      for (const [uuid, row] of next.#before) if (!this.#before.has(uuid)) this.#before.set(uuid, row);
      this.#next = next.#next;
    }
  }
}
