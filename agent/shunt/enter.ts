import type { RewireStep } from '../../domain/rewire/steps.ts';
import { sleep } from '../../platform/clock.ts';
import type { NetlinkOperation } from '../../platform/native/netlink-operations.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import { type Execution, mark, markGone } from '../cutover/execution.ts';
import { legsOf } from './gate.ts';
import { askMemberships, groupsBehind, joined } from './memberships.ts';
import { outerLegFlags } from './own-links.ts';
import { isIn, presentMoves, type ShuntMove } from './shunt-moves.ts';
import { guarded } from './storm-guard.ts';

/** The kernel datapath holds a tap until vswitchd has let go of it. */
const busyRetriesMax = 400;
const busyRetryMs = 5;

/**
 * The taps go from L to B. L knows the guest behind its leg before the tap leaves: it never floods for it. A tap hears nothing for as
 * long as the kernel takes to move it: less than a millisecond, or a few where its RCU is slow. A tap that is in no bridge at all, since
 * somebody or something cut short took it out, goes in as well; one that somebody else has does not.
 */
export async function enterShunt(step: RewireStep, run: Execution): Promise<void> {
  const moves = presentMoves(step, run).filter((move) => !isIn(run, move.tap, move.shunt.bridge));
  if (moves.length === 0) return;
  for (const move of moves) {
    if (isLost(move, run) || isIn(run, move.tap, move.legacy.bridge)) continue;
    throw new ShuntError('preimage-changed', `${move.tap} is in another bridge than ${move.legacy.bridge}`);
  }
  await guarded(moves, run, () =>
    perform(
      moves.map((move) => ({ move, operations: entering(move, run) })),
      run,
    ),
  );
  for (const move of moves) mark(run, move.tap, 'joined');
}

/** The taps go from B back to L; groups that the guest has joined go with it. */
export async function exitShunt(step: RewireStep, run: Execution): Promise<void> {
  const found = presentMoves(step, run);
  const lost = found.filter((move) => !move.shunt.ownsBridge && isLost(move, run)); // a hybrid plug's tap was in B before us
  const moves = found.filter((move) => move.shunt.ownsBridge && !isIn(run, move.tap, move.legacy.bridge));
  await perform(
    lost.map((move) => ({ move, operations: [intoShunt(move)] })),
    run,
  );
  if (moves.length === 0) return;
  await perform(
    moves.map((move) => ({ move, operations: exiting(move, run) })),
    run,
  );
  for (const move of moves) mark(run, move.tap, 'joined');
  askMemberships(moves, run);
}

function entering(move: ShuntMove, run: Execution): readonly NetlinkOperation[] {
  const { tap, legacy, shunt } = move;
  const { a, v } = legsOf(shunt);
  const ownEntries = shunt.ownMacs.map((mac): NetlinkOperation => ({ kind: 'fdb-replace', link: tap, mac }));
  // Where frames leave by OVN, or by a leg that is not ours, L has nothing to learn of it.
  const flipped = isLost(move, run) && run.netlink.link(v)?.bridgePort?.flood === true;
  if (flipped || !shunt.legacyLeg.owned) return [intoShunt(move), ...ownEntries];
  const others = learntBehind(tap, legacy.bridge, run).filter((mac) => !shunt.ownMacs.includes(mac));
  return [
    outerLegFlags(shunt, 'legacy'),
    ...groupsBehind(tap, legacy.bridge, run).map((group) => joined(group, { link: a, master: legacy.bridge })),
    ...shunt.ownMacs.map((mac) => keptAt(a, mac)),
    intoShunt(move),
    ...ownEntries,
    ...others.flatMap((mac): NetlinkOperation[] => [
      { kind: 'fdb-replace', link: a, mac },
      { kind: 'fdb-replace', link: tap, mac },
    ]),
  ];
}

function intoShunt({ tap, shunt }: ShuntMove): NetlinkOperation {
  return { kind: 'set-master', link: tap, master: shunt.bridge };
}

/** In no bridge: nothing leads to its guest. The kernel datapath may be about to let go of it. */
function isLost({ tap }: ShuntMove, run: Execution): boolean {
  const link = run.netlink.link(tap);
  return link?.master === undefined || link.slaveKind === 'openvswitch';
}

function exiting(move: ShuntMove, run: Execution): readonly NetlinkOperation[] {
  const { tap, legacy, shunt } = move;
  const { a } = legsOf(shunt);
  const others = learntBehind(a, legacy.bridge, run).filter((mac) => !shunt.ownMacs.includes(mac));
  return [
    { kind: 'set-master', link: tap, master: legacy.bridge },
    ...[...shunt.ownMacs, ...others].map((mac): NetlinkOperation => ({ kind: 'fdb-replace', link: tap, mac })),
    ...groupsBehind(a, legacy.bridge, run).map((group) => joined(group, { link: tap, master: legacy.bridge })),
  ];
}

/** An entry that neither ages nor moves. */
export function keptAt(link: string, mac: string): NetlinkOperation {
  return { kind: 'fdb-replace', link, mac, state: 'static', sticky: true };
}

/** MACs that a bridge has learnt behind one of its members. */
function learntBehind(link: string, bridge: string, run: Execution): readonly string[] {
  const ifindex = run.netlink.link(link)?.ifindex;
  const entries = run.netlink.fdb(bridge).filter((entry) => entry.ifindex === ifindex && entry.state !== 'permanent');
  return [...new Set(entries.map((entry) => entry.mac))];
}

interface Change {
  readonly move: ShuntMove;
  readonly operations: readonly NetlinkOperation[];
}

/** One netlink batch for all. What must not fail is the new master; entries are best effort: frames teach them too. */
async function perform(changes: readonly Change[], run: Execution): Promise<void> {
  let left = changes;
  for (let tries = 0; left.length > 0; tries += 1) {
    const failed = outcomes(left, run).filter(({ errno }) => errno !== undefined);
    const [gone, there] = [failed.filter(isGone(run)), failed.filter((change) => !isGone(run)(change))];
    for (const { move } of gone) markGone(run, move);
    left = there;
    if (left.length === 0) return;
    const { errno } = there.find((change) => !['ENOTSUP', 'EBUSY'].includes(change.errno ?? '')) ?? {};
    if (errno !== undefined || tries >= busyRetriesMax) {
      const taps = left.map(({ move }) => move.tap).join(', ');
      throw new ShuntError('netlink-failed', `moving ${taps}: ${errno ?? 'the old switch does not let go'}`);
    }
    await sleep(busyRetryMs, run.signal);
  }
}

function isGone(run: Execution): (change: Change) => boolean {
  return ({ move }) => run.netlink.link(move.tap) === undefined;
}

/** With why each could not be moved; no `errno`: it was. */
function outcomes(changes: readonly Change[], run: Execution): readonly (Change & { readonly errno?: string })[] {
  const results = run.netlink.apply(changes.flatMap((change) => change.operations));
  let at = 0;
  return changes.map((change) => {
    const result = results[at + change.operations.findIndex((operation) => operation.kind === 'set-master')];
    at += change.operations.length;
    return result?.kind === 'done' ? change : { ...change, errno: result?.errno ?? 'no answer from the kernel' };
  });
}
