import { type Action, encodeActions, type PortRef, portNumber } from './actions.ts';
import { headerBytes, type RawMessage } from './framing.ts';
import { decodeMatch, encodeMatch, type Match } from './match.ts';
import { OpenFlowError, type Refusal } from './openflow-error.ts';

/** OpenFlow 1.3's version byte. */
export const version13 = 4;

/** Message types (OpenFlow 1.3.5, 7.1). */
export const messageTypes = {
  hello: 0,
  error: 1,
  echoRequest: 2,
  echoReply: 3,
  setConfig: 9,
  packetIn: 10,
  packetOut: 13,
  flowMod: 14,
  multipartRequest: 18,
  multipartReply: 19,
  barrierRequest: 20,
  barrierReply: 21,
} as const;

export interface FlowSpec {
  readonly cookie: bigint;
  /** Default 0. */
  readonly table?: number;
  readonly priority: number;
  readonly match: Match;
  /** None: drop. */
  readonly actions: readonly Action[];
  readonly idleTimeoutS?: number;
  readonly hardTimeoutS?: number;
}

export interface FlowFilter {
  readonly cookie: bigint;
  /** Default: all bits of the cookie must be equal. */
  readonly cookieMask?: bigint;
  /** Default: all tables. */
  readonly table?: number;
  /** Flows that are at least as specific as this. */
  readonly match?: Match;
}

export interface PacketOut {
  readonly inPort: PortRef;
  readonly actions: readonly Action[];
  readonly data: Uint8Array;
}

export interface PacketIn {
  readonly inPort: number;
  readonly table: number;
  readonly cookie: bigint;
  readonly reason: 'no-match' | 'action' | 'invalid-ttl' | 'other';
  readonly data: Buffer;
}

export interface FlowStats {
  readonly table: number;
  readonly priority: number;
  readonly cookie: bigint;
  readonly packetCount: bigint;
  readonly byteCount: bigint;
  readonly match: Match;
}

const noBuffer = 0xffffffff;
const anyGroup = 0xffffffff;
const allTables = 0xff;
const allCookieBits = 0xffff_ffff_ffff_ffffn;
const flowCommands = { add: 0, delete: 3 } as const;

/** A whole message. */
export function encodeMessage(type: number, xid: number, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, headerBytes);
  if (length > 0xffff)
    throw new OpenFlowError('invalid', `a message of ${length} bytes is longer than OpenFlow allows`);
  const header = Buffer.alloc(headerBytes);
  header.writeUInt8(version13, 0);
  header.writeUInt8(type, 1);
  header.writeUInt16BE(length, 2);
  header.writeUInt32BE(xid, 4);
  return Buffer.concat([header, ...parts], length);
}

/** HELLO with a version bitmap of OpenFlow 1.3 only. */
export function encodeHello(xid: number): Buffer {
  return encodeMessage(messageTypes.hello, xid, Buffer.of(0, 1, 0, 8, 0, 0, 0, 1 << version13));
}

/** True when the peer's HELLO allows 1.3: by its bitmap if it has one, else by its highest version. */
export function helloAllows13(message: RawMessage): boolean {
  const { body } = message;
  for (let at = 0; at + 4 <= body.length; ) {
    const length = body.readUInt16BE(at + 2);
    if (length < 4) break;
    if (body.readUInt16BE(at) === 1 && length >= 8) return (body.readUInt32BE(at + 4) & (1 << version13)) !== 0;
    at += (length + 7) & ~7;
  }
  return message.version >= version13;
}

/** SET_CONFIG: whole frames in packet_in. A management connection gets no packet_in at all before it says so. */
export function encodeSetConfig(xid: number): Buffer {
  return encodeMessage(messageTypes.setConfig, xid, Buffer.of(0, 0, 0xff, 0xff));
}

export function encodePacketOut(xid: number, packet: PacketOut): Buffer {
  const actions = encodeActions(packet.actions);
  const fixed = Buffer.alloc(16);
  fixed.writeUInt32BE(noBuffer, 0);
  fixed.writeUInt32BE(portNumber(packet.inPort), 4);
  fixed.writeUInt16BE(actions.length, 8);
  return encodeMessage(messageTypes.packetOut, xid, fixed, actions, packet.data);
}

/** FLOW_MOD that adds a flow, or replaces one of equal table, match and priority. */
export function encodeAddFlow(xid: number, flow: FlowSpec): Buffer {
  const fixed = flowMod({ command: flowCommands.add, table: flow.table ?? 0, cookie: flow.cookie, cookieMask: 0n });
  fixed.writeUInt16BE(flow.idleTimeoutS ?? 0, 18);
  fixed.writeUInt16BE(flow.hardTimeoutS ?? 0, 20);
  fixed.writeUInt16BE(flow.priority, 22);
  return encodeMessage(messageTypes.flowMod, xid, fixed, encodeMatch(flow.match), applyActions(flow.actions));
}

