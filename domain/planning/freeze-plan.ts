import { createHash } from 'node:crypto';
import type { Refusal } from '../findings.ts';
import type { JoinedInventory } from '../inventory/joined-inventory.ts';
import type { LedgerEvent } from '../ledger-events.ts';
import type { Plan, PlanSpec } from '../plan.ts';
import { isCanary } from './packing.ts';
import { planWaves } from './plan-waves.ts';

export interface PlanRequest {
  readonly id: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly createdBy: string;
  readonly spec: PlanSpec;
  readonly inventory: JoinedInventory;
}

/** Plans, freezes and hashes. A plan that cuts nobody is a plan all the same: its holds are what the operator needs. */
export function createPlan({ id, createdAt, createdBy, spec, inventory }: PlanRequest): Plan | Refusal {
  const { waves, held } = planWaves(inventory, spec);
  if (
    spec.canary !== undefined &&
    !waves.some((wave) => wave.canary && wave.hosts.some((host) => isCanary(host, spec.canary)))
  ) {
    const hold = held.find((host) => isCanary(host, spec.canary))?.holds[0];
    const why = hold === undefined ? 'is not in the inventory' : `cannot be cut (${hold.kind})`;
    return { code: 'plan-invalid', message: `canary ${spec.canary} ${why}: name another, or none` };
  }
  const unhashed = { id, createdAt, createdBy, spec, waves, held };
  return { ...unhashed, hash: hashOf(unhashed), approvals: [] };
}

/** SHA-256 (hex) over the canonical JSON of everything but `hash` and `approvals`. */
export function hashPlan(plan: Plan): string {
  const { hash: _hash, approvals: _approvals, ...rest } = plan;
  return hashOf(rest);
}

/** Approves exactly what was shown: the hash must be the plan's own, and the plan must still be what was hashed. */
export function approvePlan(plan: Plan, hash: string, by: string): readonly LedgerEvent[] | Refusal {
  if (hashPlan(plan) !== plan.hash) {
    return { code: 'records-corrupt', message: `plan ${plan.id} is not what was hashed: do not run it, plan again` };
  }
  if (hash !== plan.hash) {
    const message = `plan ${plan.id} has hash ${plan.hash}, not ${hash}: look at it again before you approve`;
    return { code: 'wrong-state', message };
  }
  if (plan.approvals.some((approval) => approval.by === by && approval.hash === hash)) return [];
  return [{ type: 'plan-approved', planId: plan.id, by, hash }];
}

export function isApproved(plan: Plan): boolean {
  return plan.approvals.some((approval) => approval.hash === plan.hash);
}

/** JSON with sorted keys, no blanks, and no undefined: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (isPlainObject(inner) ? sortedKeys(inner) : inner)) ?? 'null';
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sortedKeys(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((key) => [key, value[key]]),
  );
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}
