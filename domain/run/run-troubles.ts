import type { HostStatus, RunStanding } from './host-status.ts';
import { runStateOf } from './host-status.ts';
import { type Attempt, type LedgerState, newestAttempt } from './ledger-state.ts';
import { specOf } from './spec-of.ts';
import { togetherTrouble } from './together.ts';
import { runLimits, type World } from './world.ts';

/** A hypervisor that counts against the error budget. */
export interface Trouble {
  readonly systemId: string;
  readonly hostname: string;
  readonly kind: 'failed' | 'disputed' | 'stuck' | 'unreachable' | 'unknown';
  readonly canary: boolean;
  readonly why: string;
}

/** Everything that counts now: failed ones, and lost ones in the current wave; not what an operator has accepted. */
export function runTroubles(state: LedgerState, world: World, standing: RunStanding): readonly Trouble[] {
  const { run, waves, current } = standing;
  const found = waves.flatMap(({ wave, hosts }) =>
    hosts.flatMap(({ host: { systemId, hostname }, status }): readonly Trouble[] => {
      if (run.acknowledged.has(systemId) && status !== 'stuck' && status !== 'disputed') return [];
      const kind = troubleOf(state, world, {
        systemId,
        status,
        current: wave.number === current && current <= run.throughWave,
      });
      if (kind === undefined) return [];
      return [
        { systemId, hostname, kind, canary: wave.canary, why: whyOf(state, world, { systemId, kind, runId: run.id }) },
      ];
    }),
  );
  return [...new Map(found.map((trouble) => [trouble.systemId, trouble])).values()]; // once, however many waves it stands in
}

interface Place {
  readonly systemId: string;
  readonly status: HostStatus;
  readonly current: boolean;
}

function troubleOf(
  state: LedgerState,
  world: World,
  { systemId, status, current }: Place,
): Trouble['kind'] | undefined {
  if (status === 'failed' || status === 'disputed' || status === 'stuck') return status;
  if (status === 'open') return isUnknown(state, world, systemId) ? 'unknown' : undefined;
  if (status !== 'todo' || !current) return undefined;
  return awayMs(world, systemId) > runLimits.unreachableMs ? 'unreachable' : undefined;
}

/** How long the agent has been away; 0 while it is here. */
export function awayMs(world: World, systemId: string): number {
  const agent = world.agents.get(systemId);
  if (agent?.connected === true) return 0;
  return world.nowMs - (agent?.sinceMs ?? world.startedMs);
}

/**
 * Granted, and open although its own deadline must have passed, whether its agent is here or not: nobody knows how it ends. After a
 * restart of this program agents have the time of their own deadline to come back and tell.
 */
export function isUnknown(state: LedgerState, world: World, systemId: string): boolean {
  const attempt = newestAttempt(state, systemId);
  if (attempt === undefined || !attempt.granted || attempt.outcome !== undefined) return false;
  const agent = world.agents.get(systemId);
  const told = agent?.attempt?.epoch === attempt.epoch ? agent.attempt.verdict?.kind : undefined;
  const deadlines = told === 'inconclusive' ? 2 : 1; // put off once, by no more than it was given at first
  const limitMs = deadlines * (specOf(state, attempt)?.deadlineMs ?? 0) + runLimits.deadlineSlackMs;
  if (awayMs(world, systemId) > limitMs) return true;
  if (agent === undefined) return false;
  return world.wallMs !== undefined && world.wallMs - Date.parse(attempt.grantedAt ?? '') > limitMs;
}

interface InRun extends Pick<Trouble, 'systemId' | 'kind'> {
  readonly runId: string;
}

function whyOf(state: LedgerState, world: World, { systemId, kind, runId }: InRun): string {
  const attempt = newestAttempt(state, systemId);
  switch (kind) {
    case 'failed':
      return `${attempt?.outcome === 'blocked' ? 'was refused' : 'went back'}${because(attempt?.why)}`;
    case 'disputed':
      return `committed ${disputedOf(state, systemId, runId)?.why ?? ''}; look at its guests: \`shunt host revert\` takes it back, \`shunt resume\` accepts it`;
    case 'stuck':
      return `is stuck${because(attempt?.why)}`;
    case 'unreachable':
      return 'is not connected';
    case 'unknown':
      return `${awayMs(world, systemId) > 0 ? 'was lost in' : 'has not ended'} attempt ${attempt?.epoch ?? 0}, its deadline has passed`;
  }
}

