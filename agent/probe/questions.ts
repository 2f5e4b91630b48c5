import { createHash } from 'node:crypto';
import type { ProbePort } from '../../domain/network-model.ts';
import type { Vantage } from '../../domain/probes.ts';
import { isIpv4 } from '../../platform/addresses.ts';
import type { Frame } from '../../platform/frame-parser.ts';
import { arpReply, arpRequest, icmpEchoRequest } from '../../platform/frames.ts';
import type { RawPort } from './raw-port.ts';
import type { Question } from './rounds.ts';

/** A guest as probes see it. */
export interface Guest {
  readonly tap: string;
  readonly portId: string;
  readonly mac: string;
  readonly ips: readonly string[];
}

/** RFC 5227: an ARP probe has no sender address, so nobody's neighbour table learns from our asking. */
const noSender = '0.0.0.0';
/** Headers of IPv4 and ICMP. */
const echoHeaderBytes = 28;
/** Large pings are numbered apart from small ones. */
const largeSequenceFrom = 0x4000;

/** A locally administered MAC that only this attempt asks from, so that an older attempt's answers are not taken for ours. */
export function nonceMac(nonce: string): string {
  const digest = createHash('sha256').update(nonce).digest();
  return ['02', '53', ...[...digest.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}

/** The MAC that large ARP questions are asked from: only so their answers are told from those to small ones. */
export function largeMac(mac: string): string {
  const digest = createHash('sha256').update(`large ${mac}`).digest();
  return ['fe', '53', ...[...digest.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}

/**
 * Unicast ARP to the guest's MAC through the forwarding tables: proves the way there and back, not only the guest. The large one is
 * filled up to `mtu`: it proves the way there for full-size frames.
 */
export function arpQuestion(vantage: Vantage, port: RawPort, guest: Guest, mtu?: number): Question | undefined {
  return arpFrom({ vantage, port, guest, mtu, askFrom: port.mac, deliver: (frame) => port.send(frame) });
}

/**
 * Asks the guest itself, past every forwarding table: `deliver` puts the frame straight out of the tap, and the answer is
 * heard on the tap. OVN's responder is not on this path, so only the guest can answer.
 */
export function localQuestion(
  asking: Pick<ArpAsking, 'port' | 'guest' | 'mtu' | 'askFrom' | 'deliver'>,
): Question | undefined {
  return arpFrom({ vantage: 'local', ...asking });
}

interface ArpAsking {
  readonly vantage: Vantage;
  readonly port: RawPort;
  readonly guest: Guest;
  readonly mtu: number | undefined;
  readonly askFrom: string;
  readonly deliver: (frame: Buffer) => void;
}

function arpFrom({ vantage, port, guest, mtu, askFrom, deliver }: ArpAsking): Question | undefined {
  const ip = guest.ips.find(isIpv4);
  if (ip === undefined) return undefined;
  const from = (senderMac: string, paddedTo?: number) => {
    const fields = { senderMac, senderIp: noSender, targetIp: ip, targetMac: guest.mac };
    const frame = arpRequest(paddedTo === undefined ? fields : { ...fields, paddedTo });
    return {
      ask: () => deliver(frame),
      isAnswer: (heard: Frame) => isArpAnswer(heard, guest.mac, ip, senderMac),
    };
  };
  const asked = { vantage, tap: guest.tap, portId: guest.portId, port, ...from(askFrom) };
  return mtu === undefined ? asked : { ...asked, large: from(largeMac(askFrom), mtu) };
}

export interface RoundTrip {
  /** Our probe port in OVN, on the guest's own hypervisor, and what OVN knows it by. */
  readonly probe: RawPort;
  readonly address: ProbePort;
  /** The guest's tap, heard both ways. */
  readonly tap: RawPort;
  readonly guest: Guest;
  /** Puts a frame straight out of the guest's port. */
  readonly deliver: (frame: Buffer) => void;
}

/**
 * There and back through the flows of the guest's port, and past OVN's responder, which answers requests for whom it knows: a frame that asks
 * nothing has to come from our probe port to the tap; then the guest is asked straight, and its answer has to find the probe port. No
 * group forbids ARP. Listens at the tap until it is disposed.
 */
export function roundTripQuestion({
  probe,
  address,
  tap,
  guest,
  deliver,
}: RoundTrip): (Question & Disposable) | undefined {
  const ip = guest.ips.find(isIpv4);
  if (ip === undefined) return undefined;
  const sender = { senderMac: address.mac, senderIp: noSender };
  const there = arpReply({ ...sender, targetMac: guest.mac, targetIp: noSender });
  const back = arpRequest({ ...sender, targetMac: guest.mac, targetIp: ip });
  const listening = tap.listen((heard) => {
    if (isArpAnswer(heard, address.mac, noSender, guest.mac)) deliver(back);
  });
  return {
    ...{ vantage: 'remote', tap: guest.tap, portId: guest.portId, port: probe },
    ask: () => probe.send(there),
    isAnswer: (heard) => isArpAnswer(heard, guest.mac, ip, address.mac),
    [Symbol.dispose]: () => listening[Symbol.dispose](),
  };
}

/** From where a ping is sent. */
export interface PingFrom {
  /** Default `remote`. */
  readonly vantage?: Vantage;
  readonly port: RawPort;
  readonly address: ProbePort;
  /** Tells this asker's answers from others'. */
  readonly identifier: number;
  readonly mtu?: number;
}

/** ICMP echo from a probe port of type VIF: OVN answers ARP for its ports, but never ICMP for a guest. Large ones must not be fragmented. */
export function pingQuestion(
  { vantage = 'remote', port, address, identifier, mtu }: PingFrom,
  guest: Guest,
): Question | undefined {
  const ip = guest.ips.find(isIpv4);
  if (ip === undefined) return undefined;
  const base = {
    sourceMac: address.mac,
    destinationMac: guest.mac,
    sourceIp: address.ip,
    destinationIp: ip,
    identifier,
  };
  const numbered = (firstSequence: number, payload?: Buffer) => {
    const more = payload === undefined ? {} : { payload, dontFragment: true };
    const roundOf = (heard: Frame) => (heard.kind === 'icmp-echo' ? heard.sequence - firstSequence : undefined);
    return {
      ask: (round: number) => port.send(icmpEchoRequest({ ...base, ...more, sequence: firstSequence + round })),
      roundOf,
      isAnswer: (heard: Frame) =>
        heard.kind === 'icmp-echo' &&
        heard.type === 'reply' &&
        heard.identifier === identifier &&
        heard.sequence >= largeSequenceFrom === (payload !== undefined) &&
        heard.sourceIp === ip &&
        heard.sourceMac === guest.mac,
    };
  };
  const asked = { vantage, tap: guest.tap, portId: guest.portId, port, ...numbered(1) } as const;
  if (mtu === undefined) return asked;
  return { ...asked, large: numbered(largeSequenceFrom, Buffer.alloc(mtu - echoHeaderBytes)) };
}

function isArpAnswer(heard: Frame, mac: string, ip: string, askedFrom: string): boolean {
  return (
    heard.kind === 'arp' &&
    heard.operation === 'reply' &&
    heard.senderMac === mac &&
    heard.senderIp === ip &&
    heard.targetMac === askedFrom
  );
}
