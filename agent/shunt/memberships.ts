import { isIpv4, parseIpv6 } from '../../platform/addresses.ts';
import { sleep } from '../../platform/clock.ts';
import { answerWithinMs, igmpGeneralQuery, mldGeneralQuery } from '../../platform/group-queries.ts';
import { groupLeave, groupReport, type Member, reportedGroups } from '../../platform/group-reports.ts';
import { groupFilter } from '../../platform/native/bpf.ts';
import type { LinkRef, NetlinkOperation } from '../../platform/native/netlink-operations.ts';
import { PacketSocket } from '../../platform/native/packet-socket.ts';
import { Poller } from '../../platform/native/poller.ts';
import { isShuntError, ShuntError } from '../../platform/shunt-error.ts';
import type { Execution } from '../cutover/execution.ts';
import { legsOf } from './gate.ts';
import type { ShuntMove } from './shunt-moves.ts';

/** Guests answer within {@link answerWithinMs}; as much again for busy ones. */
const listenMs = 2 * answerWithinMs;
/** From a report to OVN's flows it goes over ovn-controller, OVN SB and ovn-northd, and back. A flip goes on after that. */
const knownMaxMs = 2_000;
const lookEveryMs = 20;
/** A group that OVN forwards already, to others: that it has another member cannot be seen in its flows. */
const anotherMemberMs = 300;
const answersMax = 64;

/**
 * Asks guests which multicast groups they are members of: their answers leave by the leg that is active now, and every snooping switch on
 * that way (the legacy bridge, OVN, the provider bridge, the fabric) learns it at once and not at the next querier's turn, minutes
 * later. They are asked straight out of their taps: a query that came over a bridge would be dropped by a legacy firewall, which knows
 * nobody of its sender's address. Best effort.
 */
export function askMemberships(moves: readonly ShuntMove[], run: Execution): void {
  for (const { tap } of moves) {
    const link = run.netlink.link(tap);
    if (link === undefined) continue;
    try {
      using socket = PacketSocket.open({ interface: link.ifindex });
      ask(socket, link.mac);
    } catch (error) {
      if (!isShuntError(error)) throw error;
    }
  }
}

/**
 * What OVN and L have to know of the guests' groups before frames leave by OVN: OVN by reports that come in at the target leg, where the
 * provider bridge lets nothing of them out yet; L by entries at its uplink. Where nobody snoops nothing is done. Best effort: OVN that
 * does not learn in time does from the answers that come after the flip.
 */
export async function bringMemberships(moves: readonly ShuntMove[], run: Execution): Promise<void> {
  await bestEffort(async () => {
    if (await snoops(run)) await tellTarget(await learn(moves, run), run);
  });
  run.netlink.apply(moves.filter(({ shunt }) => !shunt.disjoint).flatMap((move) => behindUplink(move, run)));
}

/**
 * Asks the guests, whose frames leave by L again, and takes back from OVN what they answer: it would go on to send the groups by the
 * target leg, to which nobody listens. In disjoint worlds both legs are listened to. Best effort.
 */
export async function endMemberships(moves: readonly ShuntMove[], run: Execution): Promise<void> {
  await bestEffort(async () => {
    if (!(await snoops(run))) return askMemberships(moves, run);
    for (const { move, groups } of await learn(moves, run)) {
      if (move.shunt.disjoint) continue;
      for (const group of groups) inject(move, groupLeave(memberOf(move), group), run);
    }
  });
}

/** The groups that somebody behind a member of a bridge has joined, as the bridge has heard. */
export function groupsBehind(link: string, bridge: string, run: Execution): readonly string[] {
  const ifindex = run.netlink.link(link)?.ifindex;
  return run.netlink
    .groups(bridge)
    .flatMap((entry) => (entry.ifindex === ifindex && !isMac(entry.group) ? [entry.group] : []));
}

/** An entry that ages, as one that was learnt. */
export function joined(group: string, at: { readonly link: LinkRef; readonly master: LinkRef }): NetlinkOperation {
  return { kind: 'mdb-add', ...at, group };
}

/** Of one guest. */
interface Memberships {
  readonly move: ShuntMove;
  /** Without those that every switch floods. */
  readonly groups: readonly string[];
  /** What it said itself, word for word. */
  readonly reports: readonly Buffer[];
}

