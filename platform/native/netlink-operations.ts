import { parseMac } from '../addresses.ts';
import { groupMembership, RTM_NEWMDB } from './bridge-groups.ts';
import * as codec from './netlink-codec.ts';
import * as rt from './netlink-links.ts';
import { AF_BRIDGE } from './sockaddr.ts';

/** A link by ifindex, or by name in the socket's namespace. */
export type LinkRef = number | string;

/** One change of links or of a bridge's forwarding table. */
export type NetlinkOperation =
  | { readonly kind: 'set-master'; readonly link: LinkRef; readonly master: LinkRef }
  | { readonly kind: 'no-master' | 'set-up' | 'set-down' | 'delete-link'; readonly link: LinkRef }
  | { readonly kind: 'set-mtu'; readonly link: LinkRef; readonly mtu: number }
  | { readonly kind: 'set-mac'; readonly link: LinkRef; readonly mac: string }
  | { readonly kind: 'set-name'; readonly link: LinkRef; readonly name: string }
  | { readonly kind: 'move-to-netns'; readonly link: LinkRef; readonly netnsPath: string }
  | {
      readonly kind: 'create-veth';
      readonly name: string;
      readonly peer: string;
      readonly mac?: string;
      readonly peerMac?: string;
      readonly mtu?: number;
    }
  /** 802.1Q, born up and in its bridge: it takes its VLAN's frames from the moment that it is there. */
  | {
      readonly kind: 'create-vlan';
      readonly name: string;
      readonly parent: LinkRef;
      readonly vlan: number;
      readonly mac: string;
      readonly mtu: number;
      readonly master: LinkRef;
    }
  | ({
      readonly kind: 'create-bridge';
      readonly name: string;
      readonly mac?: string;
      readonly mtu?: number;
    } & BridgeOptions)
  | {
      readonly kind: 'fdb-replace' | 'fdb-append';
      readonly link: LinkRef;
      readonly mac: string;
      /** Default `reachable`: ages like a learnt one, and moves when the MAC shows up elsewhere. */
      readonly state?: 'reachable' | 'permanent' | 'static';
      /** It stays when the MAC shows up elsewhere (`static` only; Linux >= 5.0, older kernels take no notice). */
      readonly sticky?: boolean;
    }
  | { readonly kind: 'fdb-delete'; readonly link: LinkRef; readonly mac: string }
  | ({ readonly kind: 'set-bridge-port'; readonly link: LinkRef } & rt.BridgePortFlags & BridgePortOrders)
  /** The port is a member of a group, until the membership times out. */
  | {
      readonly kind: 'mdb-add';
      readonly link: LinkRef;
      readonly master: LinkRef;
      readonly group: string;
      readonly vlan?: number;
    };

export interface BridgeOptions {
  readonly stp?: boolean;
  readonly multicastSnooping?: boolean;
  readonly ageingMs?: number;
  /** Until a port forwards, where STP is on; where it is off the kernel tells everybody of each port again after that time. */
  readonly forwardDelayMs?: number;
}

/** What is told to a port and does not stand in its flags. */
export interface BridgePortOrders {
  /** All multicast goes there, joined or not. */
  readonly multicastRouter?: boolean;
  /** What was learnt behind the port is forgotten. */
  readonly flush?: true;
}

/** What {@link encodeOperation} needs of the world. */
export interface OperationContext {
  readonly ifindexOf: (link: LinkRef) => number;
  readonly openNetns: (path: string) => number;
}

export interface EncodedOperation {
  readonly type: number;
  readonly flags: number;
  readonly body: Buffer;
}

const acknowledged = codec.NLM_F_REQUEST | codec.NLM_F_ACK;
const creating = acknowledged | codec.NLM_F_CREATE | codec.NLM_F_EXCL;
const VETH_INFO_PEER = 1;
const IFLA_VLAN_ID = 1;
const NLA_F_NESTED = 0x8000;
const fdbStates = {
  reachable: rt.NUD_REACHABLE,
  static: rt.NUD_REACHABLE | rt.NUD_NOARP,
  permanent: rt.NUD_PERMANENT,
} as const;
const IFLA_BRPORT_FLUSH = 24;
const IFLA_BRPORT_MULTICAST_ROUTER = 25;

/** Changes after which a name may mean another link than before. */
export function movesNames(operation: NetlinkOperation): boolean {
  return ['create-veth', 'create-bridge', 'create-vlan', 'delete-link', 'set-name', 'move-to-netns'].includes(
    operation.kind,
  );
}

