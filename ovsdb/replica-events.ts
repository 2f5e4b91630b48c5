import type { Row, TableName, TableSpecs, Uuid } from './columns.ts';
import type { OvsdbError } from './errors.ts';
import type { MonitorConditions } from './monitor-conditions.ts';

type TypedChange<R extends TableSpecs, K extends TableName<R>> =
  | { readonly kind: 'insert'; readonly table: K; readonly uuid: Uuid; readonly new: Row<R, K> }
  | {
      readonly kind: 'modify';
      readonly table: K;
      readonly uuid: Uuid;
      readonly old: Row<R, K>;
      readonly new: Row<R, K>;
    }
  | { readonly kind: 'delete'; readonly table: K; readonly uuid: Uuid; readonly old: Row<R, K> };

/** One row's change; testing `table` narrows the rows. */
export type Change<R extends TableSpecs> = { [K in TableName<R>]: TypedChange<R, K> }[TableName<R>];

export type ReplicaEvent<R extends TableSpecs> =
  | {
      readonly type: 'changes';
      readonly source: 'initial' | 'update' | 'resync';
      readonly changes: readonly Change<R>[];
      readonly transaction?: Uuid;
    }
  /** `resumed`: went on after the last transaction known; else all was read anew and the difference came before. */
  | { readonly type: 'synced'; readonly resumed: boolean }
  | { readonly type: 'lost'; readonly error: OvsdbError };

export interface ReplicaOptions<R extends TableSpecs> {
  /**
   * Rows to be replicated, by table: those for which any of the conditions holds; all where nothing is said. `monitor` alone
   * cannot filter: `unsupported` then.
   */
  readonly where?: MonitorConditions<R>;
}

/** What a replica needs of its client. */
export interface ReplicaOwner {
  readonly database: string;
  readonly monitorId: string;
  release(): void;
}
