import { isIpv4, parseIpv4, parseIpv6, parseMac } from './addresses.ts';
import { internetChecksum, pseudoHeaderV6 } from './checksum.ts';

/** Who speaks to whom, on all three layers. */
export interface SegmentEnds {
  readonly sourceMac: string;
  readonly destinationMac: string;
  /** Both of one family. */
  readonly sourceIp: string;
  readonly destinationIp: string;
}

export const tcpFlags = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16 } as const;
const protocols = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 } as const;

/** A TCP segment (RFC 9293), over IPv4 or IPv6. `windowScale`: the option, on a SYN only. `payloadBytes`: zeroes; default none. */
export function tcpSegment(
  fields: SegmentEnds & {
    readonly sourcePort: number;
    readonly destinationPort: number;
    readonly sequence: number;
    readonly acknowledgment: number;
    readonly flags: number;
    readonly window: number;
    readonly windowScale?: number;
    readonly payloadBytes?: number;
  },
): Buffer {
  const options = fields.windowScale === undefined ? Buffer.alloc(0) : Buffer.of(3, 3, fields.windowScale, 1);
  const headerBytes = 20 + options.length;
  const segment = Buffer.alloc(headerBytes + (fields.payloadBytes ?? 0));
  segment.writeUInt16BE(fields.sourcePort, 0);
  segment.writeUInt16BE(fields.destinationPort, 2);
  segment.writeUInt32BE(fields.sequence >>> 0, 4);
  segment.writeUInt32BE(fields.acknowledgment >>> 0, 8);
  segment.writeUInt8((headerBytes / 4) << 4, 12);
  segment.writeUInt8(fields.flags, 13);
  segment.writeUInt16BE(fields.window, 14);
  options.copy(segment, 20);
  return ipFrame(fields, { protocol: protocols.tcp, message: segment, checksumAt: 16 });
}

/** A UDP datagram without payload (RFC 768). */
export function udpDatagram(
  fields: SegmentEnds & { readonly sourcePort: number; readonly destinationPort: number },
): Buffer {
  const datagram = Buffer.alloc(8);
  datagram.writeUInt16BE(fields.sourcePort, 0);
  datagram.writeUInt16BE(fields.destinationPort, 2);
  datagram.writeUInt16BE(8, 4);
  return ipFrame(fields, { protocol: protocols.udp, message: datagram, checksumAt: 6 });
}

/** An echo or its reply, ICMP or ICMPv6 by the addresses. */
export function echoMessage(
  fields: SegmentEnds & { readonly type: number; readonly code: number; readonly id: number },
): Buffer {
  const message = Buffer.alloc(8);
  message.writeUInt8(fields.type, 0);
  message.writeUInt8(fields.code, 1);
  message.writeUInt16BE(fields.id, 4);
  const v4 = isIpv4(fields.sourceIp);
  return ipFrame(fields, { protocol: v4 ? protocols.icmp : protocols.icmpv6, message, checksumAt: 2 });
}

interface Upper {
  readonly protocol: number;
  readonly message: Buffer;
  readonly checksumAt: number;
}

function ipFrame(ends: SegmentEnds, { protocol, message, checksumAt }: Upper): Buffer {
  const v4 = isIpv4(ends.sourceIp);
  const [source, destination] = [ends.sourceIp, ends.destinationIp].map((ip) => (v4 ? parseIpv4(ip) : parseIpv6(ip)));
  if (source === undefined || destination === undefined) throw new RangeError('no addresses');
  const pseudo = { source, destination, protocol, length: message.length };
  const covered = protocol === protocols.icmp ? [] : [v4 ? pseudoHeaderV4(pseudo) : pseudoHeaderV6(pseudo)];
  const checksum = internetChecksum(...covered, message);
  message.writeUInt16BE(protocol === protocols.udp && checksum === 0 ? 0xffff : checksum, checksumAt);
  const ethernet = Buffer.concat([parseMac(ends.destinationMac), parseMac(ends.sourceMac), etherType(v4)]);
  return Buffer.concat([ethernet, v4 ? headerV4(pseudo) : headerV6(pseudo), message]);
}