/** The rtnetlink request of an operation, without sequence number. */
export function encodeOperation(operation: NetlinkOperation, context: OperationContext): EncodedOperation {
  const setLink = (link: LinkRef, ...attributes: readonly Buffer[]): EncodedOperation =>
    request(rt.RTM_SETLINK, acknowledged, [linkHeader({ ifindex: context.ifindexOf(link) }), ...attributes]);
  switch (operation.kind) {
    case 'set-master':
      return setLink(operation.link, codec.attributeU32(rt.IFLA_MASTER, context.ifindexOf(operation.master)));
    case 'no-master':
      return setLink(operation.link, codec.attributeU32(rt.IFLA_MASTER, 0));
    case 'set-up':
    case 'set-down': {
      const header = linkHeader({ ifindex: context.ifindexOf(operation.link), up: operation.kind === 'set-up' });
      return request(rt.RTM_SETLINK, acknowledged, [header]);
    }
    case 'set-mtu':
      return setLink(operation.link, codec.attributeU32(rt.IFLA_MTU, operation.mtu));
    case 'set-mac':
      return setLink(operation.link, codec.attribute(rt.IFLA_ADDRESS, parseMac(operation.mac)));
    case 'set-name':
      return setLink(operation.link, codec.attributeText(rt.IFLA_IFNAME, operation.name));
    case 'move-to-netns':
      return setLink(operation.link, codec.attributeU32(rt.IFLA_NET_NS_FD, context.openNetns(operation.netnsPath)));
    case 'delete-link':
      return request(rt.RTM_DELLINK, acknowledged, [linkHeader({ ifindex: context.ifindexOf(operation.link) })]);
    case 'create-veth':
    case 'create-bridge':
      return request(rt.RTM_NEWLINK, creating, createdLink(operation));
    case 'create-vlan':
      return request(rt.RTM_NEWLINK, creating, createdVlan(operation, context));
    case 'set-bridge-port':
      return bridgePort(operation, context);
    case 'fdb-replace':
    case 'fdb-append':
    case 'fdb-delete':
      return fdbChange(operation, context);
    case 'mdb-add': {
      const { link, master, group, vlan } = operation;
      const body = groupMembership(
        { group, vlan },
        { port: context.ifindexOf(link), bridge: context.ifindexOf(master) },
      );
      return request(RTM_NEWMDB, acknowledged | codec.NLM_F_CREATE, [body]);
    }
    default:
      throw new TypeError(`unknown netlink operation ${JSON.stringify(operation satisfies never)}`);
  }
}

type Creation = Extract<NetlinkOperation, { kind: 'create-veth' | 'create-bridge' }>;

function createdLink(operation: Creation): readonly Buffer[] {
  const { mtu } = operation;
  if (operation.kind === 'create-bridge') {
    const info = codec.nested(
      rt.IFLA_LINKINFO,
      codec.attribute(rt.IFLA_INFO_KIND, Buffer.from('bridge')),
      codec.nested(rt.IFLA_INFO_DATA, ...bridgeOptions(operation)),
    );
    return [linkHeader({ ifindex: 0 }), ...linkAttributes({ name: operation.name, mac: operation.mac, mtu }), info];
  }
  const peer = codec.nested(
    VETH_INFO_PEER,
    linkHeader({ ifindex: 0 }),
    ...linkAttributes({ name: operation.peer, mac: operation.peerMac, mtu }),
  );
  const info = codec.nested(
    rt.IFLA_LINKINFO,
    codec.attribute(rt.IFLA_INFO_KIND, Buffer.from('veth')),
    codec.nested(rt.IFLA_INFO_DATA, peer),
  );
  return [linkHeader({ ifindex: 0 }), ...linkAttributes({ name: operation.name, mac: operation.mac, mtu }), info];
}

function createdVlan(
  operation: Extract<NetlinkOperation, { kind: 'create-vlan' }>,
  context: OperationContext,
): readonly Buffer[] {
  const { name, mac, mtu, vlan } = operation;
  const id = Buffer.alloc(2);
  id.writeUInt16LE(vlan, 0);
  return [
    linkHeader({ ifindex: 0, up: true }),
    ...linkAttributes({ name, mac, mtu }),
    codec.attributeU32(rt.IFLA_LINK, context.ifindexOf(operation.parent)),
    codec.attributeU32(rt.IFLA_MASTER, context.ifindexOf(operation.master)),
    codec.nested(
      rt.IFLA_LINKINFO,
      codec.attribute(rt.IFLA_INFO_KIND, Buffer.from('vlan')),
      codec.nested(rt.IFLA_INFO_DATA, codec.attribute(IFLA_VLAN_ID, id)),
    ),
  ];
}

