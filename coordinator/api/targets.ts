import type { Plan } from '../../domain/plan.ts';
import { runStanding } from '../../domain/run/host-status.ts';
import type { LedgerState } from '../../domain/run/ledger-state.ts';
import type { World } from '../../domain/run/world.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import type { StartWaveRequest } from '../../wire/operators-api.ts';

/** A plan by its id, or by its name when that is one plan's only. Throws `not-found`. */
export function needPlan(state: LedgerState, planId: string): Plan {
  const plan = state.plans.get(planId);
  if (plan) return plan;
  const named = [...state.plans.values()].filter((one) => one.spec.name === planId);
  if (named.length === 1 && named[0]) return named[0];
  throw new ShuntError('not-found', `there is no plan ${planId}; \`shunt plan list\` shows all`);
}

/** System-id of a hypervisor that is named by system-id or hostname. Throws `not-found`, or `usage` when a hostname is two's. */
export function needHost(state: LedgerState, world: World, host: string): string {
  if (world.agents.has(host) || state.hosts.has(host)) return host;
  const named = new Set<string>();
  for (const agent of world.agents.values()) if (agent.hostname === host) named.add(agent.systemId);
  for (const known of state.hosts.values()) if (known.hostname === host) named.add(known.systemId);
  for (const joined of world.inventory.hosts.values())
    if (joined.hostname === host || joined.systemId === host) named.add(joined.systemId);
  for (const systemId of plannedAs(state, host)) named.add(systemId);
  const [first, ...others] = named;
  if (first === undefined)
    throw new ShuntError('not-found', `there is no hypervisor ${host}; \`shunt host list\` shows all`);
  if (others.length > 0)
    throw new ShuntError('usage', `${host} is the hostname of ${[...named].join(' and ')}: name one by its system-id`);
  return first;
}

function plannedAs(state: LedgerState, host: string): readonly string[] {
  const plan = [...state.plans.values()].at(-1);
  const hosts = [...(plan?.waves.flatMap((wave) => wave.hosts) ?? []), ...(plan?.held ?? [])];
  return hosts.filter((one) => one.hostname === host || one.systemId === host).map((one) => one.systemId);
}

/** Throws `not-found` when there is none. */
export function newestRunId(state: LedgerState): string {
  const runId = [...state.runs.keys()].at(-1);
  if (runId === undefined) throw new ShuntError('not-found', 'there is no run yet; `shunt wave start` begins one');
  return runId;
}

export function runIdOrNewest(state: LedgerState, runId: string | undefined): string {
  if (runId === undefined) return newestRunId(state);
  if (!state.runs.has(runId)) throw new ShuntError('not-found', `there is no run ${runId}`);
  return runId;
}

/** The wave that a run may now go through: the one that was named, all, or the next that has something to do. */
export function waveToStart(state: LedgerState, plan: Plan, request: Pick<StartWaveRequest, 'wave' | 'all'>): number {
  const last = plan.waves.at(-1)?.number ?? 0;
  if (last === 0)
    throw new ShuntError('held', `plan ${plan.id} cuts nobody: \`shunt plan show ${plan.id}\` lists the holds`);
  if (request.all) return last;
  if (request.wave !== undefined) {
    if (request.wave >= 1 && request.wave <= last) return request.wave;
    throw new ShuntError('usage', `plan ${plan.id} has waves 1 to ${last}, not ${request.wave}`);
  }
  const run = [...state.runs.values()].findLast((one) => one.planId === plan.id && one.control !== 'aborted');
  return (run && runStanding(state, run.id)?.current) ?? (run ? last : 1);
}
