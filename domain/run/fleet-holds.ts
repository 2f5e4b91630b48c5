import type { HoldReason } from '../findings.ts';
import type { Direction } from '../phases.ts';
import type { LedgerState } from './ledger-state.ts';
import type { World } from './world.ts';

/**
 * What keeps any cutover anywhere from beginning. The way back needs NB for its probes, but neither reports nor an
 * unhurt fleet: it is what an operator does when things are bad.
 */
export function fleetHolds(state: LedgerState, world: World, direction: Direction): readonly HoldReason[] {
  const nb = world.nbConnected ? [] : [{ kind: 'nb-down' } as const];
  if (direction === 'back') return nb;
  const stuck = [...state.stuck].toSorted().map((host) => ({ kind: 'fleet-stuck', host }) as const);
  return [...stuck, ...(world.natsConnected ? [] : [{ kind: 'reports-down' } as const]), ...nb];
}
