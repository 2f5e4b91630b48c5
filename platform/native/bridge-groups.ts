import { formatIpv4, formatIpv6, formatMac, isIpv4, parseIpv4, parseIpv6 } from '../addresses.ts';
import { attribute, listAttributes } from './netlink-codec.ts';
import { AF_BRIDGE } from './sockaddr.ts';

/** Constants and structures of <linux/if_bridge.h>: a bridge's table of multicast groups. Pure. */
export const RTM_NEWMDB = 84;
export const RTM_GETMDB = 86;
const MDBA_MDB = 1;
const MDBA_MDB_ENTRY = 1;
const MDBA_MDB_ENTRY_INFO = 1;
const MDBA_SET_ENTRY = 1;
const ETH_P_IP = 0x0800;
const ETH_P_IPV6 = 0x86dd;
const entryBytes = 28;

/** A group that somebody behind a bridge's port has joined, as the bridge has heard. */
export interface GroupEntry {
  readonly ifindex: number;
  /** IPv4, IPv6 or MAC address. */
  readonly group: string;
  readonly vlan: number | undefined;
}

/** Body of a request to list the groups of all bridges. */
export function listGroups(): Buffer {
  return portMessage(0);
}

/** The groups in one answer, of one bridge. */
export function decodeGroups(body: Buffer, bridge: number): readonly GroupEntry[] {
  if (body.readInt32LE(4) !== bridge) return [];
  return listAttributes(body, 8)
    .filter(({ type }) => type === MDBA_MDB)
    .flatMap(({ value }) => listAttributes(value, 0))
    .filter(({ type }) => type === MDBA_MDB_ENTRY)
    .flatMap(({ value }) => listAttributes(value, 0))
    .filter(({ type, value }) => type === MDBA_MDB_ENTRY_INFO && value.length >= entryBytes)
    .map(({ value }) => decodeEntry(value));
}

/** Body of a request to make a port member of a group. */
export function groupMembership(
  entry: { readonly group: string; readonly vlan: number | undefined },
  at: { readonly port: number; readonly bridge: number },
): Buffer {
  const bytes = Buffer.alloc(entryBytes); // struct br_mdb_entry; state 0: it times out
  bytes.writeUInt32LE(at.port, 0);
  bytes.writeUInt16LE(entry.vlan ?? 0, 6);
  const four = isIpv4(entry.group);
  (four ? parseIpv4(entry.group) : parseIpv6(entry.group)).copy(bytes, 8);
  bytes.writeUInt16BE(four ? ETH_P_IP : ETH_P_IPV6, 24);
  return Buffer.concat([portMessage(at.bridge), attribute(MDBA_SET_ENTRY, bytes)]);
}

function decodeEntry(value: Buffer): GroupEntry {
  const vlan = value.readUInt16LE(6);
  const protocol = value.readUInt16BE(24);
  const format = protocol === ETH_P_IP ? formatIpv4 : protocol === ETH_P_IPV6 ? formatIpv6 : formatMac;
  return { ifindex: value.readUInt32LE(0), group: format(value, 8), vlan: vlan === 0 ? undefined : vlan };
}

/** struct br_port_msg. */
function portMessage(ifindex: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt8(AF_BRIDGE, 0);
  bytes.writeUInt32LE(ifindex, 4);
  return bytes;
}
