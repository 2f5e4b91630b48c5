import type { RewireStep } from '../../domain/rewire/steps.ts';
import { sleep } from '../../platform/clock.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import { keepConnections } from '../connections/seed-step.ts';
import { type Execution, hasTap, mark } from '../cutover/execution.ts';
import { exchange, installed, letGo } from './claim.ts';
import { gateCommands, legsOf } from './gate.ts';
import { keepZones } from './legacy-firewall.ts';
import { removeShunts } from './make.ts';
import { makeBridge, untilOperational } from './own-links.ts';
import { isIn, presentMoves, type ShuntMove } from './shunt-moves.ts';

const busyRetriesMax = 400;
const busyRetryMs = 5;
const connectTimeoutMs = 5_000;

/**
 * The taps join the integration bridge themselves, in place of o. OVN lets the port go and claims it anew: this is a direct cut within
 * OVN, with its 10 to 20 ms, to be had when a guest reboots or at a chosen time. Open connections are kept over it.
 */
export async function collapse(step: RewireStep, run: Execution): Promise<void> {
  const moves = presentMoves(step, run);
  if (moves.length === 0) return;
  await run.integration.ready(AbortSignal.any([run.signal, AbortSignal.timeout(connectTimeoutMs)]));
  await keepConnections(moves, run, () => plugDirect(moves, run));
  await removeShunts(moves, run);
}

async function plugDirect(moves: readonly ShuntMove[], run: Execution): Promise<void> {
  const inside = moves.filter((move) => isIn(run, move.tap, move.shunt.bridge));
  run.netlink.applyAll(inside.map((move) => ({ kind: 'no-master', link: move.tap })));
  for (const move of inside) mark(run, move.tap, 'left');
  const changes = moves.map((move) => ({ move, plug: move.tap, unplug: legsOf(move.shunt).o }));
  await exchange(changes, run);
  await installed(
    moves.map((move) => move.tap),
    run,
  );
  announce(moves, (move) => move.tap, run);
}

/** Back behind B, flipped, without a legacy leg. */
export async function uncollapse(step: RewireStep, run: Execution): Promise<void> {
  const moves = presentMoves(step, run);
  if (moves.length === 0) return;
  await run.integration.ready(AbortSignal.any([run.signal, AbortSignal.timeout(connectTimeoutMs)]));
  run.plane.gate(moves.flatMap((move) => gateCommands(move, move.shunt, 'target')));
  await keepZones(moves, run);
  for (const move of moves) makeBridge(move, 'target', run);
  await untilOperational(
    moves.flatMap(({ shunt }) => [legsOf(shunt).v, legsOf(shunt).o]),
    run,
  );
  await keepConnections(moves, run, () => plugBehind(moves, run));
}

async function plugBehind(moves: readonly ShuntMove[], run: Execution): Promise<void> {
  const changes = moves.map((move) => ({ move, plug: legsOf(move.shunt).o, unplug: move.tap }));
  await exchange(changes, run);
  await letGo(run);
  for (const move of moves) await joinBridge(move, run);
  await installed(
    moves.map((move) => legsOf(move.shunt).o),
    run,
  );
  announce(moves, (move) => legsOf(move.shunt).o, run);
}

/** The kernel datapath holds a tap until vswitchd has let go of it. */
async function joinBridge({ tap, shunt }: ShuntMove, run: Execution): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const [result] = run.netlink.apply([{ kind: 'set-master', link: tap, master: shunt.bridge }]);
    if (result?.kind === 'done') return;
    if (tries >= busyRetriesMax || !['ENOTSUP', 'EBUSY'].includes(result?.errno ?? '')) {
      throw new ShuntError('netlink-failed', `putting ${tap} into ${shunt.bridge}: ${result?.errno ?? 'no answer'}`);
    }
    await sleep(busyRetryMs, run.signal);
  }
}

function announce(moves: readonly ShuntMove[], through: (move: ShuntMove) => string, run: Execution): void {
  for (const move of moves) {
    const ofport = run.ovs.interface(through(move))?.ofport ?? 0;
    if (ofport <= 0 || !hasTap(move, run)) continue;
    for (const frame of run.frames.get(move.tap) ?? []) run.integration.inject(ofport, frame);
    mark(run, move.tap, 'announced');
  }
}
