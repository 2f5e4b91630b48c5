import type { HoldReason } from '../findings.ts';
import type { LedgerEvent } from '../ledger-events.ts';
import { isOpen } from '../phases.ts';
import type { PlannedHost } from '../plan.ts';
import { operationsOf } from '../planning/operations.ts';
import { advanceAttempt } from './advance-attempt.ts';
import { agentsWord } from './agents-word.ts';
import { allOrNone } from './all-or-none.ts';
import { ask, type Step } from './attempt-context.ts';
import { canaryUnproven } from './canary-unproven.ts';
import { describeHold } from './describe-hold.ts';
import type { Effect } from './effects.ts';
import { fenceOf } from './fencing.ts';
import { graceFirst } from './grace-first.ts';
import { activeRuns, type RunStanding } from './host-status.ts';
import { type LedgerState, newestAttempt } from './ledger-state.ts';
import { isRunning, pauseReason } from './run-troubles.ts';
import { capHolds, countOpen, type Doing, hostHolds, type OpenCount, runHolds, tapsNow } from './start-holds.ts';
import { grantTogether, type OwnStep } from './together.ts';
import type { World } from './world.ts';

/** What to append, in one transaction; or, when there is nothing to append, what to do. Never both. */
export interface Decision {
  readonly events: readonly LedgerEvent[];
  readonly effects: readonly Effect[];
}

/**
 * The run engine. In this order, each only when nothing before it had something for the ledger: what open attempts have
 * come to, runs that must pause, hypervisors that may start, and then the effects that all of this asks for. While the ledger is behind the
 * world, nothing: what is open comes to rest by itself.
 */
export function decide(state: LedgerState, world: World): Decision {
  if (fenceOf(state, world) !== undefined) return { events: [], effects: [] };
  const steps = openSteps(state, world).map((own) => own.step);
  const resolved = [...steps.flatMap((step) => step.events), ...agentsWord(state, world)];
  if (resolved.length > 0) return { events: resolved, effects: [] };
  const runs = activeRuns(state).filter((standing) => standing.run.control === 'running');
  const pauses = runs.flatMap((standing) => pause(state, world, standing));
  if (pauses.length > 0) return { events: pauses, effects: [] };
  const starts = runs.filter(isRunning).flatMap((standing) => {
    const events = startSome(state, world, standing);
    return [...events, ...canaryUnproven(state, standing, events)];
  });
  if (starts.length > 0) return { events: starts, effects: [] };
  const others = [...strays(state, world), ...sweep(state)].map((effect) => ask(world, effect));
  const due = others.flatMap((asked) => (asked.kind === 'busy' ? asked.effects : []));
  return { events: [], effects: [...steps.flatMap((step) => step.effects), ...due] };
}

/** What an open attempt is waiting for, for people; undefined when none is open. */
export function waitingFor(state: LedgerState, world: World, systemId: string): Step | undefined {
  const attempt = newestAttempt(state, systemId);
  if (attempt === undefined || attempt.outcome !== undefined) return undefined;
  return openSteps(state, world).find((own) => own.attempt === attempt)?.step;
}

const known = new WeakMap<World, { readonly state: LedgerState; readonly steps: readonly OwnStep[] }>();

/** Of all open attempts, each with what its wave makes of it. Computed once for a look at the world: whoever asks why asks for many. */
function openSteps(state: LedgerState, world: World): readonly OwnStep[] {
  const found = known.get(world);
  if (found?.state === state) return found.steps;
  const own = openAttempts(state).map((attempt) => ({ attempt, step: advanceAttempt(state, world, attempt) }));
  const steps = graceFirst(state, world, allOrNone(state, world, grantTogether(state, own)));
  known.set(world, { state, steps });
  return steps;
}

function openAttempts(state: LedgerState) {
  return [...state.open].toSorted().flatMap((systemId) => newestAttempt(state, systemId) ?? []);
}

function pause(state: LedgerState, world: World, standing: RunStanding): readonly LedgerEvent[] {
  const why = pauseReason(state, world, standing);
  return why === undefined ? [] : [{ type: 'run-paused', runId: standing.run.id, by: 'shunt', why }];
}

/** Starts what the current wave, the caps and the hypervisors themselves allow; fewest taps first, as planned. */
function startSome(state: LedgerState, world: World, standing: RunStanding): readonly LedgerEvent[] {
  const current = standing.waves.find((one) => one.wave.number === standing.current);
  if (current === undefined) return [];
  if (runHolds(state, world, { standing, wave: current.wave.number }).length > 0) return [];
  const due = current.hosts.filter((one) => one.status === 'todo');
  const candidates = due.map(({ host, operation }) => ({ standing, doing: { wave: current.wave, host, operation } }));
  if (current.wave.together === true) return startTogether(state, world, candidates);
  const events: LedgerEvent[] = [];
  let open = countOpen(standing);
  for (const candidate of candidates) {
    const { host } = candidate.doing;
    if (open.total >= standing.plan.spec.maxOpen) break;
    if (capHolds(standing, host, open).length > 0) continue;
    const started = startOne(state, world, candidate);
    if (started.some((event) => event.type === 'attempt-closed')) return [...events, ...started]; // budget first
    if (started.some((event) => event.type === 'attempt-opened')) open = oneMore(open, host);
    events.push(...started);
  }
  return events;
}

