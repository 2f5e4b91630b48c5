import type { TapMove } from '../../domain/rewire/moves.ts';
import type { ShuntPlug } from '../../domain/rewire/shunt-plug.ts';
import type { RewireStep } from '../../domain/rewire/steps.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import { type Execution, presentNow } from '../cutover/execution.ts';

/** A move that goes by a shunt. */
export interface ShuntMove extends TapMove {
  readonly shunt: ShuntPlug;
}

export function isShunted(move: TapMove): move is ShuntMove {
  return move.shunt !== undefined;
}

/** The step's moves; each must have a shunt. */
export function shuntMoves(moves: readonly TapMove[]): readonly ShuntMove[] {
  return moves.map((move) => {
    const { shunt } = move;
    if (shunt === undefined) throw new ShuntError('internal', `${move.tap} has no shunt, and a step of one`);
    return { ...move, shunt };
  });
}

/** Those whose tap is still there. */
export function presentMoves(step: RewireStep, run: Execution): readonly ShuntMove[] {
  return shuntMoves(presentNow(step, run));
}

/** True when the link is a member of the bridge. */
export function isIn(run: Pick<Execution, 'netlink'>, link: string, bridge: string): boolean {
  const master = run.netlink.link(link)?.master;
  return master !== undefined && master === run.netlink.link(bridge)?.ifindex;
}
