import type { FlowSeed } from '../../domain/connections/judge-flow.ts';
import { ipProtocols } from '../../domain/connections/tracked-flow.ts';
import { echoMessage, type SegmentEnds, tcpFlags, tcpSegment, udpDatagram } from '../../platform/segments.ts';

/** Where the two ends of a TCP connection stand: the sequence number that each would send next. */
export interface TcpNumbers {
  readonly guest: number;
  readonly far: number;
  /** Of a stream: how many bytes further each end may be when a tracker sees it for itself. Absent: nowhere else. */
  readonly ahead?: { readonly guest: number; readonly far: number };
}

/** The two ends of a connection, told apart by where they live. Ports are 0 where there are none. */
export interface SeedEnds {
  readonly guestIp: string;
  readonly guestPort: number;
  readonly farIp: string;
  readonly farPort: number;
}

export function seedEnds({ flow, guestOpened }: FlowSeed): SeedEnds {
  const { src, dst, ports = { src: 0, dst: 0 } } = flow.original;
  return guestOpened
    ? { guestIp: src, guestPort: ports.src, farIp: dst, farPort: ports.dst }
    : { guestIp: dst, guestPort: ports.dst, farIp: src, farPort: ports.src };
}

/** A frame that a connection tracker is shown. The first of a connection makes the entry, the others lead it to where it is. */
export interface SeedFrame {
  readonly commit: boolean;
  readonly frame: Buffer;
}

/** Any address does: the frames go nowhere. */
const noMac = '02:53:48:55:4e:54';
/**
 * The widest windows that TCP knows, 1 GiB: a connection may run so far between this and the moment when the tracker sees it
 * for itself.
 */
const widest = { window: 0xffff, windowScale: 14 } as const;

/** What the tracker of a zone has to see to know this connection, in its true direction. `numbers` for TCP. */
export function seedFrames(seed: FlowSeed, numbers: TcpNumbers | undefined): readonly SeedFrame[] {
  const { protocol, seenReply, original, reply } = seed.flow;
  const there: SegmentEnds = {
    sourceMac: noMac,
    destinationMac: noMac,
    sourceIp: original.src,
    destinationIp: original.dst,
  };
  const back: SegmentEnds = { sourceMac: noMac, destinationMac: noMac, sourceIp: reply.src, destinationIp: reply.dst };
  if (protocol === ipProtocols.tcp) return numbers === undefined ? [] : tcpFrames(seed, numbers, { there, back });
  const frames = protocol === ipProtocols.udp ? udpFrames(seed, { there, back }) : echoFrames(seed, { there, back });
  return frames.slice(0, seenReply ? 2 : 1).map((frame, index) => ({ commit: index === 0, frame }));
}

interface Ways {
  readonly there: SegmentEnds;
  readonly back: SegmentEnds;
}

/**
 * The handshake as if the connection had just been made at these numbers, and each end's acknowledgment of the other's window. Of a stream also a last byte of what each end may say
 * meanwhile: acknowledgments of more than 64 KiB beyond what was seen would be invalid, those of up to a window behind it are not.
 */
function tcpFrames(seed: FlowSeed, numbers: TcpNumbers, { there, back }: Ways): readonly SeedFrame[] {
  const { ports = { src: 0, dst: 0 } } = seed.flow.original;
  const { guest, far, ahead = { guest: 0, far: 0 } } = numbers;
  const [opener, other] = seed.guestOpened ? [guest, far] : [far, guest];
  const [openerAhead, otherAhead] = seed.guestOpened ? [ahead.guest, ahead.far] : [ahead.far, ahead.guest];
  const out = { ...there, sourcePort: ports.src, destinationPort: ports.dst };
  const home = { ...back, sourcePort: ports.dst, destinationPort: ports.src };
  const { syn, ack } = tcpFlags;
  return [
    tcpSegment({ ...out, ...widest, sequence: opener - 1, acknowledgment: 0, flags: syn }),
    tcpSegment({ ...home, ...widest, sequence: other - 1, acknowledgment: opener, flags: syn | ack }),
    tcpSegment({ ...out, window: widest.window, sequence: opener, acknowledgment: other, flags: ack }),
    tcpSegment({ ...home, window: widest.window, sequence: other, acknowledgment: opener, flags: ack }),
    ...lastByte(openerAhead, { ...out, sequence: opener, acknowledgment: other }),
    ...lastByte(otherAhead, { ...home, sequence: other, acknowledgment: opener }),
  ].map((frame, index) => ({ commit: index === 0, frame }));
}

type Said = Omit<Parameters<typeof tcpSegment>[0], 'flags' | 'window' | 'windowScale' | 'payloadBytes'>;

function lastByte(ahead: number, said: Said): readonly Buffer[] {
  if (ahead <= 0) return [];
  const [flags, sequence] = [tcpFlags.ack, said.sequence + ahead - 1];
  return [tcpSegment({ ...said, window: widest.window, sequence, flags, payloadBytes: 1 })];
}

function udpFrames({ flow }: FlowSeed, { there, back }: Ways): readonly Buffer[] {
  const { ports = { src: 0, dst: 0 } } = flow.original;
  return [
    udpDatagram({ ...there, sourcePort: ports.src, destinationPort: ports.dst }),
    udpDatagram({ ...back, sourcePort: ports.dst, destinationPort: ports.src }),
  ];
}

function echoFrames({ flow }: FlowSeed, { there, back }: Ways): readonly Buffer[] {
  const { icmp = { type: 8, code: 0, id: 0 } } = flow.original;
  const answer = flow.family === 4 ? 0 : 129;
  return [echoMessage({ ...there, ...icmp }), echoMessage({ ...back, ...icmp, type: answer })];
}
