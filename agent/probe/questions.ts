import { createHash } from 'node:crypto';
import type { ProbePort } from '../../domain/network-model.ts';
import type { Vantage } from '../../domain/probes.ts';
import { isIpv4 } from '../../platform/addresses.ts';
import type { Frame } from '../../platform/frame-parser.ts';
import { arpRequest, icmpEchoRequest } from '../../platform/frames.ts';
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

/** A locally administered MAC that only this attempt asks from, so that an older attempt's answers are not taken for ours. */
export function nonceMac(nonce: string): string {
  const digest = createHash('sha256').update(nonce).digest();
  return ['02', '53', ...[...digest.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}

/** Unicast ARP to the guest's MAC through the forwarding tables: proves the way there and back, not only the guest. */
export function arpQuestion(vantage: Vantage, port: RawPort, guest: Guest): Question | undefined {
  const ip = guest.ips.find(isIpv4);
  if (ip === undefined) return undefined;
  const frame = arpRequest({ senderMac: port.mac, senderIp: noSender, targetIp: ip, targetMac: guest.mac });
  return {
    vantage,
    tap: guest.tap,
    portId: guest.portId,
    port,
    ask: () => port.send(frame),
    isAnswer: (heard) => isArpAnswer(heard, guest.mac, ip, port.mac),
  };
}

/**
 * Asks the guest itself, past every forwarding table: `deliver` puts the frame straight out of the tap, and the answer is
 * heard on the tap. OVN's responder is not on this path, so only the guest can answer.
 */
export function localQuestion(options: {
  port: RawPort;
  guest: Guest;
  askFrom: string;
  deliver: (frame: Buffer) => void;
}): Question | undefined {
  const { port, guest, askFrom } = options;
  const ip = guest.ips.find(isIpv4);
  if (ip === undefined) return undefined;
  const frame = arpRequest({ senderMac: askFrom, senderIp: noSender, targetIp: ip, targetMac: guest.mac });
  return {
    vantage: 'local',
    tap: guest.tap,
    portId: guest.portId,
    port,
    ask: () => options.deliver(frame),
    isAnswer: (heard) => isArpAnswer(heard, guest.mac, ip, askFrom),
  };
}

/** ICMP echo from a probe port of type VIF: OVN answers ARP for its ports, but never ICMP for a guest. */
export function pingQuestion(port: RawPort, from: ProbePort, guest: Guest, identifier: number): Question | undefined {
  const ip = guest.ips.find(isIpv4);
  if (ip === undefined) return undefined;
  const base = { sourceMac: from.mac, destinationMac: guest.mac, sourceIp: from.ip, destinationIp: ip, identifier };
  return {
    vantage: 'remote',
    tap: guest.tap,
    portId: guest.portId,
    port,
    ask: (round) => port.send(icmpEchoRequest({ ...base, sequence: round + 1 })),
    isAnswer: (heard) =>
      heard.kind === 'icmp-echo' &&
      heard.type === 'reply' &&
      heard.identifier === identifier &&
      heard.sourceIp === ip &&
      heard.sourceMac === guest.mac,
  };
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
