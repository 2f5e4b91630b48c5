import type { HoldReason } from '../findings.ts';
import type { ProbeResult } from '../probes.ts';
import { type AttemptContext, act, append, attemptBarriers, close, keyOf, type Step, wait } from './attempt-context.ts';
import { fleetHolds } from './fleet-holds.ts';
import { makeReady, remoteIsRequired } from './make-ready.ts';
import { probeByPeers } from './remote-probes.ts';
import { runLimits } from './world.ts';

/** Before the grant nothing is touched: NB, the host's and the peers' probe ports, the remote baseline, then the grant. */
export function prepareAttempt(context: AttemptContext): Step {
  const refusal = refusalOf(context);
  if (refusal !== undefined) return refusal;
  const ready = makeReady(context);
  if (ready.kind === 'step') return ready.step;
  const holds = grantHolds(context);
  if (holds.length > 0) return wait(`the grant: ${holds.map((hold) => hold.kind).join(', ')}`);
  const baseline = probeByPeers(context, { name: baselineRound(context), wants: ready.peers });
  if (baseline.kind === 'busy') return act(baseline.effects, 'the remote baseline');
  if (baseline.results.length === 0 && remoteIsRequired(context)) {
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
  return [...paused, ...fleetHolds(state, world, attempt.direction), ...attemptBarriers(state, world, attempt)];
}

/** Rounds are numbered; the newest one begun counts, until it is too old. */
function baselineRound(context: AttemptContext): string {
  const { world } = context;
  const prefix = keyOf(context, 'baseline');
  let round = 1;
  let newestMs: number | undefined;
  for (const [key, entry] of world.progress) {
    const match = key.startsWith(prefix) ? /^(\d+)\//.exec(key.slice(prefix.length)) : null;
    if (match === null) continue;
    const number = Number(match[1]);
    if (number > round) newestMs = undefined;
    if (number >= round) {
      round = number;
      newestMs = Math.min(newestMs ?? Number.POSITIVE_INFINITY, entry.startedMs);
    }
  }
  const stale = newestMs !== undefined && world.nowMs - newestMs > runLimits.baselineFreshMs;
  return `baseline${stale ? round + 1 : round}`;
}

/** Known before the cut: the host asked its guests, the peers asked them, and nobody said anything. */
function nothingAnswers({ local, spec, attempt }: AttemptContext, remote: readonly ProbeResult[]): boolean {
  if (spec.acceptNoEvidence === true || attempt.direction === 'back') return false;
  const all = [...(local?.baseline ?? []), ...remote];
  return local !== undefined && local.baseline.length > 0 && all.every((result) => result.answered === 0);
}
