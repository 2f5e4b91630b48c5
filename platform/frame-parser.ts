import { formatIpv4, formatIpv6, formatMac } from './addresses.ts';
import { internetChecksum, pseudoHeaderV6 } from './checksum.ts';

/** What a frame is, as far as Shunt's probes care. */
export type Frame =
  | (Ethernet & {
      readonly kind: 'arp';
      readonly operation: 'request' | 'reply';
      readonly senderMac: string;
      readonly senderIp: string;
      readonly targetMac: string;
      readonly targetIp: string;
    })
  | (Ethernet & {
      readonly kind: 'icmp-echo';
      readonly sourceIp: string;
      readonly destinationIp: string;
      readonly type: 'request' | 'reply';
      readonly identifier: number;
      readonly sequence: number;
      readonly payload: Buffer;
    })
  | (Ethernet & {
      readonly kind: 'neighbor-solicitation';
      readonly sourceIp: string;
      readonly targetIp: string;
      readonly linkLayerAddress: string | undefined;
    })
  | (Ethernet & {
      readonly kind: 'neighbor-advertisement';
      readonly sourceIp: string;
      readonly targetIp: string;
      readonly linkLayerAddress: string | undefined;
      readonly solicited: boolean;
      readonly override: boolean;
    })
  | (Ethernet & { readonly kind: 'other'; readonly etherType: number })
  | { readonly kind: 'malformed'; readonly reason: string };

interface Ethernet {
  readonly sourceMac: string;
  readonly destinationMac: string;
}

/** Parses an untagged ethernet frame. Never throws: what is cut short or has a wrong checksum is `malformed`. */
export function parseFrame(bytes: Uint8Array): Frame {
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (frame.length < 14) return malformed('shorter than an ethernet header');
  const addresses = { destinationMac: formatMac(frame, 0), sourceMac: formatMac(frame, 6) };
  const etherType = frame.readUInt16BE(12);
  const other: Frame = { kind: 'other', ...addresses, etherType };
  const packet = frame.subarray(14);
  if (etherType === 0x0806) return parseArp(packet, addresses) ?? other;
  if (etherType === 0x0800) return parseIpv4Packet(packet, addresses) ?? other;
  if (etherType === 0x86dd) return parseIpv6Packet(packet, addresses) ?? other;
  return other;
}

function malformed(reason: string): Frame {
  return { kind: 'malformed', reason };
}

const ethernetIpv4Arp = 0x0001_0800;

function parseArp(packet: Buffer, addresses: Ethernet): Frame | undefined {
  if (packet.length < 28) return malformed('ARP cut short');
  if (packet.readUInt32BE(0) !== ethernetIpv4Arp || packet.readUInt16BE(4) !== 0x0604) return undefined;
  const operation = packet.readUInt16BE(6);
  if (operation !== 1 && operation !== 2) return undefined;
  return {
    kind: 'arp',
    ...addresses,
    operation: operation === 1 ? 'request' : 'reply',
    senderMac: formatMac(packet, 8),
    senderIp: formatIpv4(packet, 14),
    targetMac: formatMac(packet, 18),
    targetIp: formatIpv4(packet, 24),
  };
}

function parseIpv4Packet(packet: Buffer, addresses: Ethernet): Frame | undefined {
  if (packet.length < 20) return malformed('IPv4 header cut short');
  const headerLength = (packet.readUInt8(0) & 0x0f) * 4;
  const totalLength = packet.readUInt16BE(2);
  if (headerLength < 20 || totalLength < headerLength || totalLength > packet.length) {
    return malformed('IPv4 lengths do not fit');
  }
  const fragment = packet.readUInt16BE(6) & 0x3fff; // offset, or more to come
  if (packet.readUInt8(9) !== 1 || fragment !== 0) return undefined;
  const message = packet.subarray(headerLength, totalLength); // beyond it is ethernet padding
  const type = message.at(0);
  if (message.length < 8) return malformed('ICMP cut short');
  if ((type !== 0 && type !== 8) || message.at(1) !== 0) return undefined;
  if (internetChecksum(message) !== 0) return malformed('wrong ICMP checksum');
  return {
    kind: 'icmp-echo',
    ...addresses,
    sourceIp: formatIpv4(packet, 12),
    destinationIp: formatIpv4(packet, 16),
    type: type === 8 ? 'request' : 'reply',
    identifier: message.readUInt16BE(4),
    sequence: message.readUInt16BE(6),
    payload: Buffer.from(message.subarray(8)),
  };
}

function parseIpv6Packet(packet: Buffer, addresses: Ethernet): Frame | undefined {
  if (packet.length < 40) return malformed('IPv6 header cut short');
  const payloadLength = packet.readUInt16BE(4);
  if (payloadLength > packet.length - 40) return malformed('IPv6 lengths do not fit');
  if (packet.readUInt8(6) !== 58) return undefined;
  const message = packet.subarray(40, 40 + payloadLength);
  const type = message.at(0);
  if (type !== 135 && type !== 136) return undefined;
  if (message.length < 24) return malformed('neighbor discovery cut short');
  const source = packet.subarray(8, 24);
  const pseudo = pseudoHeaderV6({ source, destination: packet.subarray(24, 40), protocol: 58, length: payloadLength });
  if (internetChecksum(pseudo, message) !== 0) return malformed('wrong ICMPv6 checksum');
  const common = { ...addresses, sourceIp: formatIpv6(source), targetIp: formatIpv6(message, 8) };
  if (type === 135) {
    return { kind: 'neighbor-solicitation', ...common, linkLayerAddress: linkLayerOption(message, 1) };
  }
  const flags = message.readUInt8(4);
  return {
    kind: 'neighbor-advertisement',
    ...common,
    linkLayerAddress: linkLayerOption(message, 2),
    solicited: (flags & 0x40) !== 0,
    override: (flags & 0x20) !== 0,
  };
}

function linkLayerOption(message: Buffer, wanted: number): string | undefined {
  for (let at = 24; at + 8 <= message.length; ) {
    const length = message.readUInt8(at + 1) * 8;
    if (length === 0) return undefined;
    if (message.readUInt8(at) === wanted) return formatMac(message, at + 2);
    at += length;
  }
  return undefined;
}
