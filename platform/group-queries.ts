import { parseIpv6, parseMac } from './addresses.ts';
import { internetChecksum, pseudoHeaderV6 } from './checksum.ts';

/** Answers come spread over this time. */
const answerWithinMs = 100;

/**
 * An IGMPv2 general query (RFC 2236) from 0.0.0.0, which never takes part in the election of a querier (RFC 4541, 2.1.1): whoever hears it
 * reports the groups it is a member of.
 */
export function igmpGeneralQuery(sourceMac: string): Buffer {
  const message = Buffer.from([0x11, answerWithinMs / 100, 0, 0, 0, 0, 0, 0]);
  message.writeUInt16BE(internetChecksum(message), 2);
  const header = Buffer.alloc(24); // with the router alert option
  header.writeUInt8(0x46, 0);
  header.writeUInt8(0xc0, 1);
  header.writeUInt16BE(header.length + message.length, 2);
  header.writeUInt8(1, 8); // time to live
  header.writeUInt8(2, 9); // IGMP
  header.set([224, 0, 0, 1], 16);
  header.set([0x94, 4, 0, 0], 20);
  header.writeUInt16BE(internetChecksum(header), 10);
  return Buffer.concat([ethernet(sourceMac, '01:00:5e:00:00:01', 0x0800), header, message]);
}

/** The same for IPv6 (MLDv1, RFC 2710), from the link-local address of the MAC. */
export function mldGeneralQuery(sourceMac: string): Buffer {
  const message = Buffer.alloc(24);
  message.writeUInt8(130, 0);
  message.writeUInt16BE(answerWithinMs, 4);
  const source = linkLocal(sourceMac);
  const destination = parseIpv6('ff02::1');
  const routerAlert = Buffer.from([58, 0, 5, 2, 0, 0, 1, 0]); // hop-by-hop header, padded
  const pseudo = pseudoHeaderV6({ source, destination, protocol: 58, length: message.length });
  message.writeUInt16BE(internetChecksum(pseudo, message), 2);
  const header = Buffer.alloc(8);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(routerAlert.length + message.length, 4);
  header.writeUInt8(0, 6); // hop-by-hop
  header.writeUInt8(1, 7); // hop limit
  return Buffer.concat([
    ethernet(sourceMac, '33:33:00:00:00:01', 0x86dd),
    header,
    source,
    destination,
    routerAlert,
    message,
  ]);
}

function ethernet(source: string, destination: string, etherType: number): Buffer {
  return Buffer.concat([parseMac(destination), parseMac(source), Buffer.from([etherType >> 8, etherType & 255])]);
}

function linkLocal(mac: string): Buffer {
  const bytes = parseMac(mac);
  const tail = Buffer.concat([bytes.subarray(0, 3), Buffer.of(0xff, 0xfe), bytes.subarray(3)]);
  tail.writeUInt8(tail.readUInt8(0) ^ 2, 0);
  return Buffer.concat([parseIpv6('fe80::').subarray(0, 8), tail]);
}
