import type { RewireStep } from '../../domain/rewire/steps.ts';
import type { Execution } from '../cutover/execution.ts';
import { dropOvsLeg, restoreOvsLeg } from '../sources/ovs-hybrid-leg.ts';
import { gateCommands, legsOf } from './gate.ts';
import { makeLegacyLeg, removeLinks, untilOperational } from './own-links.ts';
import { isIn, presentMoves, type ShuntMove, shuntMoves } from './shunt-moves.ts';

/** The legacy leg goes; what the guest has left behind in L ages from now on. */
export async function dropLegacyLeg(step: RewireStep, run: Execution): Promise<void> {
  for (const move of shuntMoves(step.moves)) {
    const { shunt, legacy } = move;
    const { a } = legsOf(shunt);
    if (!shunt.legacyLeg.owned) {
      await dropOvsLeg(move, run);
      continue;
    }
    const { uplink } = legacy;
    if (uplink !== undefined && run.netlink.link(uplink) !== undefined && !shunt.disjoint)
      run.netlink.apply(shunt.ownMacs.map((mac) => ({ kind: 'fdb-replace', link: uplink, mac })));
    removeLinks([a], run);
  }
}

/** The legacy leg is made again, and lets in nothing but what is meant for the guest: frames go on leaving by the target leg. */
export async function restoreLegacyLeg(step: RewireStep, run: Execution): Promise<void> {
  const moves = presentMoves(step, run).filter(
    (move) => isIn(run, move.tap, move.shunt.bridge) || (!move.shunt.ownsBridge && standsBridge(move, run)),
  );
  run.plane.gate(moves.flatMap((move) => gateCommands(move, move.shunt, 'target')));
  for (const move of moves) {
    if (!move.shunt.legacyLeg.owned) await restoreOvsLeg(move, run);
    makeLegacyLeg(move, 'target', run);
  }
  await untilOperational(
    moves.flatMap(({ shunt }) => [legsOf(shunt).a, legsOf(shunt).b]),
    run,
  );
}

function standsBridge({ shunt }: ShuntMove, run: Execution): boolean {
  return run.netlink.link(shunt.bridge) !== undefined;
}