interface Pseudo {
  readonly source: Buffer;
  readonly destination: Buffer;
  readonly protocol: number;
  readonly length: number;
}

function etherType(v4: boolean): Buffer {
  return v4 ? Buffer.of(0x08, 0x00) : Buffer.of(0x86, 0xdd);
}

function pseudoHeaderV4({ source, destination, protocol, length }: Pseudo): Buffer {
  const tail = Buffer.of(0, protocol, length >> 8, length & 0xff);
  return Buffer.concat([source, destination, tail]);
}

function headerV4({ source, destination, protocol, length }: Pseudo): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt8(0x45, 0);
  header.writeUInt16BE(header.length + length, 2);
  header.writeUInt16BE(0x4000, 6); // not to be fragmented
  header.writeUInt8(64, 8);
  header.writeUInt8(protocol, 9);
  source.copy(header, 12);
  destination.copy(header, 16);
  header.writeUInt16BE(internetChecksum(header), 10);
  return header;
}

function headerV6({ source, destination, protocol, length }: Pseudo): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(length, 4);
  header.writeUInt8(protocol, 6);
  header.writeUInt8(64, 7);
  source.copy(header, 8);
  destination.copy(header, 24);
  return header;
}

/** What a TCP segment's header says; undefined for other frames, fragments and IPv6 extension headers. */
export interface TcpHeader {
  readonly sourceIp: Buffer;
  readonly destinationIp: Buffer;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly flags: number;
  /** Sequence numbers that the segment takes: payload, SYN and FIN. */
  readonly length: number;
  /** Right edges of what has arrived beyond a gap; none where options are cut off. */
  readonly selectivelyAcknowledged: readonly number[];
}

export function parseTcp(frame: Buffer): TcpHeader | undefined {
  const ip = frame.length < 54 ? undefined : addressesOf(frame);
  if (ip === undefined || frame.length < ip.at + 20) return undefined;
  const flags = frame.readUInt8(ip.at + 13);
  const headerLength = (frame.readUInt8(ip.at + 12) >> 4) * 4;
  const marks = ((flags & tcpFlags.syn) === 0 ? 0 : 1) + ((flags & tcpFlags.fin) === 0 ? 0 : 1);
  return {
    sourceIp: ip.source,
    destinationIp: ip.destination,
    sourcePort: frame.readUInt16BE(ip.at),
    destinationPort: frame.readUInt16BE(ip.at + 2),
    sequence: frame.readUInt32BE(ip.at + 4),
    acknowledgment: frame.readUInt32BE(ip.at + 8),
    flags,
    length: Math.max(0, ip.payload - headerLength) + marks,
    selectivelyAcknowledged: rightEdges(frame.subarray(ip.at + 20, ip.at + headerLength)),
  };
}

const options = { end: 0, noOperation: 1, sack: 5 } as const;

/** Of the blocks of a SACK option (RFC 2018); none of what is cut off. */
function rightEdges(bytes: Buffer): readonly number[] {
  for (let at = 0; at < bytes.length; ) {
    const kind = bytes.readUInt8(at);
    if (kind === options.noOperation) at += 1;
    else {
      const length = bytes[at + 1] ?? 0;
      if (kind === options.end || length < 2 || at + length > bytes.length) return [];
      if (kind === options.sack)
        return Array.from({ length: Math.floor((length - 2) / 8) }, (_, block) =>
          bytes.readUInt32BE(at + 6 + block * 8),
        );
      at += length;
    }
  }
  return [];
}

function addressesOf(frame: Buffer) {
  const type = frame.readUInt16BE(12);
  if (type === 0x0800 && frame.readUInt8(23) === protocols.tcp && (frame.readUInt16BE(20) & 0x3fff) === 0) {
    const header = (frame.readUInt8(14) & 0xf) * 4;
    const payload = frame.readUInt16BE(16) - header;
    return { source: frame.subarray(26, 30), destination: frame.subarray(30, 34), at: 14 + header, payload };
  }
  if (type === 0x86dd && frame.readUInt8(20) === protocols.tcp) {
    const payload = frame.readUInt16BE(18);
    return { source: frame.subarray(22, 38), destination: frame.subarray(38, 54), at: 54, payload };
  }
  return undefined;
}
