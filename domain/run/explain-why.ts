import type { Finding, HoldReason } from '../findings.ts';
import type { UnmetCondition } from '../run-state.ts';
import { waitingFor } from './decide.ts';
import { describeHold } from './describe-hold.ts';
import { fenceHold, fenceOf } from './fencing.ts';
import { activeRuns, isSettled, type RunStanding, runStanding, type WaveStanding } from './host-status.ts';
import { holdsInRun } from './host-view.ts';
import { type LedgerState, newestAttempt } from './ledger-state.ts';
import { awayMs } from './run-troubles.ts';
import type { World } from './world.ts';

export type WhyTarget =
  | { readonly kind: 'host'; readonly systemId: string }
  | { readonly kind: 'run'; readonly runId: string }
  | { readonly kind: 'wave'; readonly runId: string; readonly wave: number };

/**
 * Why a hypervisor, wave or run does not go on: the conditions that are not met, in the order in which they have to be,
 * with evidence and its age. The same functions decide. Empty: nothing is in its way, or it is through.
 */
export function explainWhy(state: LedgerState, world: World, target: WhyTarget): readonly UnmetCondition[] {
  const behind = whyBehind(state, world);
  return [
    ...behind,
    ...whyTarget(state, world, target).filter((one) => behind.length === 0 || one.kind !== 'ledger-behind'),
  ];
}

/** Before all else, whoever is asked about: a coordinator that is read-only. */
export function whyBehind(state: LedgerState, world: World): readonly UnmetCondition[] {
  const fence = fenceOf(state, world);
  if (fence === undefined) return [];
  const hold = fenceHold(fence);
  const evidence = fence.restored === undefined ? 'as its agents say now' : 'the ledger, and its agents';
  return [{ kind: hold.kind, message: describeHold(hold), evidence, ageMs: since(world, fence.restored?.at) }];
}

function whyTarget(state: LedgerState, world: World, target: WhyTarget): readonly UnmetCondition[] {
  switch (target.kind) {
    case 'host':
      return unique([...whyHost(state, world, target.systemId), ...meddling(world, target.systemId)]);
    case 'run':
    case 'wave': {
      const standing = runStanding(state, target.runId);
      if (standing === undefined) return [];
      const number = target.kind === 'wave' ? target.wave : (standing.current ?? standing.waves.length);
      const waves = standing.waves.filter((one) =>
        target.kind === 'wave' ? one.wave.number === number : !one.done && one.wave.number <= number,
      );
      return unique(waves.flatMap((wave) => whyWave(state, world, { standing, wave })));
    }
  }
}

function whyHost(state: LedgerState, world: World, systemId: string): readonly UnmetCondition[] {
  const open = whyOpen(state, world, systemId);
  if (open !== undefined) return [open];
  for (const standing of activeRuns(state)) {
    const holds = holdsInRun(state, world, { standing, systemId });
    if (holds !== undefined) return holds.map((hold) => unmet(state, world, { hold, systemId, standing }));
  }
  const held = [...state.plans.values()].findLast((plan) => plan.held.some((one) => one.systemId === systemId));
  const host = held?.held.find((one) => one.systemId === systemId);
  if (host !== undefined && held !== undefined) {
    const evidence = `plan ${held.id}`;
    const ageMs = since(world, held.createdAt);
    return host.holds.map((hold) => ({ kind: hold.kind, message: describeHold(hold), evidence, ageMs }));
  }
  const known = world.agents.has(systemId) || world.inventory.hosts.has(systemId) || state.hosts.has(systemId);
  const message = known ? 'no active run has it in a wave' : 'no agent of that system-id was ever seen';
  return [{ kind: 'not-in-a-run', message, evidence: `${state.runs.size} runs in the ledger`, ageMs: 0 }];
}

/** What others did to taps that were moved: told wherever the hypervisor stands, for as long as its agent shows it. */
function meddling({ inventory }: World, systemId: string): readonly UnmetCondition[] {
  const found = inventory.hosts.get(systemId)?.findings.filter(({ kind }) => byOthers.has(kind)) ?? [];
  return found.map((finding) => {
    const message = describeHold({ kind: 'finding', finding });
    return { kind: 'finding', message, evidence: 'as seen now', ageMs: 0 };
  });
}

const byOthers: ReadonlySet<Finding['kind']> = new Set<Finding['kind']>([
  'foreign-writer',
  'guard-gave-up',
  'legacy-agent-awake',
  'tap-replugged',
]);

