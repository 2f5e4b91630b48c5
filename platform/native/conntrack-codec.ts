import { formatIpv4, formatIpv6, isIpv4, parseIpv4, parseIpv6 } from '../addresses.ts';
import { attribute, attributeU8, decodeAttributes, nested } from './netlink-codec.ts';

/** ctnetlink (linux/netfilter/nfnetlink_conntrack.h): entries of the kernel's connection tracking. Pure. */

export interface ConntrackTuple {
  readonly src: string;
  readonly dst: string;
  /** TCP, UDP, SCTP and the like. */
  readonly ports?: { readonly src: number; readonly dst: number };
  readonly icmp?: { readonly type: number; readonly code: number; readonly id: number };
}

/** Of the kernel's table for TCP; FIN_WAIT: one side is done, CLOSE_WAIT: and the other has heard it. */
export const tcpStates = [
  'none',
  'syn-sent',
  'syn-recv',
  'established',
  'fin-wait',
  'close-wait',
  'last-ack',
  'time-wait',
  'close',
  'syn-sent2',
] as const;
export type TcpState = (typeof tcpStates)[number];

export interface ConntrackEntry {
  readonly family: 4 | 6;
  /** IP protocol number. */
  readonly protocol: number;
  /** As the first packet of the connection had it: its true direction. */
  readonly original: ConntrackTuple;
  readonly reply: ConntrackTuple;
  /** 0 when none is set, or one for each direction. */
  readonly zone: number;
  readonly mark: number;
  readonly timeoutS: number;
  readonly seenReply: boolean;
  readonly assured: boolean;
  /** Addresses or ports of the reply are not those of the original turned round. */
  readonly translated: boolean;
  /** It was expected by another connection (an FTP data channel and the like). */
  readonly expected: boolean;
  readonly helper?: string;
  readonly tcpState?: TcpState;
}

export const conntrackMessages = { new: 0x100, get: 0x101, delete: 0x102 } as const;
const statusBits = { expected: 1, seenReply: 2, assured: 4, confirmed: 8, translated: 0x30 } as const;
const beLiberal = Uint8Array.of(8, 8); // struct nf_ct_tcp_flags: IP_CT_TCP_FLAG_BE_LIBERAL and its mask
const protocols = { icmp: 1, tcp: 6, icmpv6: 58 } as const;
const familyNumbers = { 4: 2, 6: 10 } as const;
const headerBytes = 4;

const CTA = {
  TUPLE_ORIG: 1,
  TUPLE_REPLY: 2,
  STATUS: 3,
  PROTOINFO: 4,
  HELP: 5,
  TIMEOUT: 7,
  MARK: 8,
  TUPLE_MASTER: 14,
  ZONE: 18,
} as const;
const TUPLE = { IP: 1, PROTO: 2 } as const;
const PROTO = { NUMBER: 1, SRC: 2, DST: 3, ICMP: [4, 5, 6], ICMPV6: [7, 8, 9] } as const;
const TCP = { PROTOINFO: 1, STATE: 1, FLAGS_ORIGINAL: 4, FLAGS_REPLY: 5 } as const;

/** The body of a request for all entries of one family, or of both. */
export function encodeDumpRequest(family: 4 | 6 | 'both'): Buffer {
  return Buffer.of(family === 'both' ? 0 : familyNumbers[family], 0, 0, 0);
}

/**
 * The body of IPCTNL_MSG_CT_NEW. Sequence numbers cannot be told to the kernel: TCP entries are made liberal, so that they take the
 * connection's next segments for what they are.
 */
export function encodeEntry(entry: ConntrackEntry): Buffer {
  const status =
    statusBits.confirmed | (entry.seenReply ? statusBits.seenReply : 0) | (entry.assured ? statusBits.assured : 0);
  const state = entry.tcpState === undefined ? -1 : tcpStates.indexOf(entry.tcpState);
  const tcp = nested(
    TCP.PROTOINFO | nestedFlag,
    attributeU8(TCP.STATE, state),
    attribute(TCP.FLAGS_ORIGINAL, beLiberal),
    attribute(TCP.FLAGS_REPLY, beLiberal),
  );
  return Buffer.concat([
    encodeKey(entry),
    encodeTuple(CTA.TUPLE_REPLY, entry.reply, entry.protocol),
    attribute(CTA.STATUS, u32(status)),
    attribute(CTA.TIMEOUT, u32(entry.timeoutS)),
    attribute(CTA.MARK, u32(entry.mark)),
    ...(state < 0 ? [] : [nested(CTA.PROTOINFO | nestedFlag, tcp)]),
  ]);
}

/** The body of IPCTNL_MSG_CT_DELETE for one entry. */
export function encodeKey(entry: Pick<ConntrackEntry, 'family' | 'protocol' | 'original' | 'zone'>): Buffer {
  return Buffer.concat([
    Buffer.of(familyNumbers[entry.family], 0, 0, 0),
    encodeTuple(CTA.TUPLE_ORIG, entry.original, entry.protocol),
    attribute(CTA.ZONE, u16(entry.zone)),
  ]);
}

