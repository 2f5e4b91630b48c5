import { assertNever } from '../assert-never.ts';
import type { ErrorCode } from '../errors.ts';
import type { Moment } from '../moment.ts';
import { type CommitOn, type Direction, isOpen, type Method, type Phase } from '../phases.ts';
import type { Verdict } from '../probes.ts';
import type { Operation } from '../rewire/places.ts';
import { judgeVerdict, stillUnsure } from './judge-verdict.ts';
import { donePhaseOf, isDonePhase, workPhaseOf } from './operation-phases.ts';

/** One attempt on one hypervisor, as far as decisions need it. */
export interface Attempt {
  readonly epoch: number;
  readonly operation: Operation;
  readonly direction: Direction;
  /** `shunt` when any of its taps goes by a shunt. */
  readonly method: Method;
  readonly phase: Phase;
  readonly commitOn: CommitOn;
  /** The word to commit came before the soak was over. */
  readonly commitWord: boolean;
  /** Newest local verdict of this attempt's own direction. */
  readonly verdict?: Verdict;
  /** Its deadline was put off once, since there was too little evidence to judge by. There is no second time. */
  readonly extended?: true;
  readonly why?: string;
  readonly code?: ErrorCode;
  /** Commands for an operator, when stuck. */
  readonly repair: readonly string[];
}

export type AttemptEvent =
  | { readonly type: 'prepare' }
  | { readonly type: 'prepared' }
  | { readonly type: 'prepare-failed'; readonly code: ErrorCode; readonly why: string }
  | { readonly type: 'grant'; readonly commitOn: CommitOn }
  /** Journal synced and dead man armed: from here on traffic may be touched. */
  | { readonly type: 'armed' }
  | { readonly type: 'arm-failed'; readonly code: ErrorCode; readonly why: string }
  | { readonly type: 'cut-done' }
  | { readonly type: 'step-failed'; readonly code: ErrorCode; readonly why: string }
  | { readonly type: 'verified'; readonly verdict: Verdict }
  | { readonly type: 'soaked'; readonly verdict: Verdict }
  | { readonly type: 'commit-word' }
  /** The commit is on disk. */
  | { readonly type: 'commit-recorded' }
  | { readonly type: 'commit-failed'; readonly code: ErrorCode; readonly why: string }
  | { readonly type: 'deadline' }
  | { readonly type: 'revert-word'; readonly why: string }
  | { readonly type: 'restored' }
  | {
      readonly type: 'restore-failed';
      readonly code: ErrorCode;
      readonly why: string;
      readonly repair: readonly string[];
    }
  /** The dead man or an operator's `revert` did it beside us. */
  | { readonly type: 'reverted-elsewhere'; readonly why: string }
  /** They began to, and never came to its end: nobody knows how far they got. */
  | { readonly type: 'revert-began-elsewhere'; readonly why: string }
  /** They could not; `repair` is what they told. */
  | { readonly type: 'revert-failed-elsewhere'; readonly why: string; readonly repair: readonly string[] }
  /**
   * The agent started again and found this attempt in its journal. `inTime`: same boot, deadline ahead, dead man and journal as they should be;
   * `why`: what else is not in order.
   */
  | { readonly type: 'recovered'; readonly inTime: boolean; readonly why?: string }
  /** The new deadline is on disk and has a dead man. */
  | { readonly type: 'extended'; readonly deadline: Moment }
  /** Somebody else changed what it moved, and the agent's configuration says that it goes back then, also after its commit. */
  | { readonly type: 'foreign-writer'; readonly why: string }
  /** An operator's word on what is stuck: every tap is where the attempt began, or where it was to lead. */
  | { readonly type: 'resolved'; readonly rest: 'from' | 'to'; readonly why: string };

/** What to do; each has one handler in the agent. Phase records and reports follow from each change of phase. */
export type AttemptEffect =
  | 'prepare'
  | 'arm'
  | 'cut'
  | 'verify'
  | 'soak'
  /** Looks on while a commit on evidence waits for its deadline. */
  | 'watch'
  | 'extend'
  | 'record-commit'
  | 'restore'
  | 'disarm'
  | 'guard';

