import type { TapMove } from '../../domain/rewire/moves.ts';
import type { RewireStep } from '../../domain/rewire/steps.ts';
import { sleep } from '../../platform/clock.ts';
import type { NetlinkOperation } from '../../platform/native/netlink-operations.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import { toNobody } from '../host/announcements.ts';
import { type Execution, mark, markGone, present, presentNow } from './execution.ts';
import { requireNoPort } from './pre-images.ts';

/**
 * What the kernel answers to a new master while its openvswitch module still has the tap: the link's master, `ovs-system`, has no way to
 * let a port go by rtnetlink (net/core/rtnetlink.c, do_set_master: EOPNOTSUPP, whose other name is ENOTSUP); EBUSY where only the
 * receive handler is left.
 */
const heldByDatapath: ReadonlySet<string> = new Set(['ENOTSUP', 'EBUSY']);
const busyRetriesMax = 2_000;
const busyRetryMs = 1;
const actedTimeoutMs = 3_000;
const confirmAfterMs = [25, 50, 125, 300, 500] as const;

/** The taps leave their Linux bridge, if each is still in it. */
export function leaveLegacy(step: RewireStep, run: Execution): void {
  for (const move of present(step, run)) requireMaster(move, run);
  const moves = present(step, run);
  requireNoPort(moves, run);
  const results = run.netlink.apply(moves.map((move) => ({ kind: 'no-master', link: move.tap })));
  for (const [index, move] of moves.entries()) {
    const result = results[index];
    if (result?.kind === 'done') mark(run, move.tap, 'left');
    else if (result?.errno === 'ENODEV') markGone(run, move);
    else throw linkFailure(move, `taking it out of ${move.legacy.bridge}`, result?.errno);
  }
}

function requireMaster(move: TapMove, run: Execution): void {
  const link = run.netlink.link(move.tap);
  if (link === undefined) {
    markGone(run, move);
    return;
  }
  const bridge = run.netlink.link(move.legacy.bridge);
  if (link.master !== undefined && link.master === bridge?.ifindex) return;
  throw new ShuntError('preimage-changed', `cutting ${move.tap}: it is not in ${move.legacy.bridge} any more`);
}

/** The taps join their Linux bridge; the bridge is told where each guest is, before anything else can tell it otherwise. */
export async function joinLegacy(step: RewireStep, run: Execution): Promise<void> {
  let waiting = present(step, run);
  for (let tries = 0; waiting.length > 0; tries += 1) {
    waiting = joinOnce(waiting, run);
    if (waiting.length === 0) return;
    // The kernel datapath holds a tap until vswitchd has let go of it.
    if (tries >= busyRetriesMax) throw linkFailure(waiting[0]!, 'putting it back', 'EBUSY'); // length was checked above
    await sleep(busyRetryMs, run.signal);
  }
}

/** One netlink batch; gives the moves whose tap is still busy. */
function joinOnce(moves: readonly TapMove[], run: Execution): readonly TapMove[] {
  const operations = moves.flatMap((move): NetlinkOperation[] => [
    { kind: 'set-master', link: move.tap, master: move.legacy.bridge },
    { kind: 'fdb-replace', link: move.tap, mac: move.mac },
  ]);
  const results = run.netlink.apply(operations);
  return moves.filter((move, index) => {
    const joined = results[index * 2];
    if (joined?.kind === 'done') {
      mark(run, move.tap, 'joined');
      return false;
    }
    if (heldByDatapath.has(joined?.errno ?? '')) return true;
    if (run.netlink.link(move.tap) !== undefined)
      throw linkFailure(move, `putting it into ${move.legacy.bridge}`, joined?.errno);
    markGone(run, move);
    return false;
  });
}

/**
 * Announces each guest to the wire through the legacy bridge's uplink, and again once vswitchd has let go of the taps: until then it
 * may still read their frames and teach the provider bridge, and through it this bridge, the way that just ended.
 */
export async function settleLegacy(step: RewireStep, run: Execution): Promise<void> {
  announceLegacy(present(step, run), run); // the forwarding entries were set with the master
  const { nextCfg, settled } = run.ovs;
  for (const move of present(step, run)) mark(run, move.tap, 'announced');
  if (settled) return;
  // A vswitchd that does not answer must not keep guests from coming back; then its rows are gone all the same.
  await run.ovs
    .acted(nextCfg, AbortSignal.any([run.signal, AbortSignal.timeout(actedTimeoutMs)]))
    .catch(() => undefined);
  repairLegacy(presentNow(step, run), run);
  for (const move of present(step, run)) mark(run, move.tap, 'repaired');
}

/** OVN's own announcements of the old place, sent while it let go, are outdone within this second. */
export async function confirmLegacy(step: RewireStep, run: Execution): Promise<void> {
  for (const delayMs of confirmAfterMs) {
    await sleep(delayMs, run.signal);
    repairLegacy(presentNow(step, run), run, toNobody);
  }
}

function repairLegacy(moves: readonly TapMove[], run: Execution, framesOf = all): void {
  run.netlink.apply(moves.map((move) => ({ kind: 'fdb-replace', link: move.tap, mac: move.mac })));
  announceLegacy(moves, run, framesOf);
}

function announceLegacy(moves: readonly TapMove[], run: Execution, framesOf = all): void {
  for (const move of moves) {
    for (const frame of framesOf(run.frames.get(move.tap))) run.uplinks.send(move, frame);
  }
}

function all(frames: readonly Buffer[] = []): readonly Buffer[] {
  return frames;
}

function linkFailure(move: TapMove, doing: string, errno: string | undefined): ShuntError {
  return new ShuntError('netlink-failed', `${doing}: ${move.tap}: ${errno ?? 'no answer from the kernel'}`, {
    detail: { tap: move.tap, errno },
  });
}