/** What L has heard of the guests, and what they answer now. */
async function learn(moves: readonly ShuntMove[], run: Execution): Promise<readonly Memberships[]> {
  await using poller = Poller.open();
  using sockets = new DisposableStack();
  const listening = moves.map((move) => {
    const reports: Buffer[] = [];
    const onFrame = ({ data }: { readonly data: Buffer }) => {
      if (reports.length < answersMax && wanted(reportedGroups(data)).length > 0) reports.push(data);
    };
    const link = run.netlink.link(move.tap);
    if (link !== undefined) {
      const options = { poller, onFrame, filter: groupFilter };
      ask(sockets.use(PacketSocket.open({ interface: link.ifindex, ...options })), link.mac);
    }
    return { move, reports };
  });
  await sleep(listenMs, run.signal);
  return listening.map(({ move, reports }) => {
    const heard = groupsBehind(legsOf(move.shunt).a, move.legacy.bridge, run);
    return { move, reports, groups: [...new Set(wanted([...heard, ...reports.flatMap(reportedGroups)]))] };
  });
}

/** Until OVN has flows for what it was told. */
async function tellTarget(all: readonly Memberships[], run: Execution): Promise<void> {
  const groups = [...new Set(all.flatMap((one) => one.groups))];
  if (groups.length === 0) return;
  const before = await missing(groups, run);
  for (const { move, reports, groups: own } of all) {
    const said = new Set(reports.flatMap(reportedGroups));
    for (const report of reports) inject(move, report, run);
    for (const group of own) if (!said.has(group)) inject(move, groupReport(memberOf(move), group), run);
  }
  if (before.length < groups.length) await sleep(anotherMemberMs, run.signal);
  const giveUpAt = run.clock.monotonicMs() + knownMaxMs;
  while ((await missing(before, run)).length > 0 && run.clock.monotonicMs() < giveUpAt) {
    await sleep(lookEveryMs, run.signal);
  }
}

/** Those that OVN has no flows for. */
async function missing(groups: readonly string[], run: Execution): Promise<readonly string[]> {
  const unknown: string[] = [];
  for (const group of groups) {
    const match = isIpv4(group) ? { ethType: 0x0800, ipv4Dst: group } : { ethType: 0x86dd, ipv6Dst: parseIpv6(group) };
    if (!(await run.integration.hasFlow(match, run.signal))) unknown.push(group);
  }
  return unknown;
}

/** OVN sends IGMP to its controller where a switch of this hypervisor snoops, and nowhere else. */
function snoops(run: Execution): Promise<boolean> {
  return run.integration.hasFlow({ ethType: 0x0800, ipProto: 2 }, run.signal);
}

function behindUplink({ legacy, shunt }: ShuntMove, run: Execution): readonly NetlinkOperation[] {
  const { uplink, bridge } = legacy;
  if (uplink === undefined || run.netlink.link(uplink) === undefined) return [];
  return wanted(groupsBehind(legsOf(shunt).a, bridge, run)).map((group) =>
    joined(group, { link: uplink, master: bridge }),
  );
}

function inject(move: ShuntMove, frame: Buffer | undefined, run: Execution): void {
  const ofport = run.ovs.interface(legsOf(move.shunt).o)?.ofport ?? 0;
  if (frame !== undefined && ofport > 0) run.integration.inject(ofport, frame);
}

function ask(socket: PacketSocket, mac: string): void {
  socket.send(igmpGeneralQuery(mac));
  socket.send(mldGeneralQuery(mac));
}

function memberOf({ mac, ips }: ShuntMove): Member {
  return { mac, ip4: ips.find(isIpv4) };
}

/** Without those of the link itself, neighbour discovery's among them: switches flood them, members or not (RFC 4541, 2.1.2 and 3). */
function wanted(groups: readonly string[]): readonly string[] {
  return groups.filter((group) => !/^224\.0\.0\.|^ff.[0-2]:/.test(group));
}

function isMac(group: string): boolean {
  return /^..:..:..:..:..:..$/.test(group);
}

async function bestEffort(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ShuntError)) throw error;
  }
}
