import { describeFence, fenceOf } from '../../domain/run/fencing.ts';
import type { LedgerState } from '../../domain/run/ledger-state.ts';
import { differences, reconcile } from '../../domain/run/reconcile.ts';
import type { World } from '../../domain/run/world.ts';
import type { Reconciled, ReconcileRequest } from '../../wire/operators-api.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';

/** Why the coordinator is read-only, if it is. */
export function readOnlyOf(state: LedgerState, world: World): { readonly readOnly?: string } {
  const fence = fenceOf(state, world);
  return fence === undefined ? {} : { readOnly: describeFence(fence) };
}

/** Compares the ledger with its agents; with `apply` takes over what they know more. */
export async function reconcileLedger(scheduler: Scheduler, { apply, by, why }: ReconcileRequest): Promise<Reconciled> {
  let found = differences(scheduler.state, scheduler.world);
  if (!apply) return { ...readOnlyOf(scheduler.state, scheduler.world), differences: found, applied: false };
  let applied = false;
  const state = await scheduler.command(
    (before, world) => {
      found = differences(before, world);
      const commanded = reconcile(before, world, { by, why });
      applied = 'events' in commanded && commanded.events.length > 0;
      return commanded;
    },
    { evenBehind: true },
  );
  return { ...readOnlyOf(state, scheduler.world), differences: found, applied };
}
