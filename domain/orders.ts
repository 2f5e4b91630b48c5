import type { ErrorCode } from './errors.ts';
import type { Finding } from './findings.ts';
import type { LegacyBridgeFacts, NetworkTarget, TapFacts, TapTarget } from './network-model.ts';
import type { CommitOn, Direction, Method, Phase, Rest } from './phases.ts';
import type { Blackout, ProbeResult, Verdict } from './probes.ts';
import type { Operation } from './rewire/places.ts';

/** What a hypervisor's agent says of itself when its stream opens. */
export interface AgentHello {
  readonly site: string;
  readonly systemId: string;
  readonly hostname: string;
  readonly version: string;
  readonly bootId: string;
  readonly mode: 'passive' | 'active';
  /** Highest epoch the agent ever accepted; lower ones are refused. 0 when none. */
  readonly highestEpoch: number;
  /** The newest attempt in its journal, open or at rest. */
  readonly attempt?: AttemptState;
}

/** What the agent observes; sent after hello and after each change (coalesced, at most one in 200 ms). */
export interface HostInventory {
  readonly taps: readonly TapFacts[];
  readonly bridges: readonly LegacyBridgeFacts[];
  readonly findings: readonly Finding[];
  /** ovn-controller has registered the chassis and installed its flows (local view). */
  readonly chassisReady: boolean;
  readonly ovsVersion: string;
  readonly datapathType: string;
}

/** State of one attempt; the agent sends it at each phase change and on reconnect. */
export interface AttemptState {
  readonly epoch: number;
  readonly phase: Phase;
  /** Absent: `cut`. */
  readonly operation?: Operation;
  readonly direction: Direction;
  readonly method: Method;
  /** Why it reverted or got stuck, for people. */
  readonly why?: string;
  readonly code?: ErrorCode;
  /** Milliseconds until the agent goes back by itself; absent when nothing is due. */
  readonly remainingMs?: number;
  /** Local verdict, once known. */
  readonly verdict?: Verdict;
  readonly baseline: readonly ProbeResult[];
  readonly blackouts: readonly Blackout[];
  /** Repair commands when stuck. */
  readonly repair: readonly string[];
  /** Taps whose link went away since they were to be moved: deleted, moved away, or being started anew. They owe no answer. */
  readonly gone?: readonly string[];
}

/** From the coordinator to an agent. Permission travels here; each order is answered by one `OrderResult`. */
export type Order =
  | {
      readonly type: 'prepare';
      readonly orderId: string;
      readonly epoch: number;
      /** Absent: `cut`. */
      readonly operation?: Operation;
      readonly direction: Direction;
      readonly taps: readonly TapTarget[];
      readonly networks: readonly NetworkTarget[];
    }
  /** Makes probe ports only, so that this agent can serve as the remote vantage of a peer's cutover. */
  | { readonly type: 'ensure-probes'; readonly orderId: string; readonly networks: readonly NetworkTarget[] }
  | { readonly type: 'cut'; readonly orderId: string; readonly grant: CutGrant }
  | { readonly type: 'commit'; readonly orderId: string; readonly epoch: number }
  | { readonly type: 'revert'; readonly orderId: string; readonly epoch: number; readonly why: string }
  /**
   * Somebody says that a stuck hypervisor is repaired. The agent looks: accepted when each tap of that attempt is at rest and all are in
   * one place (or gone), and then the attempt is over for the agent too; else refused with `stuck`. Repeated, it is accepted again.
   */
  | {
      readonly type: 'resolve';
      readonly orderId: string;
      readonly epoch: number;
      readonly by: string;
      readonly why: string;
    }
  | {
      readonly type: 'probe';
      readonly orderId: string;
      readonly vantage: 'remote' | 'legacy';
      readonly networkId: string;
      readonly targets: readonly ProbeTarget[];
      readonly rounds: number;
      readonly intervalMs: number;
    };

export interface ProbeTarget {
  readonly tap: string;
  readonly portId: string;
  readonly mac: string;
  readonly ips: readonly string[];
}

/** Permission for one attempt. Durations only: clocks of two machines are never compared. */
export interface CutGrant {
  readonly epoch: number;
  /** Absent: `cut`. */
  readonly operation?: Operation;
  readonly direction: Direction;
  readonly method: Method;
  readonly taps: readonly TapTarget[];
  readonly networks: readonly NetworkTarget[];
  /** From arming to automatic revert. */
  readonly deadlineMs: number;
  /** How long local probes must stay good before `committing` may be asked. */
  readonly soakMs: number;
  readonly commitOn: CommitOn;
  /** Taps a micro-batch, 1..64. */
  readonly batchSize: number;
}

/** Where a stuck attempt's taps were found. */
export interface Resolution {
  readonly rest: Rest;
  /** `committed`: where the attempt was to lead. `reverted`: where it began, or elsewhere. */
  readonly outcome: 'committed' | 'reverted';
}

/**
 * The answer to an order. `accepted` means done for `prepare`, `ensure-probes`, `probe`, `resolve`; begun for `cut`, `commit`,
 * `revert`.
 */
export type OrderResult =
  | {
      readonly orderId: string;
      readonly kind: 'accepted';
      readonly probes: readonly ProbeResult[];
      readonly findings: readonly Finding[];
      /** Of `resolve`. */
      readonly resolved?: Resolution;
    }
  | {
      readonly orderId: string;
      readonly kind: 'refused';
      readonly code: ErrorCode;
      readonly message: string;
      readonly findings: readonly Finding[];
      /** Commands, when `resolve` found it stuck still. */
      readonly repair?: readonly string[];
    };

export type AgentMessage =
  | { readonly type: 'hello'; readonly hello: AgentHello }
  | { readonly type: 'inventory'; readonly inventory: HostInventory }
  | { readonly type: 'state'; readonly state: AttemptState }
  | { readonly type: 'order-result'; readonly result: OrderResult };
