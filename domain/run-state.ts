import type { ErrorCode } from './errors.ts';
import type { Finding, HoldReason } from './findings.ts';
import type { ShuntPlace } from './network-model.ts';
import type { Direction, Method, Phase } from './phases.ts';
import type { Blackout } from './probes.ts';
import type { Operation } from './rewire/places.ts';

export type WaveState = 'pending' | 'running' | 'paused' | 'done' | 'aborted';

/** How an attempt ended. `blocked`: refused before anything was touched. */
export type Outcome = 'committed' | 'reverted' | 'blocked' | 'stuck';

/** One attempt as the ledger knows it. */
export interface AttemptRecord {
  readonly systemId: string;
  readonly hostname: string;
  readonly epoch: number;
  /** Absent: `cut`. */
  readonly operation?: Operation;
  readonly direction: Direction;
  /** Absent: `direct`. */
  readonly method?: Method;
  /** Absent for attempts outside a run (`shunt host revert`). */
  readonly runId?: string;
  readonly wave?: number;
  /** Newest phase the agent reported. */
  readonly phase: Phase;
  readonly outcome?: Outcome;
  readonly why?: string;
  readonly code?: ErrorCode;
  readonly openedAt: string;
  readonly closedAt?: string;
  readonly blackouts: readonly Blackout[];
  readonly repair: readonly string[];
}

/** One run of one plan. */
export interface RunView {
  readonly id: string;
  readonly planId: string;
  readonly planName: string;
  readonly state: WaveState;
  readonly pausedWhy?: string;
  readonly errors: number;
  readonly errorBudget: number;
  /** The last wave that the run may start: it is over, for whoever waits, when this one is. */
  readonly throughWave?: number;
  readonly waves: readonly WaveView[];
}

export interface WaveView {
  readonly number: number;
  readonly state: WaveState;
  /** What each hypervisor does, in this order. Absent: `cut`. */
  readonly operations?: readonly Operation[];
  /** Absent: `forward`. */
  readonly direction?: Direction;
  /** All move at once. */
  readonly together?: boolean;
  readonly hosts: readonly WaveHostView[];
}

export interface WaveHostView {
  readonly systemId: string;
  readonly hostname: string;
  /** The one it is at, or was last at. Absent: `cut`. */
  readonly operation?: Operation;
  /** Its newest attempt in this wave, if any was opened. */
  readonly attempt?: AttemptRecord;
}

/** One line of `shunt why`: a condition that is not met, with its evidence. */
export interface UnmetCondition {
  readonly kind: string;
  readonly message: string;
  readonly evidence: string;
  /** Age of the evidence in milliseconds. */
  readonly ageMs: number;
}

/** Where a tap is, in one word. */
export type TapPlugWord = 'legacy' | ShuntPlace | 'target' | 'none';
/** Where the taps of a hypervisor are; `mixed`: not all in one place. */
export type HostPlug = TapPlugWord | 'mixed' | 'unknown';

/** A hypervisor as `shunt host list|show` prints it. */
export interface HostView {
  readonly systemId: string;
  readonly hostname: string;
  readonly connected: boolean;
  readonly mode: 'passive' | 'active' | 'unknown';
  readonly agentVersion: string;
  readonly lastSeenAt?: string;
  readonly plug: HostPlug;
  readonly taps: readonly HostTapView[];
  readonly attempt?: AttemptRecord;
  readonly findings: readonly Finding[];
  readonly holds: readonly HoldReason[];
}

export interface HostTapView {
  readonly tap: string;
  readonly plug: TapPlugWord;
  readonly bridge: string;
  readonly portId?: string;
  readonly networkId?: string;
  readonly mac?: string;
  readonly ips: readonly string[];
  /** `ovn-installed`, for taps on the target. */
  readonly installed: boolean;
}
