import { formatMac } from '../addresses.ts';
import { decodeAttributes, decodeText, type NetlinkMessage } from './netlink-codec.ts';

/** Constants of <linux/if_link.h>, <linux/neighbour.h>. */
export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;
export const RTM_SETLINK = 19;
export const RTM_NEWNEIGH = 28;
export const RTM_DELNEIGH = 29;
export const RTM_GETNEIGH = 30;
export const IFLA_ADDRESS = 1;
export const IFLA_IFNAME = 3;
export const IFLA_MTU = 4;
export const IFLA_LINK = 5;
export const IFLA_MASTER = 10;
export const IFLA_PROTINFO = 12;
export const IFLA_OPERSTATE = 16;
export const IFLA_LINKINFO = 18;
export const IFLA_IFALIAS = 20;
export const IFLA_NET_NS_FD = 28;
export const IFLA_EXT_MASK = 29;
export const IFLA_LINK_NETNSID = 37;
export const IFLA_INFO_KIND = 1;
export const IFLA_INFO_DATA = 2;
export const IFLA_INFO_SLAVE_KIND = 4;
const IFLA_INFO_SLAVE_DATA = 5;
const IFLA_STATS64 = 23;
export const IFF_UP = 0x1;
const IFF_LOWER_UP = 0x10000;
export const NDA_LLADDR = 2;
export const NDA_VLAN = 5;
export const NDA_MASTER = 9;
export const NTF_MASTER = 0x4;
export const NTF_STICKY = 0x40;
export const NUD_REACHABLE = 0x02;
export const NUD_STALE = 0x04;
export const NUD_NOARP = 0x40;
export const NUD_PERMANENT = 0x80;

const operStates = ['unknown', 'not-present', 'down', 'lower-layer-down', 'testing', 'dormant', 'up'] as const;

/** RFC 2863, as in /sys/class/net/X/operstate. */
export type OperState = (typeof operStates)[number];

/** How a bridge treats one of its ports. */
export interface BridgePortFlags {
  readonly isolated?: boolean;
  readonly learning?: boolean;
  readonly flood?: boolean;
  readonly multicastFlood?: boolean;
  readonly broadcastFlood?: boolean;
}

/** Attributes IFLA_BRPORT_* of the flags. */
export const portFlagAttributes = [
  ['learning', 8],
  ['flood', 9],
  ['multicastFlood', 27],
  ['broadcastFlood', 30],
  ['isolated', 33],
] as const satisfies readonly (readonly [keyof BridgePortFlags, number])[];

/** Frames that went through a link since it was made. */
export interface LinkCounters {
  readonly received: number;
  readonly sent: number;
}

/** A network interface of one namespace. */
export interface Link {
  readonly ifindex: number;
  readonly name: string;
  /** Empty for links without an ethernet address. */
  readonly mac: string;
  readonly mtu: number;
  /** Administratively up. */
  readonly up: boolean;
  /** Has carrier. */
  readonly lowerUp: boolean;
  readonly operstate: OperState;
  /** ifindex of the bridge it is in. */
  readonly master: number | undefined;
  /** `veth`, `bridge`, `tun`, `vxlan`, …; undefined for hardware. */
  readonly kind: string | undefined;
  /** `bridge` for a bridge's port. */
  readonly slaveKind: string | undefined;
  /** Of a bridge's port, as far as this kernel tells. */
  readonly bridgePort?: BridgePortFlags;
  /** The other end of a veth (in the namespace `peerNetnsId` if that is set). */
  readonly peerIfindex: number | undefined;
  readonly peerNetnsId: number | undefined;
  readonly alias: string | undefined;
}

/** One entry of a Linux bridge's forwarding table. */
export interface FdbEntry {
  readonly mac: string;
  /** The port behind which the MAC is. */
  readonly ifindex: number;
  readonly master: number | undefined;
  readonly vlan: number | undefined;
  /** `permanent`: the bridge's own; `static`: set by somebody, does not age; `reachable`, `stale`: learnt or set to age. */
  readonly state: 'reachable' | 'stale' | 'permanent' | 'static' | 'other';
  readonly sticky: boolean;
}

