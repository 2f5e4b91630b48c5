import { formatIpv6, formatMac, parseIpv4, parseIpv6, parseMac } from './addresses.ts';
import { internetChecksum, pseudoHeaderV6 } from './checksum.ts';

const broadcastMac = 'ff:ff:ff:ff:ff:ff';
const zeroMac = '00:00:00:00:00:00';
const ethernetHeaderBytes = 14;
const etherTypes = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd } as const;
const icmpv6 = { protocol: 58, solicitation: 135, advertisement: 136 } as const;

/** An ARP request (RFC 826): broadcast, or unicast to `targetMac` when that is given. */
export function arpRequest(fields: {
  readonly senderMac: string;
  readonly senderIp: string;
  readonly targetIp: string;
  readonly targetMac?: string;
  /** The packet is filled up with zeros to so many bytes after the ethernet header. Absent: as long as ARP is. */
  readonly paddedTo?: number;
}): Buffer {
  const destination = fields.targetMac ?? broadcastMac;
  const frame = arp({ ...fields, operation: 1, destination, targetMac: zeroMac });
  const missing = (fields.paddedTo ?? 0) + ethernetHeaderBytes - frame.length;
  return missing > 0 ? Buffer.concat([frame, Buffer.alloc(missing)]) : frame;
}

/** The answer to an ARP request, unicast. */
export function arpReply(fields: {
  readonly senderMac: string;
  readonly senderIp: string;
  readonly targetMac: string;
  readonly targetIp: string;
}): Buffer {
  return arp({ ...fields, operation: 2, destination: fields.targetMac });
}

/** A broadcast request for one's own address (RFC 5227's announcement): every switch on the way learns where `mac` is. */
export function gratuitousArp(fields: { readonly mac: string; readonly ip: string }): Buffer {
  return arpRequest({ senderMac: fields.mac, senderIp: fields.ip, targetIp: fields.ip });
}

export interface EchoFields {
  readonly sourceMac: string;
  readonly destinationMac: string;
  readonly sourceIp: string;
  readonly destinationIp: string;
  readonly identifier: number;
  readonly sequence: number;
  readonly payload?: Uint8Array;
  /** Default 64. */
  readonly ttl?: number;
  readonly dontFragment?: boolean;
}

/** A ping over IPv4 (RFC 792). */
export function icmpEchoRequest(fields: EchoFields): Buffer {
  return icmpEcho(fields, 8);
}

/** The answer to a ping: same identifier, sequence and payload. */
export function icmpEchoReply(fields: EchoFields): Buffer {
  return icmpEcho(fields, 0);
}

/** IPv6's gratuitous ARP (RFC 4861, 7.2.6): an unsolicited neighbor advertisement to all nodes, with override. */
export function unsolicitedNeighborAdvertisement(fields: {
  readonly mac: string;
  readonly ip: string;
  readonly router?: boolean;
}): Buffer {
  const message = Buffer.alloc(32);
  message.writeUInt8(icmpv6.advertisement, 0);
  message.writeUInt8(0x20 | (fields.router ? 0x80 : 0), 4);
  parseIpv6(fields.ip).copy(message, 8);
  linkLayerOption(2, fields.mac).copy(message, 24);
  return icmpv6Frame(message, {
    sourceMac: fields.mac,
    destinationMac: '33:33:00:00:00:01',
    sourceIp: fields.ip,
    destinationIp: 'ff02::1',
  });
}

/** Asks who has an IPv6 address: to its solicited-node group, or unicast to `targetMac` when that is given. */
export function neighborSolicitation(fields: {
  readonly sourceMac: string;
  readonly sourceIp: string;
  readonly targetIp: string;
  readonly targetMac?: string;
}): Buffer {
  const target = parseIpv6(fields.targetIp);
  const message = Buffer.alloc(32);
  message.writeUInt8(icmpv6.solicitation, 0);
  target.copy(message, 8);
  linkLayerOption(1, fields.sourceMac).copy(message, 24);
  const group = parseIpv6('ff02::1:ff00:0');
  target.copy(group, 13, 13);
  return icmpv6Frame(message, {
    sourceMac: fields.sourceMac,
    destinationMac: fields.targetMac ?? formatMac(Buffer.concat([Buffer.of(0x33, 0x33), group.subarray(12)])),
    sourceIp: fields.sourceIp,
    destinationIp: fields.targetMac === undefined ? formatIpv6(group) : fields.targetIp,
  });
}

function arp(fields: {
  readonly operation: 1 | 2;
  readonly destination: string;
  readonly senderMac: string;
  readonly senderIp: string;
  readonly targetMac: string;
  readonly targetIp: string;
}): Buffer {
  return Buffer.concat([
    ethernet(fields.senderMac, fields.destination, etherTypes.arp),
    Buffer.of(0, 1, 8, 0, 6, 4, 0, fields.operation), // ethernet, IPv4, lengths of their addresses
    parseMac(fields.senderMac),
    parseIpv4(fields.senderIp),
    parseMac(fields.targetMac),
    parseIpv4(fields.targetIp),
  ]);
}

function ethernet(source: string, destination: string, etherType: number): Buffer {
  const header = Buffer.alloc(14);
  parseMac(destination).copy(header, 0);
  parseMac(source).copy(header, 6);
  header.writeUInt16BE(etherType, 12);
  return header;
}

function icmpEcho(fields: EchoFields, type: number): Buffer {
  const message = Buffer.alloc(8 + (fields.payload?.length ?? 0));
  message.writeUInt8(type, 0);
  message.writeUInt16BE(fields.identifier, 4);
  message.writeUInt16BE(fields.sequence, 6);
  if (fields.payload !== undefined) message.set(fields.payload, 8);
  message.writeUInt16BE(internetChecksum(message), 2);
  const header = Buffer.alloc(20);
  header.writeUInt8(0x45, 0);
  header.writeUInt16BE(header.length + message.length, 2);
  header.writeUInt16BE(fields.sequence, 4);
  header.writeUInt16BE(fields.dontFragment ? 0x4000 : 0, 6);
  header.writeUInt8(fields.ttl ?? 64, 8);
  header.writeUInt8(1, 9);
  parseIpv4(fields.sourceIp).copy(header, 12);
  parseIpv4(fields.destinationIp).copy(header, 16);
  header.writeUInt16BE(internetChecksum(header), 10);
  return Buffer.concat([ethernet(fields.sourceMac, fields.destinationMac, etherTypes.ipv4), header, message]);
}

function linkLayerOption(type: number, mac: string): Buffer {
  return Buffer.concat([Buffer.of(type, 1), parseMac(mac)]);
}

function icmpv6Frame(
  message: Buffer,
  addresses: {
    readonly sourceMac: string;
    readonly destinationMac: string;
    readonly sourceIp: string;
    readonly destinationIp: string;
  },
): Buffer {
  const source = parseIpv6(addresses.sourceIp);
  const destination = parseIpv6(addresses.destinationIp);
  message.writeUInt16BE(
    internetChecksum(
      pseudoHeaderV6({ source, destination, protocol: icmpv6.protocol, length: message.length }),
      message,
    ),
    2,
  );
  const header = Buffer.alloc(40);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(message.length, 4);
  header.writeUInt8(icmpv6.protocol, 6);
  header.writeUInt8(255, 7); // RFC 4861: receivers drop what may have come through a router
  source.copy(header, 8);
  destination.copy(header, 24);
  return Buffer.concat([ethernet(addresses.sourceMac, addresses.destinationMac, etherTypes.ipv6), header, message]);
}
