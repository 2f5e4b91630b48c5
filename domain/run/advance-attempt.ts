import { isOpen } from '../phases.ts';
import { methodOfTaps } from '../planning/tap-method.ts';
import {
  type AttemptContext,
  act,
  append,
  askOrder,
  attemptBarriers,
  close,
  contextOf,
  keyOf,
  networkTargets,
  type Step,
  wait,
} from './attempt-context.ts';
import { describeHold } from './describe-hold.ts';
import { judgeAttempt } from './judge-attempt.ts';
import type { Attempt, LedgerState } from './ledger-state.ts';
import { makeReady } from './make-ready.ts';
import { prepareAttempt } from './prepare-attempt.ts';
import { isUnknown } from './run-troubles.ts';
import type { World } from './world.ts';

/**
 * The next step of one open attempt. What its agent says decides; nothing is remembered here, so a restarted coordinator
 * goes on from the ledger and the agents alone.
 */
export function advanceAttempt(state: LedgerState, world: World, attempt: Attempt): Step {
  const context = contextOf(state, world, attempt);
  if (context === undefined) return wait(`plan ${attempt.planId}, which the ledger does not have`);
  const settled = settle(context);
  if (settled !== undefined) return settled;
  const { local, agent } = context;
  if (local !== undefined && agent?.connected === true && isOpen(local.phase)) return followOpen(context);
  if (!attempt.granted) return prepareAttempt(context);
  if (agent === undefined || !agent.connected) return wait('its agent: granted, and nobody knows how far it came');
  return isLost(context) ? close(context, 'stuck', { code: 'stuck', why: whyLost(context) }) : cut(context);
}

/** Takes over what the agent reports: the end of the attempt, or a new phase. */
export function settle(context: AttemptContext): Step | undefined {
  const { attempt, local } = context;
  if (local === undefined) return undefined;
  const reason = { why: local.why ?? attempt.revertWhy, code: local.code ?? attempt.revertCode };
  switch (local.phase) {
    case 'staged':
    case 'committed':
    case 'finished':
      return close(context, 'committed', unheeded(context));
    case 'reverted':
      return close(context, attempt.granted ? 'reverted' : 'blocked', reason);
    case 'stuck':
      return close(context, 'stuck', { why: reason.why, code: local.code ?? 'stuck' });
    default:
      return local.phase === attempt.phase || attempt.outcome !== undefined ? undefined : recordPhase(context);
  }
}

/** It was to go back, and its commit was faster: by the agent's own verdict at its deadline, or on a word that was under way. */
function unheeded({ attempt }: AttemptContext): Parameters<typeof close>[2] {
  const { revertWhy, revertCode, commitGranted } = attempt;
  if (revertWhy === undefined) return {};
  const how = commitGranted ? 'before it heard that it should go back' : 'by itself, although it was to go back';
  return { why: `${how}: ${revertWhy}`, code: revertCode };
}

function recordPhase({ attempt, local }: AttemptContext): Step | undefined {
  if (local === undefined) return undefined;
  const { phase, why, code } = local;
  return append({
    type: 'attempt-phase',
    systemId: attempt.systemId,
    epoch: attempt.epoch,
    phase,
    ...(why === undefined ? {} : { why }),
    ...(code === undefined ? {} : { code }),
  });
}

/** Traffic may be touched: the agent works, or waits for a word. */
function followOpen(context: AttemptContext): Step {
  const { attempt, local } = context;
  if (local?.phase === 'reverting') return wait('its agent, which goes back');
  if (attempt.revertWhy !== undefined) return orderRevert(context, attempt.revertWhy);
  if (attempt.commitGranted) return orderCommit(context);
  if (local?.verdict?.kind === 'fail') return wait('its agent, which saw a guest fail and goes back');
  if (local?.phase === 'verifying' && local.verdict?.kind === 'inconclusive')
    return wait('its agent, which could not tell whether every guest answers as before, and asks for longer');
  if (local?.phase !== 'committing') return wait(`its agent, which is ${local?.phase ?? 'away'}`);
  return judgeAttempt(context);
}

function orderRevert(context: AttemptContext, why: string): Step {
  const { systemId, epoch } = context.attempt;
  const asked = askOrder(context, systemId, 'revert', { type: 'revert', epoch, why });
  return act(asked?.kind === 'busy' ? asked.effects : [], 'its agent to go back');
}

