/** One direction of a connection: who speaks to whom. */
export interface FlowTuple {
  readonly src: string;
  readonly dst: string;
  readonly ports?: { readonly src: number; readonly dst: number };
  readonly icmp?: { readonly type: number; readonly code: number; readonly id: number };
}

/** A connection as a connection tracker tells of it. `original` is its true direction: that of its first packet. */
export interface TrackedFlow {
  readonly family: 4 | 6;
  /** IP protocol number. */
  readonly protocol: number;
  readonly original: FlowTuple;
  readonly reply: FlowTuple;
  readonly zone: number;
  readonly mark: number;
  readonly timeoutS: number;
  readonly seenReply: boolean;
  readonly assured: boolean;
  readonly translated: boolean;
  readonly expected: boolean;
  readonly helper?: string;
  readonly tcpState?: TcpState;
}

export type TcpState =
  | 'none'
  | 'syn-sent'
  | 'syn-recv'
  | 'established'
  | 'fin-wait'
  | 'close-wait'
  | 'last-ack'
  | 'time-wait'
  | 'close'
  | 'syn-sent2';

export const ipProtocols = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 } as const;

/** One text for one connection in one direction, whoever told of it. */
export function flowKey({ protocol, original }: Pick<TrackedFlow, 'protocol' | 'original'>): string {
  const { src, dst, ports, icmp } = original;
  const numbers = ports ? `${ports.src}>${ports.dst}` : icmp ? `${icmp.type}.${icmp.code}.${icmp.id}` : '';
  return `${protocol} ${src}>${dst} ${numbers}`;
}

/** The same connection with its directions exchanged: as one sees it who heard the answer first. */
export function turned<T extends Pick<TrackedFlow, 'original' | 'reply'>>(flow: T): T {
  return { ...flow, original: flow.reply, reply: flow.original };
}