export interface AttemptMove {
  readonly state: Attempt;
  readonly effects: readonly AttemptEffect[];
}

/** A fresh attempt, before its first event. */
export function newAttempt(fixed: Pick<Attempt, 'epoch' | 'operation' | 'direction' | 'method'>): Attempt {
  return { ...fixed, phase: 'idle', commitOn: 'word', commitWord: false, repair: [] };
}

/**
 * Decides one step of an attempt. Events that do not belong to the phase (late, doubled) change nothing.
 * Laws: from every open phase, `deadline`, `revert-word` and `recovered` lead to a rest; the phase in which it is done and `reverted` are
 * final but for what somebody else did: `reverted-elsewhere` and its like, and `foreign-writer`.
 */
export function attemptStep(state: Attempt, event: AttemptEvent): AttemptMove {
  switch (event.type) {
    case 'reverted-elsewhere':
      return revertedElsewhere(state, event.why);
    case 'revert-began-elsewhere':
      return revertBeganElsewhere(state, event.why);
    case 'revert-failed-elsewhere':
      return untouched(state) ? stay(state) : stuck(state, { ...event, code: 'stuck' });
    case 'revert-word':
      return revertWord(state, event.why);
    case 'deadline':
      return deadline(state);
    case 'recovered':
      return recovered(state, event);
    case 'resolved':
      return resolved(state, event);
    case 'foreign-writer':
      return foreignWriter(state, event.why);
    case 'commit-word':
      return commitWord(state);
    default:
      return inPhase(state, event);
  }
}

type PhaseEvent = Exclude<
  AttemptEvent,
  {
    type:
      | 'reverted-elsewhere'
      | 'revert-began-elsewhere'
      | 'revert-failed-elsewhere'
      | 'revert-word'
      | 'deadline'
      | 'recovered'
      | 'resolved'
      | 'foreign-writer'
      | 'commit-word';
  }
>;

function inPhase(state: Attempt, event: PhaseEvent): AttemptMove {
  switch (state.phase) {
    case 'idle':
      return event.type === 'prepare' ? go(state, 'preparing', ['prepare']) : stay(state);
    case 'preparing':
      if (event.type === 'prepared') return go(state, 'prepared', []);
      return event.type === 'prepare-failed' ? go(because(state, event), 'idle', []) : stay(state);
    case 'prepared':
      return event.type === 'grant' ? go({ ...state, commitOn: event.commitOn }, 'arming', ['arm']) : stay(state);
    case 'arming':
      if (event.type === 'armed') return go(state, workPhaseOf(state), ['cut']);
      if (event.type === 'arm-failed') return go(because(state, event), 'prepared', ['disarm']);
      return failedOrStay(state, event); // the journal died while arming: back, though nothing was touched
    case 'entering':
    case 'unstaging':
    case 'cutting':
    case 'finishing':
      if (event.type === 'cut-done') return go(state, 'verifying', ['guard', 'verify']);
      return event.type === 'step-failed' ? goBack(because(state, event)) : stay(state);
    case 'verifying':
      if (event.type === 'extended') return extended(state);
      if (event.type === 'restored' || event.type === 'restore-failed') return olderRestored(state, event);
      return event.type === 'verified' ? judged(state, event.verdict, 'soaking') : failedOrStay(state, event);
    case 'soaking':
      return event.type === 'soaked' ? judged(state, event.verdict, 'committing') : failedOrStay(state, event);
    case 'committing':
      if (event.type === 'soaked') return watched(state, event.verdict);
      if (event.type === 'commit-recorded') return go(state, donePhaseOf(state), ['disarm', 'guard']);
      return event.type === 'commit-failed' ? goBack(because(state, event)) : failedOrStay(state, event);
    case 'reverting':
      return event.type === 'restored' || event.type === 'restore-failed' ? restored(state, event) : stay(state);
    case 'preflight':
    case 'staged':
    case 'committed':
    case 'finished':
    case 'reverted':
    case 'stuck':
      return stay(state);
    default:
      return assertNever(state.phase);
  }
}

