import type { FlowSeed } from '../../domain/connections/judge-flow.ts';
import { formatIpv4, formatIpv6, parseMac } from '../../platform/addresses.ts';
import type { BpfInstruction } from '../../platform/native/bpf.ts';
import { PacketSocket } from '../../platform/native/packet-socket.ts';
import { Poller } from '../../platform/native/poller.ts';
import { parseTcp, tcpFlags, tcpSegment } from '../../platform/segments.ts';
import { type SeedEnds, seedEnds, type TcpNumbers } from './seed-frames.ts';

/** `ended`: the guest knows of no such connection. */
export type Learned = TcpNumbers | 'ended';

export interface GuestTap {
  readonly tap: string;
  readonly mac: string;
}

/**
 * Sequence numbers that the rounds ask with. At most one of them is in any guest's receive window, and only what is outside is answered
 * at once (RFC 9293, 3.10.7.4: an acknowledgment in reply).
 */
const askSequences = [0x0000_0000, 0x8000_0000, 0x4000_0000] as const;
/** Linux answers one such segment of a connection in 500 ms (tcp_invalid_ratelimit). */
const roundMs = 600;
/** Streams are known by what they move on within this time; the tracker is told where they may be after that one. */
const paceMs = 50;
const aheadMs = 2_000;
/** Telling the tracker of many takes longer. */
const aheadMsPerConnection = 0.5;
/** Of the widest window, half: what is said again from before has to fit as well. Below the least nothing is told ahead: so much beyond is valid anyway. */
const [aheadMin, aheadMax] = [64 * 1024, 512 * 1024 * 1024];
const asksPerTurn = 64;
const turnPauseMs = 1;
const receiveBufferBytes = 4 * 1024 * 1024;

/**
 * Learns from the guests themselves where their TCP connections stand: no connection tracker tells. Each guest is sent, straight
 * out of its tap, an empty segment that fits nowhere; it answers with an acknowledgment that names both numbers. The far side gets
 * that as one acknowledgment more, which changes nothing for it. A connection that speaks anyhow needs no answer.
 * What is missing in the result said nothing in three rounds. Of streams it tells too how far they may get in two seconds.
 */
export async function learnNumbers(
  seeds: readonly FlowSeed[],
  guests: ReadonlyMap<string, GuestTap>,
  signal: AbortSignal,
): Promise<ReadonlyMap<FlowSeed, Learned>> {
  const learned = new Map<FlowSeed, Learned>();
  if (seeds.length === 0) return learned;
  await using poller = Poller.open();
  using ears = new DisposableStack();
  const { promise: all, resolve } = Promise.withResolvers<void>();
  const asks = [...Map.groupBy(seeds, (seed) => seed.tap)].flatMap(([tap, ofTap]) => {
    const guest = guests.get(tap);
    if (guest === undefined) return [];
    const waiting = new Map(ofTap.map((seed) => [keyOfEnds(seedEnds(seed)), seed]));
    const onFrame = ({ data }: { readonly data: Buffer }): void => {
      const heard = hear(data, waiting);
      if (heard === undefined) return;
      learned.set(heard.seed, furthest(heard.learned, learned.get(heard.seed)));
      if (learned.size === seeds.length) resolve();
    };
    const socket = listen(guest, poller, onFrame);
    if (socket === undefined) return [];
    ears.use(socket);
    return ofTap.map((seed) => ({ seed, guest, socket }));
  });
  for (const sequence of askSequences) {
    const open = asks.filter(({ seed }) => !learned.has(seed));
    if (open.length === 0) break;
    for (const [index, { seed, guest, socket }] of open.entries()) {
      ask(socket, seed, { mac: guest.mac, sequence });
      if (index % asksPerTurn === asksPerTurn - 1) await pause(turnPauseMs, signal);
    }
    await Promise.race([all, pause(roundMs, signal)]);
    signal.throwIfAborted();
  }
  if (learned.size === 0) return learned;
  const [before, sinceMs] = [new Map(learned), performance.now()];
  await pause(paceMs, signal);
  signal.throwIfAborted();
  const times = (aheadMs + seeds.length * aheadMsPerConnection) / (performance.now() - sinceMs);
  return new Map([...learned].map(([seed, now]) => [seed, withPace(now, before.get(seed), times)]));
}

/** What is said again after a loss is behind what was said before it. Sequence numbers wrap round. */
export function furthest(now: Learned, before: Learned | undefined): Learned {
  if (now === 'ended' || before === undefined || before === 'ended') return now;
  const end = (which: 'guest' | 'far') => (distance(before[which], now[which]) > 0 ? now[which] : before[which]);
  return { guest: end('guest'), far: end('far') };
}