/** The address family of an RTM_*LINK or RTM_*NEIGH message. */
export function familyOf(message: NetlinkMessage): number {
  return message.body.readUInt8(0);
}

/** An RTM_NEWLINK or RTM_DELLINK message. */
export function decodeLink(message: NetlinkMessage): Link {
  const flags = message.body.readUInt32LE(8);
  const attributes = decodeAttributes(message.body, 16);
  const info = decodeAttributes(attributes.get(IFLA_LINKINFO) ?? Buffer.alloc(0), 0);
  const address = attributes.get(IFLA_ADDRESS);
  const slaveKind = text(info, IFLA_INFO_SLAVE_KIND);
  return {
    ifindex: message.body.readInt32LE(4),
    name: text(attributes, IFLA_IFNAME) ?? '',
    mac: address?.length === 6 ? formatMac(address) : '',
    mtu: u32(attributes, IFLA_MTU) ?? 0,
    up: (flags & IFF_UP) !== 0,
    lowerUp: (flags & IFF_LOWER_UP) !== 0,
    operstate: operStates[attributes.get(IFLA_OPERSTATE)?.at(0) ?? 0] ?? 'unknown',
    master: u32(attributes, IFLA_MASTER),
    kind: text(info, IFLA_INFO_KIND),
    slaveKind,
    ...(slaveKind === 'bridge' ? { bridgePort: bridgePortFlags(info.get(IFLA_INFO_SLAVE_DATA)) } : {}),
    peerIfindex: u32(attributes, IFLA_LINK),
    peerNetnsId: u32(attributes, IFLA_LINK_NETNSID),
    alias: text(attributes, IFLA_IFALIAS),
  };
}

function bridgePortFlags(data: Buffer | undefined): BridgePortFlags {
  const attributes = decodeAttributes(data ?? Buffer.alloc(0), 0);
  return Object.fromEntries(
    portFlagAttributes.flatMap(([name, type]) => {
      const value = attributes.get(type)?.at(0);
      return value === undefined ? [] : [[name, value !== 0]];
    }),
  );
}

/** Counters of an RTM_NEWLINK message that was asked for with statistics. */
export function decodeCounters(message: NetlinkMessage): LinkCounters {
  const stats = decodeAttributes(message.body, 16).get(IFLA_STATS64);
  if (stats === undefined || stats.length < 16) return { received: 0, sent: 0 };
  return { received: Number(stats.readBigUInt64LE(0)), sent: Number(stats.readBigUInt64LE(8)) };
}

/** An RTM_NEWNEIGH or RTM_DELNEIGH message of family AF_BRIDGE; undefined when it has no MAC. */
export function decodeFdbEntry(message: NetlinkMessage): FdbEntry | undefined {
  const attributes = decodeAttributes(message.body, 12);
  const address = attributes.get(NDA_LLADDR);
  if (address?.length !== 6) return undefined;
  return {
    mac: formatMac(address),
    ifindex: message.body.readInt32LE(4),
    master: u32(attributes, NDA_MASTER),
    vlan: attributes.get(NDA_VLAN)?.readUInt16LE(0),
    state: fdbState(message.body.readUInt16LE(8)),
    sticky: (message.body.readUInt8(10) & NTF_STICKY) !== 0,
  };
}

function fdbState(state: number): FdbEntry['state'] {
  if (state & NUD_PERMANENT) return 'permanent';
  if (state & NUD_NOARP) return 'static';
  if (state & NUD_REACHABLE) return 'reachable';
  return state & NUD_STALE ? 'stale' : 'other';
}

function u32(attributes: ReadonlyMap<number, Buffer>, type: number): number | undefined {
  return attributes.get(type)?.readUInt32LE(0);
}

function text(attributes: ReadonlyMap<number, Buffer>, type: number): string | undefined {
  const bytes = attributes.get(type);
  return bytes === undefined ? undefined : decodeText(bytes);
}
