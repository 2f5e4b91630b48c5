import type { RewireStep } from '../../domain/rewire/steps.ts';
import type { LinkRef, NetlinkOperation } from '../../platform/native/netlink-operations.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import { type Execution, mark, markGone } from '../cutover/execution.ts';
import { legsOf } from './gate.ts';
import { askMemberships } from './memberships.ts';
import { outerLegFlags } from './own-links.ts';
import { isIn, presentMoves, type ShuntMove } from './shunt-moves.ts';
import { guarded } from './storm-guard.ts';

/**
 * The taps go from L to B. L knows the guest behind its leg before the tap leaves: it never floods for it. A tap hears nothing for as
 * long as the kernel takes to move it: less than a millisecond, or a few where its RCU is slow.
 */
export async function enterShunt(step: RewireStep, run: Execution): Promise<void> {
  const moves = presentMoves(step, run).filter((move) => !isIn(run, move.tap, move.shunt.bridge));
  if (moves.length === 0) return;
  for (const move of moves) {
    if (!isIn(run, move.tap, move.legacy.bridge))
      throw new ShuntError('preimage-changed', `${move.tap} is not in ${move.legacy.bridge} any more`);
  }
  await guarded(moves, run, () => {
    perform(
      moves.map((move) => ({ move, operations: entering(move, run) })),
      run,
    );
  });
  for (const move of moves) mark(run, move.tap, 'joined');
}

/** The taps go from B back to L; groups that the guest has joined go with it. */
export async function exitShunt(step: RewireStep, run: Execution): Promise<void> {
  const ours = presentMoves(step, run).filter((move) => move.shunt.ownsBridge); // a hybrid plug's tap was in B before us
  const moves = ours.filter((move) => !isIn(run, move.tap, move.legacy.bridge));
  if (moves.length === 0) return;
  perform(
    moves.map((move) => ({ move, operations: exiting(move, run) })),
    run,
  );
  for (const move of moves) mark(run, move.tap, 'joined');
  askMemberships(
    moves.map((move) => ({ move, through: move.tap })),
    run,
  );
}

function entering(move: ShuntMove, run: Execution): readonly NetlinkOperation[] {
  const { tap, legacy, shunt } = move;
  const { a } = legsOf(shunt);
  const others = learntBehind(tap, legacy.bridge, run).filter((mac) => !shunt.ownMacs.includes(mac));
  return [
    outerLegFlags(shunt, 'legacy'),
    ...groupsBehind(tap, legacy.bridge, run).map((group) => joined(group, { link: a, master: legacy.bridge })),
    ...shunt.ownMacs.map((mac) => keptAt(a, mac)),
    { kind: 'set-master', link: tap, master: shunt.bridge },
    ...shunt.ownMacs.map((mac): NetlinkOperation => ({ kind: 'fdb-replace', link: tap, mac })),
    ...others.flatMap((mac): NetlinkOperation[] => [
      { kind: 'fdb-replace', link: a, mac },
      { kind: 'fdb-replace', link: tap, mac },
    ]),
  ];
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

function groupsBehind(link: string, bridge: string, run: Execution): readonly string[] {
  const ifindex = run.netlink.link(link)?.ifindex;
  return run.netlink
    .groups(bridge)
    .flatMap((entry) => (entry.ifindex === ifindex && !isMac(entry.group) ? [entry.group] : []));
}

function isMac(group: string): boolean {
  return /^..:..:..:..:..:..$/.test(group);
}

function joined(group: string, at: { readonly link: LinkRef; readonly master: LinkRef }): NetlinkOperation {
  return { kind: 'mdb-add', ...at, group };
}

/** One netlink batch for all. What must not fail is the new master; entries are best effort: frames teach them too. */
function perform(
  changes: readonly { readonly move: ShuntMove; readonly operations: readonly NetlinkOperation[] }[],
  run: Execution,
): void {
  const operations = changes.flatMap((change) => change.operations);
  const results = run.netlink.apply(operations);
  let at = 0;
  for (const { move, operations: own } of changes) {
    const index = at + own.findIndex((operation) => operation.kind === 'set-master');
    at += own.length;
    const result = results[index];
    if (result?.kind === 'done') continue;
    if (run.netlink.link(move.tap) === undefined) markGone(run, move);
    else throw new ShuntError('netlink-failed', `moving ${move.tap}: ${result?.errno ?? 'no answer from the kernel'}`);
  }
}
