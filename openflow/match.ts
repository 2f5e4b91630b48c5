import { type PortRef, portNumber } from './actions.ts';
import { OpenFlowError } from './openflow-error.ts';

/** Which frames a flow is for; a field that is left out matches everything. ARP and IP fields need their `ethType`. */
export interface Match {
  readonly inPort?: PortRef;
  readonly ethSrc?: string;
  readonly ethDst?: string;
  readonly ethType?: number;
  readonly vlanId?: number | 'none';
  readonly arpOp?: number;
  readonly arpSpa?: string;
  readonly arpTpa?: string;
  /** Hardware addresses inside an ARP message. */
  readonly arpSha?: string;
  readonly arpTha?: string;
  /** Upper six bits of the IPv4 or IPv6 traffic class. */
  readonly ipDscp?: number;
  /** Lower two bits of it. */
  readonly ipEcn?: number;
  readonly ipProto?: number;
  readonly ipv4Src?: string;
  readonly ipv4Dst?: string;
  /** Sixteen bytes. */
  readonly ipv6Dst?: Uint8Array;
}

interface Field {
  /** OXM field number of class OFPXMC_OPENFLOW_BASIC. */
  readonly number: number;
  readonly encode: (match: Match) => Buffer | undefined;
  readonly decode: (value: Buffer) => Match;
}

const basicClass = 0x8000;
const vlanPresent = 0x1000;

// In the order of their numbers, which satisfies OpenFlow's rule that prerequisites come first.
const fields = [
  {
    number: 0,
    encode: ({ inPort }) => (inPort === undefined ? undefined : u32(portNumber(inPort))),
    decode: (value) => ({ inPort: value.readUInt32BE(0) }),
  },
  { number: 3, encode: ({ ethDst }) => optionalMac(ethDst), decode: (value) => ({ ethDst: formatMac(value) }) },
  { number: 4, encode: ({ ethSrc }) => optionalMac(ethSrc), decode: (value) => ({ ethSrc: formatMac(value) }) },
  {
    number: 5,
    encode: ({ ethType }) => (ethType === undefined ? undefined : u16(ethType)),
    decode: (value) => ({ ethType: value.readUInt16BE(0) }),
  },
  {
    number: 6,
    encode: ({ vlanId }) => (vlanId === undefined ? undefined : u16(vlanId === 'none' ? 0 : vlanPresent | vlanId)),
    decode: (value) => ({ vlanId: value.readUInt16BE(0) === 0 ? 'none' : value.readUInt16BE(0) & 0xfff }),
  },
  {
    number: 8,
    encode: ({ ipDscp }) => (ipDscp === undefined ? undefined : Buffer.of(ipDscp)),
    decode: (value) => ({ ipDscp: value.readUInt8(0) }),
  },
  {
    number: 9,
    encode: ({ ipEcn }) => (ipEcn === undefined ? undefined : Buffer.of(ipEcn)),
    decode: (value) => ({ ipEcn: value.readUInt8(0) }),
  },
  {
    number: 10,
    encode: ({ ipProto }) => (ipProto === undefined ? undefined : Buffer.of(ipProto)),
    decode: (value) => ({ ipProto: value.readUInt8(0) }),
  },
  { number: 11, encode: ({ ipv4Src }) => optionalIpv4(ipv4Src), decode: (value) => ({ ipv4Src: formatIpv4(value) }) },
  { number: 12, encode: ({ ipv4Dst }) => optionalIpv4(ipv4Dst), decode: (value) => ({ ipv4Dst: formatIpv4(value) }) },
  {
    number: 21,
    encode: ({ arpOp }) => (arpOp === undefined ? undefined : u16(arpOp)),
    decode: (value) => ({ arpOp: value.readUInt16BE(0) }),
  },
  { number: 22, encode: ({ arpSpa }) => optionalIpv4(arpSpa), decode: (value) => ({ arpSpa: formatIpv4(value) }) },
  { number: 23, encode: ({ arpTpa }) => optionalIpv4(arpTpa), decode: (value) => ({ arpTpa: formatIpv4(value) }) },
  { number: 24, encode: ({ arpSha }) => optionalMac(arpSha), decode: (value) => ({ arpSha: formatMac(value) }) },
  { number: 25, encode: ({ arpTha }) => optionalMac(arpTha), decode: (value) => ({ arpTha: formatMac(value) }) },
  {
    number: 27,
    encode: ({ ipv6Dst }) => (ipv6Dst === undefined ? undefined : Buffer.from(ipv6Dst)),
    decode: (value) => ({ ipv6Dst: value }),
  },
] as const satisfies readonly Field[];

const fieldsByNumber = new Map<number, Field>(fields.map((field) => [field.number, field]));

/** struct ofp_match with OXM fields, padded to eight bytes (OpenFlow 1.3.5, 7.2.3). */
export function encodeMatch(match: Match): Buffer {
  const oxms = fields.flatMap((field) => {
    const value = field.encode(match);
    return value === undefined ? [] : [oxmHeader(field.number, value.length), value];
  });
  const length = 4 + oxms.reduce((sum, part) => sum + part.length, 0);
  const bytes = Buffer.alloc((length + 7) & ~7);
  bytes.writeUInt16BE(1, 0); // OFPMT_OXM
  bytes.writeUInt16BE(length, 2);
  Buffer.concat(oxms).copy(bytes, 4);
  return bytes;
}

/** The fields that we know of the match at `offset`, and its length with padding. Masked and foreign fields are left out. */
export function decodeMatch(bytes: Buffer, offset: number): { readonly match: Match; readonly paddedLength: number } {
  const length = bytes.readUInt16BE(offset + 2);
  let match: Match = {};
  for (let at = offset + 4; at + 4 <= offset + length; ) {
    const valueLength = bytes.readUInt8(at + 3);
    const value = bytes.subarray(at + 4, at + 4 + valueLength);
    const fieldByte = bytes.readUInt8(at + 2);
    const field = fieldsByNumber.get(fieldByte >> 1);
    const exact = (fieldByte & 1) === 0;
    if (bytes.readUInt16BE(at) === basicClass && exact && field !== undefined) {
      match = { ...match, ...field.decode(value) };
    }
    at += 4 + valueLength;
  }
  return { match, paddedLength: (length + 7) & ~7 };
}

function oxmHeader(number: number, valueLength: number): Buffer {
  return Buffer.concat([u16(basicClass), Buffer.of(number << 1, valueLength)]);
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value, 0);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value, 0);
  return bytes;
}

function optionalMac(text: string | undefined): Buffer | undefined {
  if (text === undefined) return undefined;
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) throw new OpenFlowError('invalid', `not a MAC address: ${text}`);
  return Buffer.from(text.replaceAll(':', ''), 'hex');
}

function formatMac(value: Buffer): string {
  return value.toString('hex').replace(/(..)(?=.)/g, '$1:');
}

function optionalIpv4(text: string | undefined): Buffer | undefined {
  if (text === undefined) return undefined;
  const parts = text.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255))) {
    throw new OpenFlowError('invalid', `not an IPv4 address: ${text}`);
  }
  return Buffer.from(parts);
}

function formatIpv4(value: Buffer): string {
  return value.join('.');
}