function disputedOf({ hosts }: LedgerState, systemId: string, runId: string): Attempt | undefined {
  return hosts.get(systemId)?.attempts.find((attempt) => attempt.disputed && attempt.runId === runId);
}

function because(why: string | undefined): string {
  return why === undefined ? '' : `: ${why}`;
}

/** Why a running run has to pause now, or undefined. */
export function pauseReason(state: LedgerState, world: World, standing: RunStanding): string | undefined {
  const stuck = stuckInTheWay(state, standing);
  if (stuck !== undefined) return stuck;
  const troubles = runTroubles(state, world, standing);
  const asOne = isRunning(standing) ? togetherReason(standing) : undefined;
  if (asOne !== undefined) return asOne;
  const canary = troubles.find((trouble) => trouble.canary);
  if (canary !== undefined) return `canary ${canary.hostname} ${canary.why}`;
  const unsure = troubles.find((trouble) => trouble.kind === 'disputed' || isInconclusive(state, trouble));
  if (unsure !== undefined) return `${unsure.hostname} ${unsure.why}`;
  const { errorBudget } = standing.plan.spec;
  if (troubles.length > errorBudget) {
    const told = troubles.slice(0, 3).map((trouble) => `${trouble.hostname} ${trouble.why}`);
    const more = troubles.length > 3 ? `, and ${troubles.length - 3} more` : '';
    return `${troubles.length} over an error budget of ${errorBudget}: ${told.join('; ')}${more}`;
  }
  return isRunning(standing) ? stalledReason(standing) : undefined;
}

/**
 * Of hypervisors that are stuck: any one halts what goes forward, anywhere. What goes back leads to safety and was ordered by a person: only one that is
 * to go back in this very run halts that.
 */
export function stuckInTheWay(state: LedgerState, { waves, current }: RunStanding): string | undefined {
  const isBack = waves.find(({ wave }) => wave.number === current)?.wave.direction === 'back';
  const own = new Set(waves.flatMap(({ hosts }) => hosts.map(({ host }) => host.systemId)));
  const stuck = [...state.stuck].toSorted().find((systemId) => !isBack || own.has(systemId));
  if (stuck === undefined) return undefined;
  const hostname = state.hosts.get(stuck)?.hostname ?? stuck;
  const first = 'repair it first (`shunt host show`)';
  return isBack
    ? `${hostname} is stuck, and is to go back in this run: ${first}, or plan the way back of the others without it`
    : `${hostname} is stuck: the fleet halts until it is repaired (\`shunt host show\`)`;
}

/** Of those and of disputed ones nobody knows whether they can be left as they are: no budget is for that. Nobody could tell what the cut did there, and the next one would be as blind: no budget is for that. */
function isInconclusive(state: LedgerState, { systemId, kind }: Trouble): boolean {
  return kind === 'failed' && newestAttempt(state, systemId)?.code === 'verdict-inconclusive';
}

/**
 * Why resuming would start nothing: all that is left in the waves it may touch has failed. Such a run pauses, so that
 * somebody retries, leaves them out, or lets it go on through further waves.
 */
export function stalledReason(standing: RunStanding): string | undefined {
  const allowed = standing.waves.filter((one) => one.wave.number <= standing.run.throughWave);
  const hosts = allowed.flatMap((one) => one.hosts);
  const asOne = togetherReason(standing);
  if (asOne !== undefined) return asOne;
  if (standing.done || hosts.some((one) => one.status === 'open')) return undefined;
  const failed = hosts.filter((one) => one.status === 'failed');
  if (failed.length === 0) return undefined;
  const current = allowed.find((one) => one.wave.number === standing.current);
  if (current?.hosts.some((one) => one.status === 'todo')) return undefined;
  const names = failed.slice(0, 5).map((one) => one.host.hostname);
  const more = failed.length > 5 ? ` and ${failed.length - 5} more` : '';
  return `nothing is left to start but ${names.join(', ')}${more}, which went back or were refused: retry or leave them`;
}

/** A wave that moves as one waits for its failed member, whatever the budget: the others cannot go on without it. */
function togetherReason({ waves, current, run }: RunStanding): string | undefined {
  const wave = waves.find((one) => one.wave.number === current);
  if (wave === undefined || wave.wave.number > run.throughWave) return undefined;
  return togetherTrouble(wave)?.why;
}

/** True while the run may start something by itself. */
export function isRunning(standing: RunStanding): boolean {
  return runStateOf(standing) === 'running';
}
