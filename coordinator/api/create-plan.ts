import { parse as parseYaml } from 'yaml';
import type { Plan } from '../../domain/plan.ts';
import { createPlan } from '../../domain/planning/freeze-plan.ts';
import { decodePlanSpec } from '../../domain/planning/plan-spec-schema.ts';
import type { LedgerState } from '../../domain/run/ledger-state.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import type { LiveInventory } from '../inventory/live-inventory.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import { needPlan } from './targets.ts';

/** Longest YAML of a plan, in characters. */
const planYamlMax = 1_048_576;

/** Freezes a plan of what the cloud is now. Throws what its YAML has wrong. */
export async function createPlanOf(
  { scheduler, inventory }: { readonly scheduler: Scheduler; readonly inventory: LiveInventory },
  { yaml, by }: { readonly yaml: string; readonly by: string },
): Promise<Plan> {
  const spec = decodePlanSpec(readYaml(yaml));
  if ('code' in spec) throw new ShuntError(spec.code, spec.message);
  let planId = '';
  const state = await scheduler.command((before) => {
    planId = freeName(spec.name, before);
    const createdAt = new Date().toISOString();
    const plan = createPlan({ id: planId, createdAt, createdBy: by, spec, inventory: inventory.fresh() });
    return 'message' in plan ? { refusal: plan } : { events: [{ type: 'plan-created', plan }] };
  });
  return needPlan(state, planId);
}

/** `<name>-<n>`: the n-th plan of that name. */
function freeName(name: string, state: LedgerState): string {
  for (let n = 1; ; n += 1) if (!state.plans.has(`${name}-${n}`)) return `${name}-${n}`;
}

function readYaml(yaml: string): unknown {
  if (yaml.length > planYamlMax)
    throw new ShuntError('plan-invalid', `read the plan: it is longer than ${planYamlMax} characters`);
  try {
    return parseYaml(yaml);
  } catch (error) {
    throw new ShuntError('plan-invalid', 'read the plan as YAML', { cause: error });
  }
}