/** Attributes IFLA_BR_*; the kernel counts ageing in hundredths of a second. */
function bridgeOptions(options: BridgeOptions): readonly Buffer[] {
  const { stp, multicastSnooping, ageingMs, forwardDelayMs } = options;
  return [
    ...(forwardDelayMs === undefined ? [] : [codec.attributeU32(1, Math.round(forwardDelayMs / 10))]),
    ...(ageingMs === undefined ? [] : [codec.attributeU32(4, Math.round(ageingMs / 10))]),
    ...(stp === undefined ? [] : [codec.attributeU32(5, stp ? 1 : 0)]),
    ...(multicastSnooping === undefined ? [] : [codec.attributeU8(23, multicastSnooping ? 1 : 0)]),
  ];
}

function linkAttributes(link: {
  readonly name: string;
  readonly mac: string | undefined;
  readonly mtu: number | undefined;
}): readonly Buffer[] {
  return [
    codec.attributeText(rt.IFLA_IFNAME, link.name),
    ...(link.mac === undefined ? [] : [codec.attribute(rt.IFLA_ADDRESS, parseMac(link.mac))]),
    ...(link.mtu === undefined ? [] : [codec.attributeU32(rt.IFLA_MTU, link.mtu)]),
  ];
}

function bridgePort(
  operation: Extract<NetlinkOperation, { kind: 'set-bridge-port' }>,
  context: OperationContext,
): EncodedOperation {
  const flags = rt.portFlagAttributes.flatMap(([name, type]) => {
    const value = operation[name];
    return value === undefined ? [] : [codec.attributeU8(type, value ? 1 : 0)];
  });
  const { multicastRouter, flush } = operation;
  if (multicastRouter !== undefined)
    flags.push(codec.attributeU8(IFLA_BRPORT_MULTICAST_ROUTER, multicastRouter ? 2 : 1));
  if (flush) flags.push(codec.attribute(IFLA_BRPORT_FLUSH, Buffer.alloc(0)));
  return request(rt.RTM_SETLINK, acknowledged, [
    linkHeader({ ifindex: context.ifindexOf(operation.link), family: AF_BRIDGE }),
    codec.nested(rt.IFLA_PROTINFO | NLA_F_NESTED, ...flags), // without the flag the kernel takes it for an STP state
  ]);
}

type FdbChange = Extract<NetlinkOperation, { kind: 'fdb-replace' | 'fdb-append' | 'fdb-delete' }>;

function fdbChange(operation: FdbChange, context: OperationContext): EncodedOperation {
  const deletes = operation.kind === 'fdb-delete';
  const header = Buffer.alloc(12); // struct ndmsg
  header.writeUInt8(AF_BRIDGE, 0);
  header.writeInt32LE(context.ifindexOf(operation.link), 4);
  header.writeUInt16LE(deletes ? 0 : fdbStates[operation.state ?? 'reachable'], 8);
  const sticky = operation.kind !== 'fdb-delete' && operation.sticky === true;
  header.writeUInt8(rt.NTF_MASTER | (sticky ? rt.NTF_STICKY : 0), 10);
  const how = operation.kind === 'fdb-append' ? codec.NLM_F_APPEND : codec.NLM_F_REPLACE;
  return request(
    deletes ? rt.RTM_DELNEIGH : rt.RTM_NEWNEIGH,
    deletes ? acknowledged : acknowledged | codec.NLM_F_CREATE | how,
    [header, codec.attribute(rt.NDA_LLADDR, parseMac(operation.mac))],
  );
}

function request(type: number, flags: number, parts: readonly Buffer[]): EncodedOperation {
  return { type, flags, body: Buffer.concat(parts) };
}

/** struct ifinfomsg; `up` undefined leaves the flags alone. */
export function linkHeader(link: {
  readonly ifindex: number;
  readonly family?: number;
  readonly up?: boolean;
}): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt8(link.family ?? 0, 0);
  bytes.writeInt32LE(link.ifindex, 4);
  if (link.up !== undefined) {
    bytes.writeUInt32LE(link.up ? rt.IFF_UP : 0, 8);
    bytes.writeUInt32LE(rt.IFF_UP, 12);
  }
  return bytes;
}
