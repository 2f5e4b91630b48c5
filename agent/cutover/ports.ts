import type { ProbePort, TapTarget } from '../../domain/network-model.ts';
import type { Order } from '../../domain/orders.ts';
import type { Blackout, ProbeResult } from '../../domain/probes.ts';

/** Proof of life, as the cutover needs it. */
export interface Prober {
  /** All vantages of this host, wherever the guests are plugged. */
  baseline(scope: ProbeScope): Promise<readonly ProbeResult[]>;
  /** The same; a guest with an `ofport` is asked through that. */
  verify(scope: ProbeScope, signal: AbortSignal): Promise<readonly ProbeResult[]>;
  /** Asks each tap every 5 ms until stopped. */
  startBlackout(scope: ProbeScope): BlackoutRecorder;
  /** Serves a peer's probe order from our own probe ports. */
  probeRemote(order: Extract<Order, { type: 'probe' }>): Promise<readonly ProbeResult[]>;
  /** After prepare: opens raw sockets on the probe ports, and answers ARP for the probe port's address. */
  attachPorts(networks: readonly PreparedNetwork[]): void;
}

export interface ProbeScope {
  readonly nonce: string;
  readonly taps: readonly AskedTap[];
  readonly networks: readonly PreparedNetwork[];
  /** When nothing more need be known of a guest from one place. */
  readonly isEnough?: (result: ProbeResult) => boolean;
  /** It was inconclusive: ask for longer. */
  readonly extended?: boolean;
}

export interface AskedTap extends TapTarget {
  /** The OpenFlow port that leads to the guest. */
  readonly ofport?: number;
  /** The same, where OVN's own flows have to be proved too: by a round trip from our probe port, and by IP. */
  readonly flowsOf?: number;
  /** Those will have to be: whether the guest answers to our probe's address by IP has to be known before. */
  readonly provesIp?: boolean;
}

/** A network whose probe interfaces stand on this host. */
export interface PreparedNetwork {
  readonly networkId: string;
  readonly legacyBridge?: string;
  readonly mtu: number;
  /** An overlay: no wire joins its two worlds. */
  readonly disjoint?: true;
  readonly probe?: ProbePort;
  /** `shp…`, on the integration bridge. */
  readonly probeIf?: string;
  /** `shw…`, on the provider bridge. */
  readonly wireIf?: string;
  /** `shm…`, our raw end of the veth into the legacy bridge. */
  readonly legacyIf?: string;
}

export interface BlackoutRecorder {
  stop(): readonly Blackout[];
}

export type ReportKind = 'heartbeat' | 'state' | 'step' | 'probe' | 'blackout' | 'finding';

/** What came of copying open connections. */
export interface ToldConnections {
  /** A line for people. */
  readonly text: string;
  /** How many the side that takes over does not know; absent: nobody can say. */
  readonly left?: number;
}

/** Where reports go; neither waits nor throws. */
export interface Reporter {
  report(kind: ReportKind, body: Readonly<Record<string, unknown>> & { readonly epoch?: number }): void;
}
