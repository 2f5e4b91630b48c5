import { assertNever } from '../assert-never.ts';
import { ipProtocols, type TcpState, type TrackedFlow } from './tracked-flow.ts';

/** A guest whose connections are to be known to the other side: its tap, and where the side that knows them keeps them. */
export interface FlowGuest {
  readonly tap: string;
  /** As the tracker writes addresses: IPv6 compressed, lower case. */
  readonly addresses: readonly string[];
  /** Zone in which the side that knows tracks this guest's frames. */
  readonly zone: number;
}

/** A live connection that one guest's zone on the other side has to learn of. */
export interface FlowSeed {
  readonly tap: string;
  readonly flow: TrackedFlow;
  /** The guest sent the first packet. */
  readonly guestOpened: boolean;
}

/**
 * Why a connection is not copied. `opening` and `closing`: its next packets open it anew, or end it; OVN has ended it. `translated`: what the other side
 * would see of it has other addresses. `protocol`: not TCP, UDP or an echo.
 */
export const skipReasons = ['opening', 'closing', 'translated', 'protocol'] as const;
export type SkipReason = (typeof skipReasons)[number];

export type FlowVerdict =
  /** One for each guest that takes part: two when both ends live here. */
  | { readonly kind: 'seed'; readonly seeds: readonly FlowSeed[] }
  | { readonly kind: 'skip'; readonly why: SkipReason }
  /** Of nobody who is asked about. */
  | { readonly kind: 'foreign' };

export type GuestIndex = ReadonlyMap<string, FlowGuest>;

/** The same address may be in use in many zones, by others each time: only both together name a guest. */
export function indexGuests(guests: readonly FlowGuest[]): GuestIndex {
  return new Map(guests.flatMap((guest) => guest.addresses.map((address) => [keyOf(guest.zone, address), guest])));
}

/** OVN sets `ct_mark.blocked` where a rule that let the connection in is gone. */
const blockedByOvn = 1;

/** Whether a connection is copied, for whom, and which way round. `knownBy`: who tracks it; marks mean something else to each. */
export function judgeFlow(flow: TrackedFlow, guests: GuestIndex, knownBy: 'legacy' | 'ovn' = 'legacy'): FlowVerdict {
  const opener = guests.get(keyOf(flow.zone, flow.original.src));
  const other = guests.get(keyOf(flow.zone, flow.original.dst));
  if (opener === undefined && other === undefined) return { kind: 'foreign' };
  const isRevoked = knownBy === 'ovn' && (flow.mark & blockedByOvn) !== 0;
  const why = isRevoked ? 'closing' : skipReason(flow);
  if (why !== undefined) return { kind: 'skip', why };
  const seeds = [
    ...(opener === undefined ? [] : [{ tap: opener.tap, flow, guestOpened: true }]),
    ...(other === undefined || other === opener ? [] : [{ tap: other.tap, flow, guestOpened: false }]),
  ];
  return { kind: 'seed', seeds };
}

function skipReason(flow: TrackedFlow): SkipReason | undefined {
  const { protocol, original, reply } = flow;
  if (flow.translated || original.src !== reply.dst || original.dst !== reply.src) return 'translated';
  if (protocol === ipProtocols.tcp) return flow.tcpState === undefined ? 'protocol' : ofTcp[flow.tcpState];
  if (protocol === ipProtocols.udp) return original.ports === undefined ? 'protocol' : undefined;
  return isEcho(flow) ? undefined : 'protocol';
}

/** Half-closed connections (`fin-wait`, `close-wait`) live as long as the other half speaks. */
const ofTcp = {
  'none': 'opening',
  'syn-sent': 'opening',
  'syn-sent2': 'opening',
  'syn-recv': 'opening',
  'established': undefined,
  'fin-wait': undefined,
  'close-wait': undefined,
  'last-ack': 'closing',
  'time-wait': 'closing',
  'close': 'closing',
} as const satisfies Record<TcpState, SkipReason | undefined>;

function isEcho({ family, protocol, original }: TrackedFlow): boolean {
  const type = original.icmp?.type;
  switch (family) {
    case 4:
      return protocol === ipProtocols.icmp && type === 8;
    case 6:
      return protocol === ipProtocols.icmpv6 && type === 128;
    default:
      return assertNever(family);
  }
}

function keyOf(zone: number, address: string): string {
  return `${zone} ${address}`;
}
