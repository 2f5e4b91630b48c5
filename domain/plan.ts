import type { HoldReason } from './findings.ts';
import type { NetworkTarget, TapTarget } from './network-model.ts';
import type { CommitOn, Method } from './phases.ts';

/** What the operator asks for: the YAML of `shunt plan create`, decoded. */
export interface PlanSpec {
  readonly version: 1;
  readonly name: string;
  readonly method: Method;
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
