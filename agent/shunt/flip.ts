import type { RewireStep } from '../../domain/rewire/steps.ts';
import { sleep } from '../../platform/clock.ts';
import type { NetlinkOperation } from '../../platform/native/netlink-operations.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import { type Execution, hasTap, mark } from '../cutover/execution.ts';
import { toNobody } from '../host/announcements.ts';
import { keptAt } from './enter.ts';
import { type Active, gateCommands, legsOf } from './gate.ts';
import { askMemberships, bringMemberships, endMemberships } from './memberships.ts';
import { legFlags, outerLegFlags } from './own-links.ts';
import { keepToLegacy, letLearn, letThrough, lookedThrough, pointToLegacy, pointToTarget } from './provider-side.ts';
import { presentMoves, type ShuntMove } from './shunt-moves.ts';
import { guarded } from './storm-guard.ts';

/** Frames that were under way by the old leg when it was left have arrived by then. Both legs let through what is meant for the guest all the time: no hurry. */
const drainMs = 30;
const connectTimeoutMs = 5_000;

/**
 * Frames leave by the target leg from now on. Order: what stops frames from OVN goes first; then the gates turn, in one transaction;
 * then the tap's own frames, in one netlink batch; then the tables of the switches on the way; and L's own entry last, when Open vSwitch has
 * looked through the flows that it had made of its tables, and nothing comes to the guest by L any more.
 */
export async function flip(step: RewireStep, run: Execution): Promise<void> {
  const moves = presentMoves(step, run);
  if (moves.length === 0) return;
  const ofports = new Map(moves.map((move) => [move, claimedOfport(move, run)]));
  await run.integration.ready(AbortSignal.any([run.signal, AbortSignal.timeout(connectTimeoutMs)]));
  const joined = moves.filter((move) => !move.shunt.disjoint);
  const announce = () => {
    for (const move of moves.filter((one) => hasTap(one, run))) announceTarget(move, ofports.get(move) ?? 0, run);
  };
  await bringMemberships(moves, run);
  await run.plane.readySwitch(run.signal); // the instant must not wait for a connection
  const before = await guarded(moves, run, async () => {
    await letThrough(joined, run);
    turn(moves, 'target', run);
    await pointToTarget(joined, run);
    announce();
    for (const move of moves) mark(run, move.tap, 'announced');
    await sleep(drainMs, run.signal);
  });
  await lookedThrough(joined, run);
  const leaveLegacy = async () => {
    run.netlink.applyAll(joined.flatMap((move) => behindUplink(move, run)));
    await letLearn(joined, run);
    announce();
  };
  await guarded(moves, run, leaveLegacy, before);
  askMemberships(moves, run);
  for (const move of moves) mark(run, move.tap, 'repaired');
}

/** Frames leave by the legacy leg again: {@link flip}, mirrored. */
export async function unflip(step: RewireStep, run: Execution): Promise<void> {
  const moves = presentMoves(step, run);
  if (moves.length === 0) return;
  const joined = moves.filter((move) => !move.shunt.disjoint);
  await Promise.all(moves.map((move) => run.uplinks.open(move, run.signal))); // each bridge is waited for up to a second
  // L leads to the guest by our leg before anything comes that way.
  run.netlink.applyAll(
    moves
      .filter(({ shunt }) => shunt.legacyLeg.owned)
      .flatMap((move) => [
        outerLegFlags(move.shunt, 'legacy'),
        ...move.shunt.ownMacs.map((mac) => keptAt(legsOf(move.shunt).a, mac)),
      ]),
  );
  await run.plane.readySwitch(run.signal);
  await guarded(moves, run, async () => {
    turn(moves, 'legacy', run);
    await pointToLegacy(joined, run);
    announceLegacy(joined, run);
    for (const move of moves) mark(run, move.tap, 'announced');
    await sleep(drainMs, run.signal); // the guest's last frames by way of OVN pass the provider bridge until then
    await keepToLegacy(joined, run);
    announceLegacy(joined, run);
    run.plane.gate(moves.flatMap((move) => gateCommands(move, move.shunt, 'legacy')));
  });
  for (const move of moves) mark(run, move.tap, 'repaired');
  await endMemberships(moves, run);
}

/** The instant itself: one nft transaction and one netlink batch for all taps. */
function turn(moves: readonly ShuntMove[], active: Active, run: Execution): void {
  run.fence();
  run.plane.gate(moves.flatMap((move) => gateCommands(move, move.shunt, active, 'settling')));
  const standing = (leg: string) => run.netlink.link(leg) !== undefined; // a hybrid has no legacy leg any more
  const changes = moves.flatMap((move) => turning(move, active));
  run.netlink.applyAll(changes.filter(({ link }) => standing(link)));
}

function turning({ shunt }: ShuntMove, active: Active): readonly LegChange[] {
  const { b, v } = legsOf(shunt);
  const legs = { legacy: b, target: v } as const;
  const left = active === 'legacy' ? 'target' : 'legacy';
  return [
    { kind: 'set-bridge-port', link: legs[active], ...legFlags(shunt, active, active) },
    {
      kind: 'set-bridge-port',
      link: legs[left],
      ...legFlags(shunt, left, active),
      // What B has learnt there would keep frames on the old way. Disjoint worlds: that is what is wanted.
      ...(shunt.disjoint ? {} : { flush: true }),
    },
  ];
}

type LegChange = Extract<NetlinkOperation, { kind: 'set-bridge-port' }> & { readonly link: string };

/** L sends what is for the guest to the wire, where it is now; an entry that does not age, so that L never floods for it. */
function behindUplink(move: ShuntMove, run: Execution): readonly NetlinkOperation[] {
  const { uplink } = move.legacy;
  if (uplink === undefined || run.netlink.link(uplink) === undefined) return [];
  return [
    ...move.shunt.ownMacs.map((mac): NetlinkOperation => ({ kind: 'fdb-replace', link: uplink, mac, state: 'static' })),
    ...(hasOuterLeg(move, run) ? [outerLegFlags(move.shunt, 'target')] : []),
  ];
}

function hasOuterLeg({ shunt }: ShuntMove, run: Execution): boolean {
  return shunt.legacyLeg.owned && run.netlink.link(shunt.legacyLeg.outer) !== undefined;
}

function claimedOfport(move: ShuntMove, run: Execution): number {
  const { o } = legsOf(move.shunt);
  const row = run.ovs.interface(o);
  if (row?.ofport && row.ofport > 0 && row.external_ids.get('ovn-installed') === 'true') return row.ofport;
  throw new ShuntError('wrong-state', `flipping ${move.tap}: OVN has not installed the flows of ${o}`);
}

function announceTarget(move: ShuntMove, ofport: number, run: Execution): void {
  for (const frame of framesOf(move, run)) run.integration.inject(ofport, frame);
}

function announceLegacy(moves: readonly ShuntMove[], run: Execution): void {
  for (const move of moves.filter((one) => hasTap(one, run))) {
    for (const frame of framesOf(move, run)) run.uplinks.send(move, frame);
  }
}

/** No neighbour has to hear of a flip: its guest is where it was. Of tables only those on the way have to. */
function framesOf({ tap, shunt }: ShuntMove, run: Execution): readonly Buffer[] {
  const frames = run.frames.get(tap) ?? [];
  return shunt.disjoint ? frames : toNobody(frames); // OVN sends what is for nobody nowhere on an overlay
}
