import type { JoinedInventory } from '../inventory/joined-inventory.ts';
import type { AttemptState } from '../orders.ts';
import type { Progress } from './progress.ts';

/** What the engine sees besides the ledger: now, and gone with the process. All times on one monotonic clock. */
export interface World {
  readonly nowMs: number;
  /** When this coordinator process began to listen. */
  readonly startedMs: number;
  /** Every agent that was ever seen by this process, connected or not. */
  readonly agents: ReadonlyMap<string, AgentView>;
  readonly inventory: JoinedInventory;
  readonly natsConnected: boolean;
  /** The NB replica is complete and connected. */
  readonly nbConnected: boolean;
  readonly progress: Progress;
}

export interface AgentView {
  readonly systemId: string;
  readonly hostname: string;
  readonly connected: boolean;
  /** Counts streams in this process, a new number for each; orders are repeated on a new stream. */
  readonly connection: number;
  /** When `connected` last changed. */
  readonly sinceMs: number;
  readonly mode: 'passive' | 'active';
  readonly version: string;
  readonly highestEpoch: number;
  /** Newest attempt the agent told of; undefined when its journal has none. */
  readonly attempt?: AttemptState;
  /** ISO 8601 of its newest message, for people. */
  readonly lastSeenAt?: string;
}
