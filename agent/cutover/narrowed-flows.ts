import type { Match } from '../../openflow/match.ts';
import type { FlowSpec } from '../../openflow/messages.ts';
import type { DatapathFlow } from './datapath-flow.ts';

/*
 * A cached flow must match by every field that Open vSwitch had to look at to make it. When a rule that asks for one field more comes to a
 * bridge, vswitchd deletes the flows which do not match by that (by their identifiers: the right ones) and makes them anew with the next
 * frame. That way one guest's flows are made anew, and nobody else's. Flows made meanwhile match by the field too and live on: the next time
 * it has to be another one.
 */

/** The field that makes flows anew; each is of all that IPv4, IPv6 and ARP have. */
export type Narrowing = 'first' | 'second';
export const narrowings = ['first', 'second'] as const satisfies readonly Narrowing[];

/** Above what anybody sets: what is looked at before the frame has found its rule counts, what comes after does not. */
const priority = 65_535;
/** For an agent that dies meanwhile. */
const hardTimeoutS = 5;
export const narrowingCookie = 0x5348_554e_f10d_0000n;
/** A locally administered address that nobody has, and a protocol that nobody may use (RFC 3692): no frame is ever dropped by these rules. */
const nobody = '02:53:48:55:4e:54';
const noProtocol = 255;

const ip = {
  first: { ipProto: noProtocol, ipDscp: 63 },
  second: { ipProto: noProtocol, ipEcn: 1 },
} as const satisfies Record<Narrowing, Match>;
const arp = { first: { arpSha: nobody }, second: { arpTha: nobody } } as const satisfies Record<Narrowing, Match>;
/** Bits of a traffic class, and the name of the address in an ARP message. */
const seen = { first: { bits: 0xfc, address: 'sha' }, second: { bits: 0x03, address: 'tha' } } as const;

/** Rules of a bridge which no frame meets, and for which one field more of this guest's frames is looked at. */
export function narrowingRules(ethDst: string, by: Narrowing): readonly FlowSpec[] {
  const matches: readonly Match[] = [
    { ethDst, ethType: 0x0800, ...ip[by] },
    { ethDst, ethType: 0x86dd, ...ip[by] },
    { ethDst, ethType: 0x0806, ...arp[by] },
  ];
  return matches.map((match) => ({ cookie: narrowingCookie, priority, match, actions: [], hardTimeoutS }));
}

/** Whether a flow stays when that field is asked for: it matches by it already, or is of another protocol. */
export function survives({ match }: DatapathFlow, by: Narrowing): boolean {
  const within = match.has('encap.eth_type') ? 'encap.' : '';
  const { bits, address } = seen[by];
  switch (match.get(`${within}eth_type`)) {
    case '0x0800':
      return (maskOf(match.get(`${within}ipv4.tos`)) & bits) !== 0;
    case '0x86dd':
      return (maskOf(match.get(`${within}ipv6.tclass`)) & bits) !== 0;
    case '0x0806':
      return match.has(`${within}arp.${address}`);
    default:
      return true;
  }
}

/** The bits by which a byte is matched; a value without a mask is matched by all of them. */
function maskOf(value: string | undefined): number {
  if (value === undefined) return 0;
  const [, mask = '0xff'] = value.split('/');
  return Number(mask);
}
