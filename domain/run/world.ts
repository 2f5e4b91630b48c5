import type { JoinedInventory } from '../inventory/joined-inventory.ts';
import type { AttemptState } from '../orders.ts';
import type { Progress } from './progress.ts';

/** What the engine sees besides the ledger: now, and gone with the process. All times on one monotonic clock. */
export interface World {
  readonly nowMs: number;
  /** Wall clock, milliseconds since 1970; only for the ages that people read. Absent: ages of ledger facts are 0. */
  readonly wallMs?: number;
  /** When this coordinator process began to listen. */
  readonly startedMs: number;
  /** Every agent that was ever seen by this process, connected or not. */
  readonly agents: ReadonlyMap<string, AgentView>;
  readonly inventory: JoinedInventory;
  readonly natsConnected: boolean;
  /** The NB replica is complete and connected. */
  readonly nbConnected: boolean;
  readonly progress: Progress;
  /** Highest epoch of which OVN NB shows traces, by system-id. */
  readonly nbEpochs?: ReadonlyMap<string, number>;
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

/** Bounds of the engine; docs/limits.md. */
export const runLimits = {
  /** An agent that is away this long counts as unreachable; shorter absences are restarts. */
  unreachableMs: 30_000,
  /** Beyond its own deadline an unheard-of attempt is unknown. */
  deadlineSlackMs: 5_000,
  /** Tries of one effect, and the pause before the next one (times the tries so far). */
  triesMax: 3,
  retryMs: 1_000,
  /** After its end an attempt counts as where it took its taps this long, for what agents showed may be older. */
  observedWithinMs: 5_000,
  /** A remote baseline older than this is taken again before the grant. */
  baselineFreshMs: 60_000,
  /** Questions a peer asks each guest in one round of probing, and their distance. */
  probeRounds: 5,
  probeIntervalMs: 100,
  /** Rounds of probing after the cut, before it is given up. */
  afterRoundsMax: 3,
  /** Questions to each guest in one more round, if it is inconclusive after those. */
  probeRoundsLonger: 20,
} as const;
