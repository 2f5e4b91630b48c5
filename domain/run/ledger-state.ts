import type { ErrorCode } from '../errors.ts';
import type { TapTarget } from '../network-model.ts';
import type { Plan } from '../plan.ts';
import type { ProbeResult } from '../probes.ts';
import type { AttemptRecord } from '../run-state.ts';

/** What the whole ledger says, folded. Replaying the ledger gives exactly the live value. */
export interface LedgerState {
  /** Sequence number of the last entry applied; 0 for an empty ledger. The next append must carry `seq + 1`. */
  readonly seq: number;
  readonly plans: ReadonlyMap<string, Plan>;
  readonly runs: ReadonlyMap<string, RunRecord>;
  /** By system-id; only hypervisors that ever had an attempt. */
  readonly hosts: ReadonlyMap<string, HostAttempts>;
  /** System-ids with an attempt that is not closed. */
  readonly open: ReadonlySet<string>;
  /** System-ids whose newest attempt ended stuck and was not repaired since. */
  readonly stuck: ReadonlySet<string>;
  /** It was restored from a backup, and nobody has compared it with the agents since. */
  readonly restored?: { readonly at: string; readonly from: string };
  /** Hypervisors that were not heard of when the ledger was reconciled, nor have given anything to the ledger since. */
  readonly unheard: ReadonlySet<string>;
  /** Attempts ever closed: a generation number for clean-up after them. */
  readonly closedCount: number;
}

export interface HostAttempts {
  readonly systemId: string;
  readonly hostname: string;
  /** Highest epoch ever given to this hypervisor. */
  readonly epoch: number;
  /** Newest first; beyond `attemptsKept` only the newest of each operation of each run's waves is remembered. */
  readonly attempts: readonly [Attempt, ...Attempt[]];
}

/** An attempt with what only the engine needs of it. */
export interface Attempt extends AttemptRecord {
  readonly planId: string;
  /** What it moves, fixed when it was opened. */
  readonly taps: readonly TapTarget[];
  /** The grant to cut was written: from here on traffic may have been touched. */
  readonly granted: boolean;
  /** When that was, by the wall clock. */
  readonly grantedAt?: string;
  readonly commitGranted: boolean;
  /** What the remote vantage saw before the grant. */
  readonly baseline: readonly ProbeResult[];
  /** Somebody, or the judge, wants it to go back. */
  readonly revertWhy?: string;
  readonly revertCode?: ErrorCode;
  /** It was stuck, and is not any more: its agent looked, or (`gone`) somebody said that the hypervisor is no more. */
  readonly resolved?: 'looked' | 'gone';
  /** It committed although it was to go back (`why` says how), and nobody has accepted that by resuming its run. */
  readonly disputed?: true;
  /** It had committed, and somebody took it back at the hypervisor itself. */
  readonly undoneByHand?: true;
}

export interface RunRecord {
  readonly id: string;
  readonly planId: string;
  readonly startedBy: string;
  readonly startedAt: string;
  /** Waves beyond this one wait for `run-extended`. */
  readonly throughWave: number;
  readonly control: 'running' | 'paused' | 'aborted';
  readonly pausedWhy?: string;
  /** When `control` last changed. */
  readonly controlAt: string;
  /** Hypervisor -> its newest epoch when the retry was asked for; a newer attempt uses it up. */
  readonly retries: ReadonlyMap<string, number>;
  /** Hypervisors left out on purpose -> why. */
  readonly left: ReadonlyMap<string, string>;
  /** Operations for which there was nothing to do, by `skipKey`. */
  readonly skipped: ReadonlySet<string>;
  /** Hypervisors whose trouble the operator accepted by resuming: they do not count against the budget again. */
  readonly acknowledged: ReadonlySet<string>;
}

export const emptyLedger: LedgerState = {
  seq: 0,
  plans: new Map(),
  runs: new Map(),
  hosts: new Map(),
  open: new Set(),
  stuck: new Set(),
  unheard: new Set(),
  closedCount: 0,
};

/** Attempts remembered a hypervisor, besides the newest of each run's operations; older ones stay in the ledger only. */
export const attemptsKept = 16;

export function newestAttempt(state: LedgerState, systemId: string): Attempt | undefined {
  return state.hosts.get(systemId)?.attempts[0];
}

/**
 * The newest ones, and of each run its newest of each operation at this hypervisor however old it is: a run whose attempt was forgotten
 * would look as if it had never begun there, and begin again.
 */
export function remembered(attempts: readonly Attempt[]): readonly Attempt[] {
  const seen = new Set<string>();
  return attempts.filter((attempt, index) => {
    const key = `${attempt.runId}/${attempt.wave}/${attempt.operation}`;
    const newest = attempt.runId !== undefined && !seen.has(key);
    seen.add(key);
    return newest || index < attemptsKept - 1;
  });
}
