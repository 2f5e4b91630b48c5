import type { PlanSpec } from '../plan.ts';
import { decodePlanSpec } from '../planning/plan-spec-schema.ts';
import type { LedgerState } from './ledger-state.ts';

/** What an attempt is to go by: its plan's; the defaults for one whose plan was lost with a part of the ledger (`planId` empty). */
export function specOf(state: LedgerState, { planId }: { readonly planId: string }): PlanSpec | undefined {
  return planId === '' ? defaults : state.plans.get(planId)?.spec;
}

const defaults = defaultSpec();

function defaultSpec(): PlanSpec {
  const spec = decodePlanSpec({ version: 1, name: 'adopted' });
  if ('code' in spec) throw new Error(spec.message); // every other key has a default
  return spec;
}