/** FLOW_MOD that deletes every flow of the filter (non-strict: any priority). */
export function encodeDeleteFlows(xid: number, filter: FlowFilter): Buffer {
  const fixed = flowMod({
    command: flowCommands.delete,
    table: filter.table ?? allTables,
    cookie: filter.cookie,
    cookieMask: filter.cookieMask ?? allCookieBits,
  });
  return encodeMessage(messageTypes.flowMod, xid, fixed, encodeMatch(filter.match ?? {}));
}

export function encodeBarrier(xid: number): Buffer {
  return encodeMessage(messageTypes.barrierRequest, xid);
}

export function encodeEcho(type: 'request' | 'reply', xid: number, data: Uint8Array): Buffer {
  return encodeMessage(type === 'request' ? messageTypes.echoRequest : messageTypes.echoReply, xid, data);
}

const multipartFlow = 1;

/** MULTIPART_REQUEST for the flows of a filter and their counters. */
export function encodeFlowStatsRequest(xid: number, filter: FlowFilter): Buffer {
  const fixed = Buffer.alloc(8 + 32);
  fixed.writeUInt16BE(multipartFlow, 0);
  fixed.writeUInt8(filter.table ?? allTables, 8);
  fixed.writeUInt32BE(portNumber('ANY'), 12);
  fixed.writeUInt32BE(anyGroup, 16);
  fixed.writeBigUInt64BE(filter.cookie, 24);
  fixed.writeBigUInt64BE(filter.cookieMask ?? allCookieBits, 32);
  return encodeMessage(messageTypes.multipartRequest, xid, fixed, encodeMatch(filter.match ?? {}));
}

/** One part of the answer; `more` says that another follows. */
export function decodeFlowStatsReply(body: Buffer): { readonly flows: readonly FlowStats[]; readonly more: boolean } {
  if (body.readUInt16BE(0) !== multipartFlow) throw new OpenFlowError('protocol', 'an answer that was not asked for');
  const flows: FlowStats[] = [];
  for (let at = 8; at + 56 <= body.length; ) {
    const length = body.readUInt16BE(at);
    if (length < 56) throw new OpenFlowError('protocol', 'a flow entry that is too short');
    flows.push({
      table: body.readUInt8(at + 2),
      priority: body.readUInt16BE(at + 12),
      cookie: body.readBigUInt64BE(at + 24),
      packetCount: body.readBigUInt64BE(at + 32),
      byteCount: body.readBigUInt64BE(at + 40),
      match: decodeMatch(body, at + 48).match,
    });
    at += length;
  }
  return { flows, more: (body.readUInt16BE(2) & 1) !== 0 };
}

const packetInReasons = ['no-match', 'action', 'invalid-ttl'] as const;

export function decodePacketIn(body: Buffer): PacketIn {
  const { match, paddedLength } = decodeMatch(body, 16);
  return {
    inPort: typeof match.inPort === 'number' ? match.inPort : 0,
    table: body.readUInt8(7),
    cookie: body.readBigUInt64BE(8),
    reason: packetInReasons[body.readUInt8(6)] ?? 'other',
    data: Buffer.from(body.subarray(16 + paddedLength + 2)), // a copy: the frame outlives the receive buffer
  };
}

const errorNames = [
  'hello-failed',
  'bad-request',
  'bad-action',
  'bad-instruction',
  'bad-match',
  'flow-mod-failed',
  'group-mod-failed',
  'port-mod-failed',
  'table-mod-failed',
  'queue-op-failed',
  'switch-config-failed',
  'role-request-failed',
  'meter-mod-failed',
  'table-features-failed',
] as const;

export function decodeRefusal(message: RawMessage): Refusal {
  const type = message.body.readUInt16BE(0);
  return { type, code: message.body.readUInt16BE(2), name: errorNames[type] ?? `type-${type}`, xid: message.xid };
}

function flowMod(fields: { command: number; table: number; cookie: bigint; cookieMask: bigint }): Buffer {
  const bytes = Buffer.alloc(40);
  bytes.writeBigUInt64BE(fields.cookie, 0);
  bytes.writeBigUInt64BE(fields.cookieMask, 8);
  bytes.writeUInt8(fields.table, 16);
  bytes.writeUInt8(fields.command, 17);
  bytes.writeUInt32BE(noBuffer, 24);
  bytes.writeUInt32BE(portNumber('ANY'), 28);
  bytes.writeUInt32BE(anyGroup, 32);
  return bytes;
}

function applyActions(actions: readonly Action[]): Buffer {
  if (actions.length === 0) return Buffer.alloc(0); // no instruction: what matches is dropped
  const encoded = encodeActions(actions);
  const header = Buffer.alloc(8);
  header.writeUInt16BE(4, 0); // OFPIT_APPLY_ACTIONS
  header.writeUInt16BE(8 + encoded.length, 2);
  return Buffer.concat([header, encoded]);
}