function orderCommit(context: AttemptContext): Step {
  const { systemId, epoch } = context.attempt;
  const asked = askOrder(context, systemId, 'commit', { type: 'commit', epoch });
  return act(asked?.kind === 'busy' ? asked.effects : [], 'its agent to commit');
}

/**
 * It was begun, and its agent, which is here, has no record of it: nobody takes it back. While it was being armed there was no journal yet, and an agent that
 * has kept its number has not begun.
 */
function isLost({ attempt, agent, local }: AttemptContext): boolean {
  if (local !== undefined || !isOpen(attempt.phase)) return false;
  return attempt.phase !== 'arming' || (agent?.highestEpoch ?? 0) < attempt.epoch;
}

function whyLost({ attempt: { epoch, phase, hostname }, agent }: AttemptContext): string {
  const gone = (agent?.highestEpoch ?? 0) < epoch ? ' --gone' : '';
  const lost = `its agent has no record of attempt ${epoch} any more, which was ${phase} when it last told of it`;
  return `${lost}: nobody knows where its taps are, and nobody takes them back. Look at them on ${hostname}, put them in their places, then \`shunt host resolve ${hostname}${gone}\``;
}

/** The grant is in the ledger, and the agent has not begun: it gets the order (again), or the attempt ends untouched. */
function cut(context: AttemptContext): Step {
  const { attempt, spec, local } = context;
  if (attempt.revertWhy !== undefined) return callOff(context, attempt.revertWhy);
  const late = wasOrdered(context) ? undefined : tooLate(context);
  if (late !== undefined) return callOff(context, late);
  const ready = makeReady(context);
  if (ready.kind === 'step') return ready.step;
  const { epoch, operation, direction, systemId, taps } = attempt;
  const asked = askOrder(context, systemId, 'cut', {
    type: 'cut',
    grant: {
      epoch,
      ...(operation === undefined ? {} : { operation }),
      direction,
      method: methodOfTaps(taps),
      taps,
      networks: networkTargets(context, systemId, ready.probes),
      deadlineMs: spec.deadlineMs,
      soakMs: spec.soakMs,
      commitOn: spec.commitOn,
      batchSize: spec.batchSize,
    },
  });
  switch (asked?.kind) {
    case undefined:
      return wait('its agent to connect');
    case 'busy':
      return act(asked.effects, 'its agent to begin');
    case 'refused':
      return close(context, 'blocked', { code: local?.code ?? asked.code, why: asked.message });
    case 'failed':
      return callOff(context, `the order to cut was not answered: ${asked.message}`);
    case 'done':
      return wait('its agent, which was told to begin');
  }
}

/** The order to begin has left on this stream of the agent's: what it says of it counts, whatever changed since. */
function wasOrdered(context: AttemptContext): boolean {
  const { systemId } = context.attempt;
  return context.world.progress.has(keyOf(context, `cut/${systemId}@${context.agent?.connection}`));
}

/** Why a grant that nobody has begun with does not count any more: what it was given on is not so now. */
function tooLate({ state, world, attempt }: AttemptContext): string | undefined {
  const run = attempt.runId === undefined ? undefined : state.runs.get(attempt.runId);
  if (run?.control === 'aborted') return 'the run was aborted before it began';
  if (run?.control === 'paused') return `the run was paused before it began: ${run.pausedWhy ?? ''}`;
  if (isUnknown(state, world, attempt.systemId))
    return 'its agent was away when it was granted, and its deadline has passed';
  const [host] = attempt.direction === 'back' ? [] : [...state.stuck].toSorted(); // where an operator ordered it there is no run that pauses
  if (host !== undefined) return describeHold({ kind: 'fleet-stuck', host });
  const [barrier] = attemptBarriers(state, world, attempt);
  return barrier && describeHold(barrier);
}

/** Asks the agent to let go of a grant that it has not used; it says whether it had begun after all. */
function callOff(context: AttemptContext, why: string): Step {
  const { systemId, epoch } = context.attempt;
  const asked = askOrder(context, systemId, 'revert', { type: 'revert', epoch, why });
  if (asked?.kind === 'refused') return close(context, 'blocked', { code: 'cancelled', why });
  if (asked?.kind === 'busy') return act(asked.effects, 'its agent to let go');
  return wait('its agent to let go');
}