/** All that are due, or none while one of them cannot. Whoever cannot for good is refused, which pauses the run. */
function startTogether(state: LedgerState, world: World, candidates: readonly Candidate[]): readonly LedgerEvent[] {
  const started = candidates.map((candidate) => startOne(state, world, candidate));
  const refusals = started.filter((events) => events.some((event) => event.type === 'attempt-closed'));
  if (refusals.length > 0) return refusals.flat();
  return started.some((events) => events.length === 0) ? [] : started.flat();
}

interface Candidate {
  readonly standing: RunStanding;
  readonly doing: Doing;
}

/** Opens an attempt; or skips it where there is nothing to move; or records why it is refused when waiting is no use. */
function startOne(state: LedgerState, world: World, candidate: Candidate): readonly LedgerEvent[] {
  const { standing, doing } = candidate;
  const { host, wave, operation } = doing;
  const holds = hostHolds(state, world, candidate);
  if (holds.some((one) => !one.lasting)) return [];
  const joined = world.inventory.hosts.get(host.systemId);
  const now = joined && tapsNow(doing, joined);
  if (now === undefined) return [];
  const { systemId, hostname } = host;
  const { run, plan } = standing;
  if (now.taps.length === 0 && now.outdated === undefined && now.elsewhere === undefined) {
    return [nothingToDo(standing, doing, now.done)];
  }
  const epoch = nextEpoch(state, world, systemId);
  const opened: LedgerEvent = {
    type: 'attempt-opened',
    systemId,
    hostname,
    epoch,
    ...(operation === 'cut' ? {} : { operation }),
    direction: wave.direction ?? 'forward',
    planId: plan.id,
    runId: run.id,
    wave: wave.number,
    taps: now.taps,
  };
  if (holds.length === 0) return [opened];
  const reasons = holds.map((one) => one.hold);
  return [opened, refused(systemId, epoch, reasons)];
}

/** One operation among several is skipped; a hypervisor at which the wave's only one has nothing to do is left out of the run. */
function nothingToDo({ run }: RunStanding, { host, wave, operation }: Doing, done: number): LedgerEvent {
  const { systemId } = host;
  if (done === 0) {
    const why = 'none of its planned taps is there';
    return { type: 'host-left', runId: run.id, systemId, by: 'shunt', why };
  }
  if (operationsOf(wave).length === 1 && operation === 'cut') {
    const where = wave.direction === 'back' ? 'back' : 'on the target';
    const why = `its planned taps are ${where} already`;
    return { type: 'host-left', runId: run.id, systemId, by: 'shunt', why };
  }
  const why = 'its planned taps are there already, or beyond';
  return { type: 'operation-skipped', runId: run.id, wave: wave.number, systemId, operation, why };
}

function refused(systemId: string, epoch: number, holds: readonly HoldReason[]): LedgerEvent {
  const code = holds.every((hold) => hold.kind === 'agent-passive') ? 'agent-passive' : 'held';
  const why = holds.map(describeHold).join('; ');
  return { type: 'attempt-closed', systemId, epoch, outcome: 'blocked', code, why, blackouts: [], repair: [] };
}

/** Beyond all that ledger and agent ever saw, so that a ledger restored from a backup cannot give one twice. */
export function nextEpoch(state: LedgerState, world: World, systemId: string): number {
  return Math.max(state.hosts.get(systemId)?.epoch ?? 0, world.agents.get(systemId)?.highestEpoch ?? 0) + 1;
}

/** An agent that has open what the ledger closed untouched (an order that was thought lost) must go back. */
function strays(state: LedgerState, world: World): readonly Effect[] {
  return [...world.agents.values()].flatMap((agent): readonly Effect[] => {
    const { systemId, attempt: local, connected, connection } = agent;
    if (!connected || local === undefined || !isOpen(local.phase) || local.phase === 'reverting') return [];
    const known = state.hosts.get(systemId)?.attempts.find((attempt) => attempt.epoch === local.epoch);
    if (known?.outcome === undefined || known.outcome === 'stuck') return [];
    const key = `stray/${systemId}/${local.epoch}@${connection}`;
    const why = 'the ledger has closed this attempt';
    return [{ kind: 'order', key, systemId, order: { type: 'revert', orderId: key, epoch: local.epoch, why } }];
  });
}

/** Probe ports are removed when nothing is open and no run can use them any more. */
function sweep(state: LedgerState): readonly Effect[] {
  if (state.closedCount === 0 || state.open.size > 0 || activeRuns(state).length > 0) return [];
  return [{ kind: 'nb-sweep', key: `nb-sweep/${state.closedCount}` }];
}

function oneMore(open: OpenCount, { zone }: PlannedHost): OpenCount {
  if (zone === undefined) return { ...open, total: open.total + 1 };
  return { total: open.total + 1, byZone: new Map(open.byZone).set(zone, (open.byZone.get(zone) ?? 0) + 1) };
}
