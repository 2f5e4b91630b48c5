import { formatIpv4, formatIpv6, isIpv4, parseIpv4, parseIpv6 } from './addresses.ts';
import { igmpFrame, mldFrame } from './group-frames.ts';

/** Who speaks. IPv6 is spoken from the link-local address of the MAC. */
export interface Member {
  readonly mac: string;
  readonly ip4: string | undefined;
}

/** Tells that this host is a member of a group (IGMPv2, MLDv1). Undefined: it has no address to tell it from. */
export function groupReport(member: Member, group: string): Buffer | undefined {
  if (!isIpv4(group)) return mldFrame(member.mac, group, mldMessage(131, group));
  return member.ip4 === undefined
    ? undefined
    : igmpFrame({ mac: member.mac, ip: member.ip4 }, group, igmpMessage(0x16, group));
}

/** Tells that this host is a member no more. */
export function groupLeave(member: Member, group: string): Buffer | undefined {
  if (!isIpv4(group)) return mldFrame(member.mac, 'ff02::2', mldMessage(132, group));
  return member.ip4 === undefined
    ? undefined
    : igmpFrame({ mac: member.mac, ip: member.ip4 }, '224.0.0.2', igmpMessage(0x17, group));
}

/** The groups that a frame reports its sender to be a member of (IGMPv1 to 3, MLDv1 and 2); none for any other frame. */
export function reportedGroups(frame: Buffer): readonly string[] {
  try {
    const etherType = frame.readUInt16BE(12);
    if (etherType === 0x0800 && frame.readUInt8(23) === 2) return igmpGroups(frame);
    if (etherType === 0x86dd && frame.readUInt8(20) === 0 && frame.readUInt8(54) === 58) return mldGroups(frame);
    return [];
  } catch (error) {
    if (error instanceof RangeError) return []; // it ends too early
    throw error;
  }
}

function igmpGroups(frame: Buffer): readonly string[] {
  const at = 14 + (frame.readUInt8(14) & 0x0f) * 4;
  const type = frame.readUInt8(at);
  if (type === 0x12 || type === 0x16) return [formatIpv4(frame.subarray(at + 4, at + 8))];
  return type === 0x22 ? recordedGroups(frame, at, 4) : [];
}

function mldGroups(frame: Buffer): readonly string[] {
  const at = 54 + (frame.readUInt8(55) + 1) * 8;
  const type = frame.readUInt8(at);
  if (type === 131) return [formatIpv6(frame, at + 8)];
  return type === 143 ? recordedGroups(frame, at, 16) : [];
}

/** Records of IGMPv3 (RFC 3376, 4.2) and MLDv2 (RFC 3810, 5.2) are alike but for the addresses' length. */
function recordedGroups(frame: Buffer, report: number, addressBytes: 4 | 16): readonly string[] {
  const groups: string[] = [];
  let at = report + 8;
  for (let left = frame.readUInt16BE(report + 6); left > 0; left -= 1) {
    const type = frame.readUInt8(at);
    const sources = frame.readUInt16BE(at + 2);
    const isLeft = (type === 1 || type === 3) && sources === 0; // includes nobody
    const end = at + 4 + addressBytes;
    if (end > frame.length) break;
    if (!isLeft) groups.push(addressBytes === 4 ? formatIpv4(frame, at + 4) : formatIpv6(frame, at + 4));
    at = end + sources * addressBytes + frame.readUInt8(at + 1) * 4;
  }
  return groups;
}

function igmpMessage(type: number, group: string): Buffer {
  return Buffer.concat([Buffer.from([type, 0, 0, 0]), parseIpv4(group)]);
}

function mldMessage(type: number, group: string): Buffer {
  return Buffer.concat([Buffer.from([type, 0, 0, 0, 0, 0, 0, 0]), parseIpv6(group)]);
}
