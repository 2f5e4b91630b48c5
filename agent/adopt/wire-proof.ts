import type { Adoption } from '../../domain/adopt/facts.ts';
import type { PeerAnswers } from '../../domain/adopt/judge-wire.ts';
import type { Blackout } from '../../domain/probes.ts';
import { isIpv4 } from '../../platform/addresses.ts';
import { sleep } from '../../platform/clock.ts';
import { arpRequest } from '../../platform/frames.ts';
import type { Netlink } from '../../platform/native/netlink.ts';
import type { Poller } from '../../platform/native/poller.ts';
import { BlackoutRecorder } from '../probe/blackout-recorder.ts';
import { arpQuestion } from '../probe/questions.ts';
import { RawPort } from '../probe/raw-port.ts';
import { askInRounds, type Question } from '../probe/rounds.ts';

/** How long we listen for who talks beyond the wire. */
const listenMs = 1_500;
/** Addresses that are asked for on one bridge, and of those who answer, whom we go on asking. */
const candidatesMax = 32;
const peersMax = 4;
const findRounds = 3;
/** As long as nobody has answered: a busy host may be slow, and without anybody there is no proof. */
const findRoundsMax = 20;
const findPauseMs = 150;
const before = { roundsMin: 4, roundsMax: 25, intervalMs: 60 };
const after = { roundsMin: 4, roundsMax: 25, intervalMs: 60 };
/** Answers to questions from before the change have come, and been read, within this, on a busy host too: they prove nothing of what is after it. */
const lateMs = 250;

interface Peer {
  readonly bridge: string;
  readonly ip: string;
  readonly mac: string;
}

/**
 * Whoever answers ARP from beyond the wire, asked from the legacy bridges themselves with their own MACs: guests, their plugs and their
 * tables are not touched. Nobody's neighbour table learns from it (RFC 5227: no sender address).
 */
export class WireProof implements Disposable {
  readonly #ports: ReadonlyMap<string, RawPort>;
  readonly #owned = new DisposableStack();
  #questions: readonly { readonly peer: Peer; readonly question: Question }[] = [];
  #recorder: BlackoutRecorder | undefined;

  constructor({ moves }: Adoption, { poller, netlink }: { readonly poller: Poller; readonly netlink: Netlink }) {
    this.#ports = new Map(
      moves.flatMap(({ bridge }) => {
        const link = netlink.link(bridge);
        if (link === undefined) return [];
        return [[bridge, this.#owned.use(new RawPort({ poller, interface: bridge, mac: link.mac }))] as const];
      }),
    );
  }

  /** Finds who is there, from what is said and from `named`, and asks them. */
  async baseline({ moves }: Adoption, named: readonly string[], netlink: Netlink): Promise<readonly PeerAnswers[]> {
    const heard = await this.#listen();
    const found = await Promise.all(
      moves.map(({ bridge, uplink }) =>
        this.#find(
          bridge,
          [...new Set([...named.filter(isIpv4), ...(heard.get(bridge) ?? [])])].slice(0, candidatesMax),
        ).then((peers) =>
          peers.filter(({ mac }) => isBehind({ mac, bridge, uplink: uplink.name }, netlink)).slice(0, peersMax),
        ),
      ),
    );
    this.#questions = found.flat().flatMap((peer) => {
      const port = this.#ports.get(peer.bridge);
      const guest = { tap: `${peer.bridge} ${peer.ip}`, portId: '', mac: peer.mac, ips: [peer.ip] };
      const question = port && arpQuestion('wire', port, guest);
      return question === undefined ? [] : [{ peer, question }];
    });
    return this.#ask(this.#questions, before);
  }

  /** From now on everybody is asked every few milliseconds, until {@link gaps}. */
  record(): void {
    this.#recorder =
      this.#questions.length === 0 ? undefined : new BlackoutRecorder(this.#questions.map(({ question }) => question));
  }

  async after(bridge: string): Promise<readonly PeerAnswers[]> {
    await sleep(lateMs);
    return this.#ask(
      this.#questions.filter(({ peer }) => peer.bridge === bridge),
      after,
    );
  }

  /** The longest silence of each bridge's peers. */
  gaps(): ReadonlyMap<string, Blackout> {
    const worst = new Map<string, Blackout>();
    for (const gap of this.#recorder?.stop() ?? []) {
      const [bridge = ''] = gap.tap.split(' ');
      const known = worst.get(bridge);
      if (known === undefined || known.blackoutMs < gap.blackoutMs) worst.set(bridge, gap);
    }
    return worst;
  }

  [Symbol.dispose](): void {
    this.#recorder?.stop();
    this.#owned.dispose();
  }

  /** Addresses that ARP speaks of, by bridge. */
  async #listen(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    const heard = new Map<string, Set<string>>();
    using listening = new DisposableStack();
    for (const [bridge, port] of this.#ports) {
      const addresses = new Set<string>();
      heard.set(bridge, addresses);
      listening.use(
        port.listen((frame) => {
          if (frame.kind !== 'arp' || addresses.size >= candidatesMax) return;
          for (const ip of [frame.senderIp, frame.targetIp]) if (ip !== '0.0.0.0') addresses.add(ip);
        }),
      );
    }
    await sleep(listenMs);
    return heard;
  }

  async #find(bridge: string, candidates: readonly string[]): Promise<readonly Peer[]> {
    const port = this.#ports.get(bridge);
    if (port === undefined || candidates.length === 0) return [];
    const found = new Map<string, Peer>();
    using _listening = port.listen((frame) => {
      if (frame.kind !== 'arp' || frame.operation !== 'reply' || frame.targetMac !== port.mac) return;
      if (candidates.includes(frame.senderIp))
        found.set(frame.senderIp, { bridge, ip: frame.senderIp, mac: frame.senderMac });
    });
    for (let round = 0; round < (found.size > 0 ? findRounds : findRoundsMax); round += 1) {
      for (const targetIp of candidates.filter((ip) => !found.has(ip)))
        port.send(arpRequest({ senderMac: port.mac, senderIp: '0.0.0.0', targetIp }));
      await sleep(findPauseMs);
    }
    return candidates.flatMap((ip) => found.get(ip) ?? []);
  }

  async #ask(
    asked: readonly { readonly peer: Peer; readonly question: Question }[],
    rounds: typeof before,
  ): Promise<readonly PeerAnswers[]> {
    const results = await askInRounds(
      asked.map(({ question }) => question),
      { ...rounds, isEnough: ({ answered }) => answered > 0 },
    );
    return asked.map(({ peer }, index) => ({
      bridge: peer.bridge,
      peer: peer.ip,
      sent: results[index]?.sent ?? 0,
      answered: results[index]?.answered ?? 0,
    }));
  }
}

/** A guest on this hypervisor proves nothing about the wire. */
function isBehind(
  at: { readonly mac: string; readonly bridge: string; readonly uplink: string },
  netlink: Netlink,
): boolean {
  const ifindex = netlink.link(at.uplink)?.ifindex;
  return netlink.fdb(at.bridge).some((entry) => entry.mac === at.mac && entry.ifindex === ifindex);
}