/** One entry of a dump; undefined for zones that were not asked for, and for families other than IP. */
export function decodeEntry(body: Buffer, zones: ReadonlySet<number>): ConntrackEntry | undefined {
  const family = body[0] === familyNumbers[4] ? 4 : body[0] === familyNumbers[6] ? 6 : undefined;
  const attributes = decodeAttributes(body, headerBytes);
  const zone = attributes.get(CTA.ZONE)?.readUInt16BE(0) ?? 0;
  if (!zones.has(zone)) return undefined;
  const original = decodeTuple(attributes.get(CTA.TUPLE_ORIG), family);
  const reply = decodeTuple(attributes.get(CTA.TUPLE_REPLY), family);
  if (family === undefined || original === undefined || reply === undefined) return undefined;
  const status = attributes.get(CTA.STATUS)?.readUInt32BE(0) ?? 0;
  const help = attributes.get(CTA.HELP);
  const helper = help === undefined ? undefined : decodeAttributes(help, 0).get(1);
  const tcpState = decodeTcpState(attributes.get(CTA.PROTOINFO));
  return {
    family,
    protocol: original.protocol,
    original: original.tuple,
    reply: reply.tuple,
    zone,
    mark: attributes.get(CTA.MARK)?.readUInt32BE(0) ?? 0,
    timeoutS: attributes.get(CTA.TIMEOUT)?.readUInt32BE(0) ?? 0,
    seenReply: (status & statusBits.seenReply) !== 0,
    assured: (status & statusBits.assured) !== 0,
    translated: (status & statusBits.translated) !== 0,
    expected: (status & statusBits.expected) !== 0 || attributes.has(CTA.TUPLE_MASTER),
    ...(helper === undefined ? {} : { helper: helper.toString('utf8').replace(/\0.*$/s, '') }),
    ...(tcpState === undefined ? {} : { tcpState }),
  };
}

const nestedFlag = 0x8000; // NLA_F_NESTED: ctnetlink refuses nests without it on newer kernels

function encodeTuple(type: number, tuple: ConntrackTuple, protocol: number): Buffer {
  const v4 = isIpv4(tuple.src);
  const [src, dst] = [tuple.src, tuple.dst].map((ip) => (v4 ? parseIpv4(ip) : parseIpv6(ip)));
  const addresses = [attribute(v4 ? 1 : 3, src ?? u16(0)), attribute(v4 ? 2 : 4, dst ?? u16(0))];
  const numbers = protocol === protocols.icmpv6 ? PROTO.ICMPV6 : PROTO.ICMP;
  const { icmp, ports } = tuple;
  const icmpAttributes =
    icmp === undefined
      ? []
      : [attribute(numbers[0], u16(icmp.id)), attributeU8(numbers[1], icmp.type), attributeU8(numbers[2], icmp.code)];
  const portAttributes =
    ports === undefined ? [] : [attribute(PROTO.SRC, u16(ports.src)), attribute(PROTO.DST, u16(ports.dst))];
  return nested(
    type | nestedFlag,
    nested(TUPLE.IP | nestedFlag, ...addresses),
    nested(TUPLE.PROTO | nestedFlag, attributeU8(PROTO.NUMBER, protocol), ...portAttributes, ...icmpAttributes),
  );
}

function decodeTuple(
  bytes: Buffer | undefined,
  family: 4 | 6 | undefined,
): { readonly tuple: ConntrackTuple; readonly protocol: number } | undefined {
  if (bytes === undefined || family === undefined) return undefined;
  const parts = decodeAttributes(bytes, 0);
  const ip = parts.get(TUPLE.IP);
  const proto = parts.get(TUPLE.PROTO);
  if (ip === undefined || proto === undefined) return undefined;
  const addresses = decodeAttributes(ip, 0);
  const [src, dst] = family === 4 ? [addresses.get(1), addresses.get(2)] : [addresses.get(3), addresses.get(4)];
  const numbers = decodeAttributes(proto, 0);
  const protocol = numbers.get(PROTO.NUMBER)?.[0];
  if (src === undefined || dst === undefined || protocol === undefined) return undefined;
  const format = family === 4 ? formatIpv4 : formatIpv6;
  const tuple = { src: format(src), dst: format(dst), ...decodePorts(numbers), ...decodeIcmp(numbers, protocol) };
  return { tuple, protocol };
}

function decodePorts(numbers: ReadonlyMap<number, Buffer>): Pick<ConntrackTuple, 'ports'> {
  const [src, dst] = [numbers.get(PROTO.SRC), numbers.get(PROTO.DST)];
  return src === undefined || dst === undefined
    ? {}
    : { ports: { src: src.readUInt16BE(0), dst: dst.readUInt16BE(0) } };
}

function decodeIcmp(numbers: ReadonlyMap<number, Buffer>, protocol: number): Pick<ConntrackTuple, 'icmp'> {
  const [id, type, code] = (protocol === protocols.icmpv6 ? PROTO.ICMPV6 : PROTO.ICMP).map((n) => numbers.get(n));
  if (id === undefined || type === undefined || code === undefined) return {};
  return { icmp: { id: id.readUInt16BE(0), type: type[0] ?? 0, code: code[0] ?? 0 } };
}

function decodeTcpState(protoinfo: Buffer | undefined): TcpState | undefined {
  const tcp = protoinfo === undefined ? undefined : decodeAttributes(protoinfo, 0).get(TCP.PROTOINFO);
  const number = tcp === undefined ? undefined : decodeAttributes(tcp, 0).get(TCP.STATE)?.[0];
  return number === undefined ? undefined : tcpStates[number];
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}