/** `times`: how often as far as since `before` each end may get until a tracker sees it. */
export function withPace(now: Learned, before: Learned | undefined, times: number): Learned {
  if (now === 'ended' || before === undefined || before === 'ended') return now;
  const moved = (end: 'guest' | 'far') => {
    const bytes = Math.ceil(distance(before[end], now[end]) * times);
    return bytes < aheadMin ? 0 : Math.min(aheadMax, bytes);
  };
  const ahead = { guest: moved('guest'), far: moved('far') };
  return ahead.guest + ahead.far === 0 ? now : { ...now, ahead };
}

function distance(from: number, to: number): number {
  return (to - from) | 0;
}

/** A segment of a known connection from the guest: where both ends stand, by its own words. What it has got beyond a gap counts: the far side is further than that. */
function hear(frame: Buffer, waiting: ReadonlyMap<string, FlowSeed>) {
  const tcp = parseTcp(frame);
  if (tcp === undefined || (tcp.flags & tcpFlags.syn) !== 0) return undefined;
  const format = tcp.sourceIp.length === 4 ? formatIpv4 : formatIpv6;
  const seed = waiting.get(
    `${format(tcp.sourceIp)} ${tcp.sourcePort} ${format(tcp.destinationIp)} ${tcp.destinationPort}`,
  );
  if (seed === undefined) return undefined;
  if ((tcp.flags & tcpFlags.rst) !== 0) return { seed, learned: 'ended' as const };
  if ((tcp.flags & tcpFlags.ack) === 0) return undefined;
  const beyond = tcp.selectivelyAcknowledged.reduce(
    (far, edge) => (distance(far, edge) > 0 ? edge : far),
    tcp.acknowledgment,
  );
  return { seed, learned: { guest: (tcp.sequence + tcp.length) >>> 0, far: beyond } };
}

function ask(socket: PacketSocket, seed: FlowSeed, { mac, sequence }: { mac: string; sequence: number }): void {
  const ends = seedEnds(seed);
  const frame = tcpSegment({
    sourceMac: askerMac,
    destinationMac: mac,
    sourceIp: ends.farIp,
    destinationIp: ends.guestIp,
    sourcePort: ends.farPort,
    destinationPort: ends.guestPort,
    sequence,
    acknowledgment: 0,
    flags: tcpFlags.ack,
    window: 0xffff,
  });
  try {
    socket.send(frame);
  } catch {
    // Unanswered is the result, and the next round asks again.
  }
}

/** Locally administered; nobody learns from the source of an IP frame that goes straight to a guest. */
const askerMac = '02:53:48:55:4e:54';

function keyOfEnds({ guestIp, guestPort, farIp, farPort }: SeedEnds): string {
  return `${guestIp} ${guestPort} ${farIp} ${farPort}`;
}

function listen(
  { tap, mac }: GuestTap,
  poller: Poller,
  onFrame: (frame: { readonly data: Buffer }) => void,
): PacketSocket | undefined {
  try {
    return PacketSocket.open({
      interface: tap,
      poller,
      onFrame,
      onError: () => undefined, // a tap that goes away answers nothing more
      filter: tcpFromMac(mac),
      receiveBufferBytes,
    });
  } catch {
    return undefined; // the tap is gone
  }
}

const loadWord = 0x20;
const loadHalf = 0x28;
const loadByte = 0x30;
const jumpIfEqual = 0x15;
const returnConstant = 0x06;
/** Of each segment only its headers are wanted. */
const headerBytes = 128;

/** TCP over IPv4 or IPv6 with this ethernet source. */
function tcpFromMac(mac: string): readonly BpfInstruction[] {
  const bytes = parseMac(mac);
  return [
    { code: loadWord, jt: 0, jf: 0, k: 6 },
    { code: jumpIfEqual, jt: 0, jf: 10, k: bytes.readUInt32BE(0) },
    { code: loadHalf, jt: 0, jf: 0, k: 10 },
    { code: jumpIfEqual, jt: 0, jf: 8, k: bytes.readUInt16BE(4) },
    { code: loadHalf, jt: 0, jf: 0, k: 12 },
    { code: jumpIfEqual, jt: 0, jf: 2, k: 0x0800 },
    { code: loadByte, jt: 0, jf: 0, k: 23 },
    { code: jumpIfEqual, jt: 3, jf: 4, k: 6 },
    { code: jumpIfEqual, jt: 0, jf: 3, k: 0x86dd },
    { code: loadByte, jt: 0, jf: 0, k: 20 },
    { code: jumpIfEqual, jt: 0, jf: 1, k: 6 },
    { code: returnConstant, jt: 0, jf: 0, k: headerBytes },
    { code: returnConstant, jt: 0, jf: 0, k: 0 },
  ];
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