/**
 * Good verdicts go on; a bad one goes back; none at all (nobody answered before) waits for somebody's word in `committing`. One that cannot be told puts the
 * deadline off, once, and is looked for anew: evidence that is still to come is the only thing that does.
 */
function judged(state: Attempt, verdict: Verdict, next: 'soaking' | 'committing'): AttemptMove {
  const known = { ...state, verdict };
  const found = judgeVerdict(verdict, state.extended === true);
  if (found.kind === 'extend') return go(known, 'verifying', ['extend']);
  if (found.kind === 'back') return goBack({ ...known, code: found.code, why: found.why });
  if (next === 'soaking') return go(known, 'soaking', ['soak']);
  if (known.commitWord) return go(known, 'committing', ['record-commit']);
  return go(known, 'committing', known.commitOn === 'evidence' ? ['watch'] : []);
}

/** What is to commit on evidence alone is looked at until its deadline, when the newest verdict counts. A bad one goes back at once; a word needs none. */
function watched(state: Attempt, verdict: Verdict): AttemptMove {
  if (state.commitOn !== 'evidence' || state.commitWord) return stay(state);
  const known = { ...state, verdict };
  const found = judgeVerdict(verdict, false);
  return found.kind === 'back' ? goBack({ ...known, code: found.code, why: found.why }) : { state: known, effects: [] };
}

type RestoreEvent = Extract<AttemptEvent, { type: 'restored' | 'restore-failed' }>;

function restored(state: Attempt, event: RestoreEvent): AttemptMove {
  if (event.type === 'restored') return go(state, 'reverted', ['disarm']);
  return stuck(state, event);
}

function stuck(
  state: Attempt,
  failed: { readonly code: ErrorCode; readonly why: string; readonly repair: readonly string[] },
): AttemptMove {
  return go({ ...because(state, failed), repair: failed.repair }, 'stuck', []);
}

/** In journals of older agents: they went back at the first verdict that could not be told. */
function olderRestored(state: Attempt, event: RestoreEvent): AttemptMove {
  return state.verdict?.kind === 'inconclusive' ? restored(state, event) : stay(state);
}

function extended(state: Attempt): AttemptMove {
  return state.extended ? stay(state) : go({ ...state, extended: true }, 'verifying', ['verify']);
}

function failedOrStay(state: Attempt, event: PhaseEvent): AttemptMove {
  return event.type === 'step-failed' ? goBack(because(state, event)) : stay(state);
}

function commitWord(state: Attempt): AttemptMove {
  switch (state.phase) {
    case 'verifying':
    case 'soaking':
      return { state: { ...state, commitWord: true }, effects: [] };
    case 'committing':
      return state.commitWord ? stay(state) : { state: { ...state, commitWord: true }, effects: ['record-commit'] };
    default:
      return stay(state);
  }
}

/** The deadline commits only on evidence that is fresh (who records it looks at its age), and only what has soaked; everything else that is open goes back. */
function deadline(state: Attempt): AttemptMove {
  switch (state.phase) {
    case 'committing':
      if (state.commitOn === 'evidence' && state.verdict?.kind === 'pass') return { state, effects: ['record-commit'] };
      return goBack({
        ...state,
        code: 'timed-out',
        why: `the deadline passed without the word to commit${stillUnsure(state.verdict)}`,
      });
    case 'arming':
    case 'entering':
    case 'unstaging':
    case 'cutting':
    case 'finishing':
    case 'verifying':
    case 'soaking':
      return goBack({
        ...state,
        code: 'timed-out',
        why: `the deadline passed while ${state.phase}${stillUnsure(state.verdict)}`,
      });
    default:
      return stay(state);
  }
}

