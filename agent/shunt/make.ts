import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RewireStep } from '../../domain/rewire/steps.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import type { Execution } from '../cutover/execution.ts';
import { type Active, gateCommands, gateTablesGone, legsOf, ungateCommands } from './gate.ts';
import { acceptOwnLegs, dropZones, forgetOwnLegs, keepZones } from './legacy-firewall.ts';
import { freeLegacyLeg, makeBridge, makeLegacyLeg, removeLinks, untilOperational } from './own-links.ts';
import { keepToLegacy, letLearn, letThrough, pointToLegacy } from './provider-side.ts';
import { isIn, presentMoves, type ShuntMove, shuntMoves } from './shunt-moves.ts';

/**
 * Makes all that a shunt is made of, or what of it is missing. Gates first: from the moment a leg is up nothing comes through it that
 * should not. A shunt that is in use stays turned as it is.
 */
export async function makeShunt(step: RewireStep, run: Execution): Promise<void> {
  const moves = presentMoves(step, run).map((move) => ({ ...move, active: activeLeg(move, run) }));
  if (moves.length === 0) return;
  const legacyActive = moves.filter((move) => move.active === 'legacy');
  run.plane.makeTables();
  run.plane.gate(moves.flatMap((move) => gateCommands(move, move.shunt, move.active)));
  await keepZones(moves, run);
  await acceptOwnLegs(run);
  await keepToLegacy(legacyActive, run);
  await pointToLegacy(legacyActive, run);
  for (const move of moves) {
    await nextTurn(); // the kernel answers in milliseconds a tap: timers and watchdogs go on
    makeBridge(move, move.active, run);
    makeLegacyLeg(move, move.active, run);
  }
  await untilOperational(
    moves.flatMap(({ shunt }) => Object.values(legsOf(shunt))),
    run,
  );
}

/** Removes what {@link makeShunt} made. A bridge that still carries its tap is not touched: that would cut the guest off. */
export async function unmakeShunt(step: RewireStep, run: Execution): Promise<void> {
  const moves = shuntMoves(step.moves);
  for (const move of moves) requireEmpty(move, run);
  await letThrough(moves, run);
  await letLearn(moves, run);
  await removeShunts(moves, run);
}

/** Links, gates and rules of these shunts; after the last shunt of this host the tables too. */
export async function removeShunts(moves: readonly ShuntMove[], run: Execution): Promise<void> {
  for (const { shunt } of moves) {
    await nextTurn();
    const { a, o } = legsOf(shunt);
    removeLinks([...(shunt.legacyLeg.owned ? [a] : []), o, ...(shunt.ownsBridge ? [shunt.bridge] : [])], run);
  }
  for (const { shunt } of moves) if (!shunt.legacyLeg.owned) freeLegacyLeg(shunt, run);
  dropZones(moves, run);
  run.plane.gate(moves.flatMap((move) => ungateCommands(move, move.shunt)));
  if (/elements = /.test(run.plane.listed('bridge'))) return;
  await forgetOwnLegs(run);
  run.plane.close(gateTablesGone);
}

/** Which leg B floods to, as the kernel tells; a shunt that is not in use begins with the legacy one. */
export function activeLeg(move: ShuntMove, run: Pick<Execution, 'netlink'>): Active {
  const inUse = isIn(run, move.tap, move.shunt.bridge);
  return inUse && run.netlink.link(legsOf(move.shunt).v)?.bridgePort?.flood === true ? 'target' : 'legacy';
}

function requireEmpty(move: ShuntMove, run: Execution): void {
  const { bridge, ownsBridge } = move.shunt;
  if (!ownsBridge || !isIn(run, move.tap, bridge)) return;
  throw new ShuntError('preimage-changed', `removing ${bridge}: ${move.tap} is still in it`);
}
