import { parseIpv4, parseIpv6, parseMac } from './addresses.ts';
import { internetChecksum, pseudoHeaderV6 } from './checksum.ts';

const igmp = 2;
const icmp6 = 58;

/** A message of IGMP in a frame, with the router alert option (RFC 2113); the message's checksum is filled in. */
export function igmpFrame(
  source: { readonly mac: string; readonly ip: string },
  destination: string,
  message: Buffer,
): Buffer {
  message.writeUInt16BE(internetChecksum(message), 2);
  const header = Buffer.alloc(24);
  header.writeUInt8(0x46, 0);
  header.writeUInt8(0xc0, 1);
  header.writeUInt16BE(header.length + message.length, 2);
  header.writeUInt8(1, 8); // time to live
  header.writeUInt8(igmp, 9);
  parseIpv4(source.ip).copy(header, 12);
  const group = parseIpv4(destination);
  group.copy(header, 16);
  header.set([0x94, 4, 0, 0], 20);
  header.writeUInt16BE(internetChecksum(header), 10);
  const mac = Buffer.from([0x01, 0x00, 0x5e, group.readUInt8(1) & 0x7f, group.readUInt8(2), group.readUInt8(3)]);
  return Buffer.concat([mac, parseMac(source.mac), Buffer.from([0x08, 0x00]), header, message]);
}

/** A message of MLD in a frame, from the link-local address of the MAC; the message's checksum is filled in. */
export function mldFrame(sourceMac: string, destination: string, message: Buffer): Buffer {
  const source = linkLocal(sourceMac);
  const group = parseIpv6(destination);
  const options = Buffer.from([icmp6, 0, 5, 2, 0, 0, 1, 0]); // hop-by-hop: router alert (RFC 2711), padded
  const pseudo = pseudoHeaderV6({ source, destination: group, protocol: icmp6, length: message.length });
  message.writeUInt16BE(internetChecksum(pseudo, message), 2);
  const header = Buffer.alloc(8);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(options.length + message.length, 4);
  header.writeUInt8(0, 6); // hop-by-hop
  header.writeUInt8(1, 7); // hop limit
  const mac = Buffer.concat([Buffer.from([0x33, 0x33]), group.subarray(12)]);
  const ethernet = Buffer.concat([mac, parseMac(sourceMac), Buffer.from([0x86, 0xdd])]);
  return Buffer.concat([ethernet, header, source, group, options, message]);
}

function linkLocal(mac: string): Buffer {
  const bytes = parseMac(mac);
  const tail = Buffer.concat([bytes.subarray(0, 3), Buffer.of(0xff, 0xfe), bytes.subarray(3)]);
  tail.writeUInt8(tail.readUInt8(0) ^ 2, 0);
  return Buffer.concat([parseIpv6('fe80::').subarray(0, 8), tail]);
}