function revertWord(state: Attempt, why: string): AttemptMove {
  switch (state.phase) {
    case 'arming':
    case 'entering':
    case 'unstaging':
    case 'cutting':
    case 'finishing':
    case 'verifying':
    case 'soaking':
    case 'committing':
      return goBack({ ...state, why });
    case 'idle':
    case 'preparing':
    case 'prepared':
      return go({ ...state, why }, 'reverted', []); // nothing was touched
    case 'stuck':
      return goBack({ ...state, why, repair: [] }); // an operator may ask again after a repair
    default:
      return stay(state);
  }
}

function revertedElsewhere(state: Attempt, why: string): AttemptMove {
  if (state.phase === 'reverted' || state.phase === 'idle' || state.phase === 'prepared') return stay(state);
  const elsewhere = { ...byHand(state), why, repair: [] };
  // A cut that was under way may have gone on beside the other's revert: look again, which costs nothing when all is in place.
  if (isOpen(state.phase)) return go(elsewhere, 'reverting', ['restore']);
  return go(elsewhere, 'reverted', ['disarm']);
}

/** Whatever it was before, commits included: the way back is gone to its end, or it is told that it cannot be. */
function revertBeganElsewhere(state: Attempt, why: string): AttemptMove {
  return untouched(state) || state.phase === 'reverting' ? stay(state) : goBack({ ...byHand(state), why, repair: [] });
}

/** Somebody's wish, once it is done, has no code: by that it is told from a way back of the agent's own. An older trouble's may still be there. */
function byHand(state: Attempt): Attempt {
  const { code: _code, ...rest } = state;
  return isDonePhase(state.phase) ? rest : state;
}

/** There is nothing to take back. */
function untouched({ phase }: Attempt): boolean {
  return phase === 'idle' || phase === 'preflight' || phase === 'preparing' || phase === 'reverted';
}

/** Where taps are moved the step that meets the change fails by itself. */
function foreignWriter(state: Attempt, why: string): AttemptMove {
  const waits = state.phase === 'verifying' || state.phase === 'soaking' || state.phase === 'committing';
  return waits || isDonePhase(state.phase) ? goBack({ ...state, code: 'preimage-changed', why }) : stay(state);
}

/** An operator has looked, or says that nobody need: it is at rest where its taps are. */
function resolved(state: Attempt, { rest, why }: { readonly rest: 'from' | 'to'; readonly why: string }): AttemptMove {
  if (state.phase !== 'stuck') return stay(state);
  const known = { ...state, why, repair: [] };
  return rest === 'to' ? go(known, donePhaseOf(state), ['disarm', 'guard']) : go(known, 'reverted', ['disarm']);
}

const awayTooLong = 'the agent was away when the deadline passed, or the host has rebooted';

function recovered(
  state: Attempt,
  { inTime, why = awayTooLong }: { readonly inTime: boolean; readonly why?: string },
): AttemptMove {
  switch (state.phase) {
    case 'verifying':
    case 'soaking':
    case 'committing':
      if (inTime) return go(state, 'verifying', ['guard', 'verify']);
      return goBack({ ...state, code: 'timed-out', why });
    case 'arming':
    case 'entering':
    case 'unstaging':
    case 'cutting':
    case 'finishing':
      return goBack({ ...state, code: 'internal', why: `the agent ended while ${state.phase}` });
    case 'reverting':
      return { state, effects: ['restore'] };
    case 'staged':
    case 'committed':
    case 'finished':
      return { state, effects: ['disarm', 'guard'] };
    case 'reverted':
      return { state, effects: ['disarm'] };
    case 'idle':
    case 'preflight':
    case 'preparing':
    case 'prepared':
    case 'stuck':
      return stay(state);
    default:
      return assertNever(state.phase);
  }
}

function because(state: Attempt, event: { readonly code: ErrorCode; readonly why: string }): Attempt {
  return { ...state, code: event.code, why: event.why };
}

function goBack(state: Attempt): AttemptMove {
  return go(state, 'reverting', ['restore']);
}

function go(state: Attempt, phase: Phase, effects: readonly AttemptEffect[]): AttemptMove {
  return { state: { ...state, phase }, effects };
}

function stay(state: Attempt): AttemptMove {
  return { state, effects: [] };
}
