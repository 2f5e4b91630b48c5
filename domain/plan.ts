import type { HoldReason } from './findings.ts';
import type { Goal } from './goals.ts';
import type { NetworkTarget, TapTarget } from './network-model.ts';
import type { CommitOn, Direction, Method } from './phases.ts';
import type { Operation } from './rewire/places.ts';

/** Another method for some taps. An empty list of globs is any. */
export interface MethodRule {
  /** Globs over hostname or system-id. */
  readonly hosts: readonly string[];
  /** Globs over a network's id or name. */
  readonly networks: readonly string[];
  readonly method: Method;
}

/** Which taps of a hypervisor a plan moves. An empty list of globs is any. */
export interface Slice {
  /** Globs over project ids. */
  readonly projects: readonly string[];
  /** Globs over a network's id or name. */
  readonly networks: readonly string[];
}

/** What the operator asks for: the YAML of `shunt plan create`, decoded. */
export interface PlanSpec {
  readonly version: 1;
  readonly name: string;
  readonly method: Method;
  /** The first that fits a tap decides; else `method`. */
  readonly methods?: readonly MethodRule[];
  /** Absent: all taps. */
  readonly slice?: Slice;
  /** Absent: `target`. */
  readonly goal?: Goal;
  /** Globs over hostname or system-id. */
  readonly include: readonly string[];
  /** Opt-outs: globs; those hosts are held, never silently left out. */
  readonly exclude: readonly string[];
  /** Goes first, alone. Absent: the host with the smallest blast radius. */
  readonly canary?: string;
  /** Hypervisors a wave, after the canary's own wave; 1..500. */
  readonly waveSize: number;
  /** Cutovers open at one moment. */
  readonly maxOpen: number;
  /** Failed, unreachable and unknown hosts that a run bears before it pauses; 0 pauses at the first. */
  readonly errorBudget: number;
  /** Zone (rack, availability zone) of a host: zone name -> globs. */
  readonly zones: Readonly<Record<string, readonly string[]>>;
  /** Cutovers open at one moment in one zone; absent: no cap. */
  readonly zoneCap?: number;
  /** From arming to automatic revert, milliseconds; >= 2,000. */
  readonly deadlineMs: number;
  readonly soakMs: number;
  readonly commitOn: CommitOn;
  readonly batchSize: number;
  /** `required` (the default): no cutover without a peer that can probe. `when-available`: the local verdict may do. */
  readonly remoteVantage?: 'required' | 'when-available';
  /** Commit a hypervisor none of whose guests ever answered to anything. Default false. */
  readonly acceptNoEvidence?: boolean;
}

/** A frozen plan. Canonical JSON of everything but `approvals` is hashed; approvals sign the hash. */
export interface Plan {
  readonly id: string;
  readonly hash: string;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly spec: PlanSpec;
  readonly waves: readonly PlannedWave[];
  readonly held: readonly HeldHost[];
  readonly approvals: readonly Approval[];
}

export interface PlannedWave {
  /** 1-based. */
  readonly number: number;
  readonly canary: boolean;
  /** What each hypervisor does, in this order; those that have no tap for it skip it. Absent: `cut`. */
  readonly operations?: readonly Operation[];
  /** Absent: `forward`. */
  readonly direction?: Direction;
  /** All are prepared before any is granted, and all are granted at once. Caps do not hold it. */
  readonly together?: boolean;
  readonly hosts: readonly PlannedHost[];
}

export interface PlannedHost {
  readonly systemId: string;
  readonly hostname: string;
  readonly zone?: string;
  readonly taps: readonly TapTarget[];
  readonly networks: readonly NetworkTarget[];
}

export interface HeldHost {
  readonly systemId: string;
  readonly hostname: string;
  readonly holds: readonly HoldReason[];
}

export interface Approval {
  readonly by: string;
  readonly at: string;
  readonly hash: string;
}
