import type { ErrorCode } from './errors.ts';
import type { Goal } from './goals.ts';
import type { SourceKind } from './network-model.ts';
import type { Method } from './phases.ts';
import type { Operation, TapPlace } from './rewire/places.ts';

export type Severity = 'info' | 'warning' | 'error';

export type FindingKind =
  | 'tap-without-port'
  | 'port-without-tap'
  | 'port-on-two-hypervisors'
  | 'mac-mismatch'
  | 'network-mismatch'
  | 'requested-chassis-elsewhere'
  | 'mtu-mismatch'
  | 'no-uplink'
  | 'no-provider-leg'
  | 'link-down'
  | 'no-answer'
  | 'foreign-iface-id'
  | 'service-port'
  | 'own-address'
  | 'probe-address-taken'
  | 'chassis-missing'
  | 'tap-replugged'
  | 'tap-gone'
  | 'journal-torn'
  /** Somebody ended what was to take an open attempt back. */
  | 'dead-man-gone'
  /** An attempt that never came to rest, or whose journal cannot be read: nothing new begins before an operator's word. */
  | 'attempt-unresolved'
  | 'reports-dropped'
  | 'address-unknown'
  /** It is in another place than its order says, or in none that can be named. */
  | 'tap-elsewhere'
  /** This tap cannot have a shunt on this host. */
  | 'shunt-refused'
  | 'shunt-half-made'
  | 'overlay-barrier'
  /** Somebody undid again and again what the guard put back: it has stopped. */
  | 'guard-gave-up'
  /** Somebody else changed rows or links of a tap that is ours to keep, and it was not put back. */
  | 'foreign-writer'
  /** An agent of the legacy world works on plugs that are ours now. */
  | 'legacy-agent-awake'
  /** Open connections that the side that takes over does not know. */
  | 'connections-left'
  /** The kernel's table of connections has no room to spare. */
  | 'conntrack-full';

/** Something seen that somebody must know. `error` findings hold the hypervisor. */
export interface Finding {
  readonly kind: FindingKind;
  readonly severity: Severity;
  /** Hypervisor system-id, when it is about one. */
  readonly host?: string;
  readonly tap?: string;
  readonly portId?: string;
  readonly networkId?: string;
  /** What was seen and what to do, for people. */
  readonly message: string;
}

/** A typed reason why a hypervisor is not planned, or why a step does not start now. */
export type HoldReason =
  | { readonly kind: 'opted-out'; readonly by: string }
  | { readonly kind: 'agent-not-connected' }
  | { readonly kind: 'agent-passive' }
  | { readonly kind: 'chassis-missing' }
  | { readonly kind: 'no-taps' }
  | { readonly kind: 'finding'; readonly finding: Finding }
  | { readonly kind: 'service-port'; readonly networkId: string; readonly port: string }
  | { readonly kind: 'overlay-needs-staging'; readonly networkId: string }
  | { readonly kind: 'already-on-target' }
  | { readonly kind: 'open-attempt'; readonly epoch: number }
  | { readonly kind: 'stuck'; readonly epoch: number }
  | { readonly kind: 'fleet-stuck'; readonly host: string }
  | { readonly kind: 'wave-full'; readonly open: number; readonly maxOpen: number }
  | { readonly kind: 'zone-full'; readonly zone: string; readonly open: number; readonly cap: number }
  | { readonly kind: 'run-paused'; readonly why: string }
  | { readonly kind: 'earlier-wave'; readonly wave: number }
  | { readonly kind: 'not-approved' }
  | { readonly kind: 'reports-down' }
  | { readonly kind: 'no-peer'; readonly networkId: string }
  | { readonly kind: 'not-included' }
  | { readonly kind: 'nb-down' }
  | { readonly kind: 'inventory-missing' }
  | { readonly kind: 'wave-not-started'; readonly wave: number; readonly throughWave: number }
  | { readonly kind: 'needs-retry'; readonly epoch: number; readonly outcome: 'reverted' | 'blocked' }
  /** After a restart: an attempt opened before it must be resolved first. */
  | { readonly kind: 'resolving'; readonly host: string }
  /** Since the plan was made a planned tap was joined with another port or network. */
  | { readonly kind: 'plan-outdated'; readonly tap: string }
  /** Its taps are where the plan would take them, or beyond. */
  | { readonly kind: 'at-goal'; readonly goal: Goal }
  /** That source cannot be moved by that method. */
  | { readonly kind: 'method-refused'; readonly tap: string; readonly source: SourceKind; readonly method: Method }
  /** A planned tap is not where its next operation begins. */
  | { readonly kind: 'tap-elsewhere'; readonly tap: string; readonly place: TapPlace; readonly needs: TapPlace }
  /** An overlay of which the plan moves only a part: `host` has guests on it that stay. */
  | { readonly kind: 'overlay-incomplete'; readonly networkId: string; readonly host: string }
  /**
   * The rest of an overlay is not where this operation needs it, or nobody knows where it is; `others`: more hypervisors like `host`.
   */
  | {
      readonly kind: 'overlay-barrier';
      readonly networkId: string;
      readonly operation: Operation;
      readonly host: string;
      readonly place: TapPlace | 'unknown';
      readonly others: number;
    }
  /** The ledger knows less than `hosts` agents, or was restored: nothing is started or ordered before `shunt reconcile`. */
  | { readonly kind: 'ledger-behind'; readonly hosts: number; readonly why: string }
  /** The wave moves as one, and that member cannot. */
  | { readonly kind: 'wave-together'; readonly wave: number; readonly host: string; readonly why: string };

/** A refusal is data: the agent or coordinator did nothing, and says why. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
}
