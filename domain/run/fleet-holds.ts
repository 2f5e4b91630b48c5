import type { HoldReason } from '../findings.ts';
import type { Direction } from '../phases.ts';
import { fenceHold, fenceOf } from './fencing.ts';
import type { LedgerState } from './ledger-state.ts';
import type { World } from './world.ts';

/**
 * What keeps any cutover anywhere from beginning. The way back needs NB for its probes and a ledger that knows what there is to take
 * back, but neither reports nor an unhurt fleet: it is what an operator does when things are bad.
 */
export function fleetHolds(state: LedgerState, world: World, direction: Direction): readonly HoldReason[] {
  const fence = fenceOf(state, world);
  const behind = fence === undefined ? [] : [fenceHold(fence)];
  const nb = world.nbConnected ? [] : [{ kind: 'nb-down' } as const];
  if (direction === 'back') return [...behind, ...nb];
  const stuck = [...state.stuck].toSorted().map((host) => ({ kind: 'fleet-stuck', host }) as const);
  return [...behind, ...stuck, ...(world.natsConnected ? [] : [{ kind: 'reports-down' } as const]), ...nb];
}
