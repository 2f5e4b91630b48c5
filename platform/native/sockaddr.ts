import { endianness } from 'node:os';

/** Linux constants of <sys/socket.h>, <linux/if_packet.h>, <linux/netlink.h>; equal on x86-64 and arm64. */
export const AF_UNIX = 1;
export const AF_BRIDGE = 7;
export const AF_NETLINK = 16;
export const AF_PACKET = 17;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_CLOEXEC = 0o2000000;
export const SOCK_NONBLOCK = 0o4000;
export const SOL_SOCKET = 1;
export const SOL_PACKET = 263;
export const SOL_NETLINK = 270;
export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;

if (endianness() !== 'LE') throw new Error('only little-endian machines are supported (x86-64, arm64)');

/** sockaddr_un; a leading `@` is the abstract namespace. */
export function unixAddress(path: string): Uint8Array {
  const name = Buffer.from(path);
  if (name.length > 107) throw new RangeError(`a unix socket's path has at most 107 bytes: ${path}`);
  const abstract = path.startsWith('@');
  const address = Buffer.alloc(2 + name.length + (abstract ? 0 : 1));
  address.writeUInt16LE(AF_UNIX, 0);
  name.copy(address, 2);
  if (abstract) address[2] = 0;
  return address;
}

/** sockaddr_nl of this process (port chosen by the kernel) with old-style multicast groups. */
export function netlinkAddress(groups: number): Uint8Array {
  const address = Buffer.alloc(12);
  address.writeUInt16LE(AF_NETLINK, 0);
  address.writeUInt32LE(groups, 8);
  return address;
}

/** sockaddr_ll for bind(2): `protocol` is an EtherType, 3 = all, 0 = none (nothing is received). */
export function packetAddress(ifindex: number, protocol: number): Uint8Array {
  const address = Buffer.alloc(20);
  address.writeUInt16LE(AF_PACKET, 0);
  address.writeUInt16BE(protocol, 2);
  address.writeInt32LE(ifindex, 4);
  return address;
}
