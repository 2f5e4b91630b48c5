/** Nanoseconds of CLOCK_MONOTONIC as a number: the same clock in every namespace of a machine. */
export type MonotonicNs = number;

interface Flow {
  /** Unique in a session; figures come by it. */
  readonly id: string;
  /** A guest's name, `gw` or `ext` (of the other side's network). */
  readonly from: string;
  /** Default 4. */
  readonly family?: 4 | 6;
}

/** A TCP stream: `from` connects to `to` and sends, rate-limited. */
export interface TcpFlow extends Flow {
  readonly kind: 'tcp';
  readonly to: string;
  /** Default 1 MB/s. */
  readonly bytesPerSecond?: number;
}

/** Numbered datagrams one way, at a fixed rate. */
export interface UdpFlow extends Flow {
  readonly kind: 'udp';
  readonly to: string;
  /** Default 100. */
  readonly hz?: number;
}

/** Numbered datagrams to a group that the receivers have joined (IGMP or MLD). */
export interface MulticastFlow extends Flow {
  readonly kind: 'multicast';
  readonly to: readonly string[];
  readonly hz?: number;
}

/** Numbered datagrams to all of the network, counted by each receiver: one that came twice went round. IPv4 only. */
export interface BroadcastFlow extends Flow {
  readonly kind: 'broadcast';
  readonly to: readonly string[];
  readonly hz?: number;
}

/** A TCP connection that `from` opened to `to` and on which nothing is said until {@link TrafficSession.speak} lets the far side speak first. */
export interface IdleFlow extends Flow {
  readonly kind: 'idle';
  readonly to: string;
}

export type FlowSpec = TcpFlow | UdpFlow | MulticastFlow | BroadcastFlow | IdleFlow;
export type FlowKind = FlowSpec['kind'];

/** What one receiver of a numbered flow saw. */
export interface DatagramFigures {
  readonly kind: 'udp' | 'multicast' | 'broadcast';
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly hz: number;
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly duplicates: number;
  /** Arrived after one that was sent later. */
  readonly reordered: number;
  /** Longest run of lost ones, by the rate. */
  readonly longestLostMs: number;
  /** Longest time without an arrival. */
  readonly longestGapMs: number;
}

export interface StreamFigures {
  readonly kind: 'tcp';
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly bytes: number;
  /** Longest time in which nothing arrived. */
  readonly longestStallMs: number;
  /** Segments sent again (tcp_info, `tcpi_total_retrans`). */
  readonly retransmissions: number;
  /** False once either end saw the connection end. */
  readonly connected: boolean;
}

export interface IdleFigures {
  readonly kind: 'idle';
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly spoken: number;
  readonly heard: number;
  readonly connected: boolean;
}

export type FlowFigures = DatagramFigures | StreamFigures | IdleFigures;

/** Since the session was ready, or since its last mark. */
export interface TrafficReport {
  readonly seconds: number;
  readonly flows: readonly FlowFigures[];
}

export const DEFAULT_HZ = 100;
export const DEFAULT_BYTES_PER_SECOND = 1_000_000;

/** Rate of a numbered flow. */
export function hzOf(flow: UdpFlow | MulticastFlow | BroadcastFlow): number {
  return flow.hz ?? DEFAULT_HZ;
}
