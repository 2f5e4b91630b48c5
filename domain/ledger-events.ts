import type { ErrorCode } from './errors.ts';
import type { TapTarget } from './network-model.ts';
import type { Direction, Phase, Rest } from './phases.ts';
import type { Plan } from './plan.ts';
import type { Blackout, ProbeResult } from './probes.ts';
import type { Operation } from './rewire/places.ts';
import type { Outcome } from './run-state.ts';

/** What the ledger keeps. Only facts that a restarted coordinator needs; additive only, `format` 1. */
export type LedgerEvent =
  | { readonly type: 'plan-created'; readonly plan: Plan }
  | { readonly type: 'plan-approved'; readonly planId: string; readonly by: string; readonly hash: string }
  | {
      readonly type: 'run-started';
      readonly runId: string;
      readonly planId: string;
      readonly by: string;
      readonly throughWave: number;
    }
  /** Allows the run to go on through a further wave (`wave start --wave N`, `--all`). */
  | { readonly type: 'run-extended'; readonly runId: string; readonly by: string; readonly throughWave: number }
  | { readonly type: 'run-paused'; readonly runId: string; readonly by: string; readonly why: string }
  /** `acknowledged`: unreachable hypervisors that the operator accepts by resuming; failed ones are accepted anyway. */
  | {
      readonly type: 'run-resumed';
      readonly runId: string;
      readonly by: string;
      readonly acknowledged?: readonly string[];
    }
  | { readonly type: 'run-aborted'; readonly runId: string; readonly by: string }
  | { readonly type: 'retry-requested'; readonly runId: string; readonly systemId: string; readonly by: string }
  /** This run goes on without that hypervisor. */
  | {
      readonly type: 'host-left';
      readonly runId: string;
      readonly systemId: string;
      readonly by: string;
      readonly why: string;
    }
  /** There was nothing to do at that hypervisor for this operation of this wave. */
  | {
      readonly type: 'operation-skipped';
      readonly runId: string;
      readonly wave: number;
      readonly systemId: string;
      readonly operation: Operation;
      readonly why: string;
    }
  | {
      readonly type: 'revert-requested';
      readonly systemId: string;
      readonly epoch: number;
      readonly by: string;
      readonly why: string;
      /** The judge's reason in one word; absent: an operator's wish. */
      readonly code?: ErrorCode;
    }
  /** Written before anything is sent to the agent: gives the epoch. */
  | {
      readonly type: 'attempt-opened';
      readonly systemId: string;
      readonly hostname: string;
      readonly epoch: number;
      /** Absent: `cut`. */
      readonly operation?: Operation;
      readonly direction: Direction;
      readonly planId: string;
      readonly runId?: string;
      readonly wave?: number;
      /** What this attempt moves; absent: the planned taps. */
      readonly taps?: readonly TapTarget[];
    }
  /** Written before the grant to cut is sent: from here on traffic may have been touched. `baseline`: the remote vantage's. */
  | {
      readonly type: 'attempt-granted';
      readonly systemId: string;
      readonly epoch: number;
      readonly baseline?: readonly ProbeResult[];
    }
  | {
      readonly type: 'attempt-phase';
      readonly systemId: string;
      readonly epoch: number;
      readonly phase: Phase;
      readonly why?: string;
      readonly code?: ErrorCode;
    }
  /** Written before the word to commit is sent. */
  | { readonly type: 'commit-granted'; readonly systemId: string; readonly epoch: number }
  | {
      readonly type: 'attempt-closed';
      readonly systemId: string;
      readonly epoch: number;
      readonly outcome: Outcome;
      readonly why?: string;
      readonly code?: ErrorCode;
      /** It had committed, and its agent took it back of its own accord; absent: somebody did, on the host itself. */
      readonly byAgent?: true;
      readonly blackouts: readonly Blackout[];
      readonly repair: readonly string[];
    }
  /** The first entry after a backup was put in the place of the ledger. Until `ledger-reconciled` the coordinator is read-only. */
  | { readonly type: 'ledger-restored'; readonly by: string; readonly from: string }
  /** What the agents knew more is in the ledger now. `unheard`: hypervisors of the ledger whose agents could not be asked. */
  | {
      readonly type: 'ledger-reconciled';
      readonly by: string;
      readonly why: string;
      readonly unheard: readonly string[];
    }
  /** An attempt that a lost part of the ledger gave, as the agent tells it, which has come to rest. `taps`: those that are where it led. */
  | {
      readonly type: 'attempt-adopted';
      readonly systemId: string;
      readonly hostname: string;
      readonly epoch: number;
      readonly by: string;
      readonly operation?: Operation;
      readonly direction: Direction;
      /** Absent: none that the ledger has. */
      readonly planId?: string;
      readonly taps: readonly TapTarget[];
      readonly outcome: Outcome;
      readonly why?: string;
      readonly code?: ErrorCode;
      readonly blackouts: readonly Blackout[];
      readonly repair: readonly string[];
    }
  /**
   * A stuck attempt was repaired, and its agent found every tap at rest. `rest` absent: the hypervisor is gone for good, and nobody was
   * asked.
   */
  | {
      readonly type: 'host-resolved';
      readonly systemId: string;
      readonly epoch: number;
      readonly by: string;
      readonly why: string;
      readonly outcome: 'committed' | 'reverted';
      readonly rest?: Rest;
    };

/** An event with its place in the ledger. */
export interface LedgerEntry {
  /** 1-based, without gaps; also the compare-and-append key. */
  readonly seq: number;
  /** ISO 8601, the coordinator's wall clock; for people, never for decisions. */
  readonly at: string;
  readonly event: LedgerEvent;
}