function whyWave(
  state: LedgerState,
  world: World,
  { standing, wave }: { readonly standing: RunStanding; readonly wave: WaveStanding },
): readonly UnmetCondition[] {
  return wave.hosts
    .filter((one) => !isSettled(one.status))
    .flatMap(({ host: { systemId, hostname } }) => {
      const open = whyOpen(state, world, systemId);
      const holds = open === undefined ? (holdsInRun(state, world, { standing, systemId }) ?? []) : [];
      const conditions = open ? [open] : holds.map((hold) => unmet(state, world, { hold, systemId, standing }));
      return conditions.map((one) =>
        ofWholeRun.has(one.kind) ? one : { ...one, message: `${hostname}: ${one.message}` },
      );
    });
}

/** Conditions that are the same for every hypervisor of a wave: said once. */
const ofWholeRun: ReadonlySet<string> = new Set<HoldReason['kind']>([
  'run-paused',
  'wave-not-started',
  'earlier-wave',
  'fleet-stuck',
  'reports-down',
  'nb-down',
  'resolving',
  'wave-full',
]);

function whyOpen(state: LedgerState, world: World, systemId: string): UnmetCondition | undefined {
  const attempt = newestAttempt(state, systemId);
  const step = waitingFor(state, world, systemId);
  if (attempt === undefined || step === undefined) return undefined;
  const local = world.agents.get(systemId)?.attempt;
  const remaining = local?.epoch === attempt.epoch ? local.remainingMs : undefined;
  const deadline = remaining === undefined ? '' : `, ${remaining} ms to its own deadline when last heard`;
  return {
    kind: 'open-attempt',
    message: `attempt ${attempt.epoch} is open and waits for ${step.waiting || 'the ledger'}`,
    evidence: `phase ${attempt.phase}${attempt.granted ? ', granted' : ''}${deadline}`,
    ageMs: since(world, attempt.openedAt),
  };
}

interface Held {
  readonly hold: HoldReason;
  readonly systemId: string;
  readonly standing: RunStanding;
}

function unmet(state: LedgerState, world: World, { hold, systemId, standing }: Held): UnmetCondition {
  const base = { kind: hold.kind, message: describeHold(hold) };
  const attempt = newestAttempt(state, systemId);
  const agent = world.agents.get(systemId);
  switch (hold.kind) {
    case 'run-paused':
      return { ...base, evidence: `run ${standing.run.id}`, ageMs: since(world, standing.run.controlAt) };
    case 'needs-retry':
      return { ...base, evidence: attempt?.why ?? 'no reason was given', ageMs: since(world, attempt?.closedAt) };
    case 'stuck': {
      const now = agent?.attempt?.epoch === hold.epoch ? `; its agent is ${agent.attempt.phase} now` : '';
      const evidence = `${attempt?.why ?? 'no reason was given'}${now}`;
      return { ...base, evidence, ageMs: since(world, attempt?.closedAt) };
    }
    case 'fleet-stuck': {
      const stuck = newestAttempt(state, hold.host);
      return {
        ...base,
        evidence: stuck?.repair.join(' ; ') || (stuck?.why ?? ''),
        ageMs: since(world, stuck?.closedAt),
      };
    }
    case 'agent-not-connected':
      return {
        ...base,
        evidence: agent ? `last stream ${agent.connection}` : 'never seen',
        ageMs: awayMs(world, systemId),
      };
    case 'resolving':
      return { ...base, evidence: 'ledger', ageMs: awayMs(world, hold.host) };
    case 'open-attempt':
      return { ...base, evidence: `the agent is ${agent?.attempt?.phase ?? 'silent'}`, ageMs: 0 };
    case 'earlier-wave': {
      const wave = standing.waves.find((one) => one.wave.number === hold.wave);
      const left = wave?.hosts.filter((one) => !isSettled(one.status)) ?? [];
      const evidence = left
        .slice(0, 5)
        .map((one) => `${one.host.hostname} ${one.status}`)
        .join(', ');
      return { ...base, evidence, ageMs: 0 };
    }
    default:
      return { ...base, evidence: 'as seen now', ageMs: 0 };
  }
}

/** Age of a fact of the ledger, for people. */
function since(world: World, at: string | undefined): number {
  const then = at === undefined ? Number.NaN : Date.parse(at);
  return world.wallMs === undefined || Number.isNaN(then) ? 0 : Math.max(0, world.wallMs - then);
}

function unique(conditions: readonly UnmetCondition[]): readonly UnmetCondition[] {
  const seen = new Map(conditions.toReversed().map((one) => [`${one.kind}|${one.message}`, one]));
  return conditions.filter((one) => seen.get(`${one.kind}|${one.message}`) === one);
}
