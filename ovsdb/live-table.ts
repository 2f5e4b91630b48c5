import type { Uuid } from './columns.ts';
import type { AnyRow } from './table-reader.ts';
import { TableVersion } from './table-version.ts';
import type { AnyChange } from './updates.ts';

/** Follows the rows of one table, change by change. */
export interface RowFollower {
  change(old: AnyRow | undefined, row: AnyRow | undefined): void;
}

/** One table of a replica: the rows, the indexes kept over them, and the versions of them that snapshots hold. */
export class LiveTable {
  readonly rows = new Map<Uuid, AnyRow>();
  readonly #followers = new Set<RowFollower>();
  /** Weak: a version that nobody holds need not be told of changes. */
  #newest: WeakRef<TableVersion> | undefined;

  /** Makes these changes, all of this table. */
  apply(change: AnyChange): void {
    const { uuid } = change;
    const old = change.kind === 'insert' ? undefined : change.old;
    const row = change.kind === 'delete' ? undefined : change.new;
    if (this.#newest !== undefined) this.#note(this.#newest, uuid, old);
    if (row === undefined) this.rows.delete(uuid);
    else this.rows.set(uuid, row);
    for (const follower of this.#followers) follower.change(old, row);
  }

  /** The rows as they are now, for good. */
  version(): ReadonlyMap<Uuid, AnyRow> {
    const newest = this.#newest?.deref();
    if (newest?.current) return newest;
    const version = new TableVersion(this.rows);
    newest?.supersede(version);
    this.#newest = new WeakRef(version);
    return version;
  }

  /** Begins to tell `follower` of every change, after all rows that are there. */
  follow(follower: RowFollower): Disposable {
    for (const row of this.rows.values()) follower.change(undefined, row);
    this.#followers.add(follower);
    return { [Symbol.dispose]: () => void this.#followers.delete(follower) };
  }

  #note(newest: WeakRef<TableVersion>, uuid: Uuid, old: AnyRow | undefined): void {
    const version = newest.deref();
    if (version === undefined) this.#newest = undefined;
    else version.note(uuid, old);
  }
}
