import type { HoldReason } from '../findings.ts';
import type { ProbeResult } from '../probes.ts';
import {
  type AttemptContext,
  act,
  append,
  attemptBarriers,
  close,
  restingBarriers,
  type Step,
  wait,
} from './attempt-context.ts';
import { describeHold } from './describe-hold.ts';
import { fleetHolds } from './fleet-holds.ts';
import { makeReady, remoteIsRequired } from './make-ready.ts';
import { effectsOf } from './progress.ts';
import { probeByPeers } from './remote-probes.ts';
import { settling } from './start-holds.ts';
import { runLimits } from './world.ts';

/** Before the grant nothing is touched: NB, the host's and the peers' probe ports, the remote baseline, then the grant. */
export function prepareAttempt(context: AttemptContext): Step {
  const refusal = refusalOf(context);
  if (refusal !== undefined) return refusal;
  const holds = grantHolds(context);
  if (holds.some(isRefused)) return heldElsewhere(context, holds);
  const ready = makeReady(context);
  if (ready.kind === 'step') return ready.step;
  if (holds.length > 0) return wait(`the grant: ${holds.map((hold) => hold.kind).join(', ')}`);
  const baseline = probeByPeers(context, { name: baselineRound(context), wants: ready.peers });
  if (baseline.kind === 'busy') return act(baseline.effects, 'the remote baseline');
  if (!baseline.results.some((result) => result.vantage === 'remote') && remoteIsRequired(context)) {
    return close(context, 'blocked', { code: 'agent-not-connected', why: `no peer could probe: ${baseline.why}` });
  }
  if (nothingAnswers(context, baseline.results)) {
    const why = 'no guest answers to any probe now, so nothing could prove the cutover; see acceptNoEvidence';
    return close(context, 'blocked', { code: 'held', why });
  }
  const { systemId, epoch } = context.attempt;
  return append({ type: 'attempt-granted', systemId, epoch, baseline: baseline.results });
}

function refusalOf(context: AttemptContext): Step | undefined {
  const { state, world, attempt, agent } = context;
  if (attempt.revertWhy !== undefined) {
    return close(context, 'blocked', { code: 'cancelled', why: `called back before it began: ${attempt.revertWhy}` });
  }
  if (attempt.runId !== undefined && state.runs.get(attempt.runId)?.control === 'aborted') {
    return close(context, 'blocked', { code: 'cancelled', why: 'the run was aborted before it began' });
  }
  if (agent === undefined || !agent.connected) {
    const away = world.nowMs - (agent?.sinceMs ?? world.startedMs);
    if (away <= runLimits.unreachableMs) return wait('its agent to connect');
    return close(context, 'blocked', {
      code: 'agent-not-connected',
      why: 'its agent is not connected; nothing was touched',
    });
  }
  if (agent.mode === 'passive') {
    return close(context, 'blocked', { code: 'agent-passive', why: 'its agent is passive; nothing was touched' });
  }
  return undefined;
}

/** What keeps a prepared attempt from its grant; it waits at rest, and goes on by itself. */
export function grantHolds({ state, world, attempt }: AttemptContext): readonly HoldReason[] {
  const run = attempt.runId === undefined ? undefined : state.runs.get(attempt.runId);
  const paused = run?.control === 'paused' ? [{ kind: 'run-paused', why: run.pausedWhy ?? '' } as const] : [];
  const plan = run && state.plans.get(run.planId);
  const unheard = plan === undefined || attempt.direction === 'back' ? [] : settling(world, plan);
  const isReady = world.inventory.hosts.get(attempt.systemId)?.chassisReady ?? true;
  const chassis = isReady || attempt.direction === 'back' ? [] : [{ kind: 'chassis-missing' } as const];
  const barriers = attemptBarriers(state, world, attempt);
  return [...paused, ...fleetHolds(state, world, attempt.direction), ...unheard, ...chassis, ...barriers];
}

/** Its agent would refuse to prepare. */
function isRefused({ kind }: HoldReason): boolean {
  return kind === 'overlay-barrier' || kind === 'chassis-missing';
}

/**
 * Others of its overlays are in the way, or OVN on its hypervisor. What is on its way somewhere passes by, and so do a pause and an ovn-controller that
 * looks for its database; what stays does not, and nobody would ever be told.
 */
function heldElsewhere(context: AttemptContext, holds: readonly HoldReason[]): Step {
  const { state, world, attempt } = context;
  const lasting = [
    ...restingBarriers(state, world, attempt),
    ...holds.filter(({ kind }) => kind === 'chassis-missing'),
  ];
  const run = attempt.runId === undefined ? undefined : state.runs.get(attempt.runId);
  const sinceMs = Math.max(Date.parse(attempt.openedAt), Date.parse(run?.controlAt ?? attempt.openedAt));
  const isLong = world.wallMs !== undefined && world.wallMs - sinceMs > runLimits.unreachableMs;
  const isCalm = world.nowMs - world.startedMs > runLimits.unreachableMs;
  if (lasting.length > 0 && isLong && isCalm && holds.every(isRefused)) {
    const why = lasting.map(describeHold).join('; ');
    return close(context, 'blocked', { code: 'held', why });
  }
  return wait(`the grant: ${holds.map(describeHold).join('; ')}`);
}

/** Rounds are numbered; the newest one begun counts, until it is too old. */
function baselineRound({ world, attempt }: AttemptContext): string {
  let round = 1;
  let newestMs: number | undefined;
  for (const [key, { startedMs }] of effectsOf(world.progress, attempt)) {
    const number = Number(/\/baseline(\d+)\//.exec(key)?.[1] ?? 0);
    if (number > round) newestMs = undefined;
    if (number >= round) {
      round = number;
      newestMs = Math.min(newestMs ?? Number.POSITIVE_INFINITY, startedMs);
    }
  }
  const stale = newestMs !== undefined && world.nowMs - newestMs > runLimits.baselineFreshMs;
  return `baseline${stale ? round + 1 : round}`;
}

/** Known before the cut: the host asked its guests, the peers asked them, and nobody said anything. */
function nothingAnswers({ local, spec, attempt }: AttemptContext, remote: readonly ProbeResult[]): boolean {
  if (spec.acceptNoEvidence === true || attempt.direction === 'back') return false;
  const all = [...(local?.baseline ?? []), ...remote];
  return local !== undefined && all.every((result) => result.answered === 0);
}
