import { type Attempt, type AttemptEvent, attemptStep, newAttempt } from '../../domain/attempt/attempt-machine.ts';
import type { Blackout } from '../../domain/probes.ts';
import type { Deadline } from '../../platform/clock.ts';
import type { AttemptHeader, DeadMan, JournalRecord, RevertRecord } from './journal-records.ts';
import { elsewhere } from './others-notes.ts';

/** An attempt as its journal tells it. */
export interface ReplayedAttempt {
  readonly header: AttemptHeader;
  readonly attempt: Attempt;
  /** The header's, unless it was put off. */
  readonly deadline: Deadline;
  readonly deadMan?: DeadMan;
  /** Taps whose link went away during the attempt. */
  readonly gone: ReadonlySet<string>;
  readonly blackouts: readonly Blackout[];
  /** Lines beside the journal that this has taken in. */
  readonly notes: number;
  /** Lines of them that the agent has not acted upon: they are newer than its journal, or it never heard of them. */
  readonly unheard: number;
}

/** The attempt as it stands when its header is written: granted, nothing touched. */
export function armingAttempt(header: Pick<AttemptHeader, 'grant'>): Attempt {
  const { epoch, operation = 'cut', direction, method, commitOn } = header.grant;
  return { ...newAttempt({ epoch, operation, direction, method }), phase: 'arming', commitOn };
}

/**
 * Folds the journal's events through the attempt machine: by construction the live state. What a `revert` beside us wrote, and the agent has
 * not acted upon, comes last: it holds even where the agent, unaware of it, wrote on. What it has acted upon is among its own events: what it found
 * afterwards, as that guests do not answer, is the newer word. `beyond`: what stands behind a damaged line.
 */
export function replay(
  header: AttemptHeader,
  records: readonly JournalRecord[],
  reverts: readonly RevertRecord[],
  beyond: readonly JournalRecord[] = [],
): ReplayedAttempt {
  const { deadline } = header;
  const begin = { header, attempt: armingAttempt(header), deadline, gone: new Set<string>(), blackouts: [] };
  let state: ReplayedAttempt = { ...begin, notes: 0, unheard: 0 };
  for (const record of records) state = replayOne(state, record, reverts);
  state = behindDamage(state, beyond, reverts);
  const unheard = reverts.slice(state.notes);
  return { ...state, attempt: afterReverts(state.attempt, unheard), notes: reverts.length, unheard: unheard.length };
}

/** A commit of this attempt holds, whatever line before it was damaged since; anything less is as if the journal ended before the damage. */
function behindDamage(
  state: ReplayedAttempt,
  beyond: readonly JournalRecord[],
  reverts: readonly RevertRecord[],
): ReplayedAttempt {
  const { nonce } = state.header;
  const commit = beyond.findLastIndex(
    (record) => record.type === 'event' && record.event.type === 'commit-recorded' && record.nonce === nonce,
  );
  if (commit < 0) return state;
  const certain = beyond.filter((record, at) => at >= commit || record.type !== 'event');
  const before: ReplayedAttempt = { ...state, attempt: { ...state.attempt, phase: 'committing' } };
  return certain.reduce((known, record) => replayOne(known, record, reverts), before);
}

function replayOne(state: ReplayedAttempt, record: JournalRecord, reverts: readonly RevertRecord[]): ReplayedAttempt {
  switch (record.type) {
    case 'event':
      return { ...state, ...afterEvent(state, record, reverts) };
    case 'dead-man':
      return { ...state, deadMan: record.deadMan };
    case 'gone':
      return { ...state, gone: new Set([...state.gone, record.tap]) };
    case 'blackouts':
      return { ...state, blackouts: record.blackouts };
    case 'checkpoint':
      return state;
  }
}

/** An event that answers notes is what became of them. An agent that started again took them up before its first event. */
function afterEvent(
  { attempt, deadline, notes: heard }: ReplayedAttempt,
  record: Extract<JournalRecord, { type: 'event' }>,
  reverts: readonly RevertRecord[],
): Pick<ReplayedAttempt, 'attempt' | 'deadline' | 'notes'> {
  const { event } = record;
  const notes = Math.max(heard, record.notes ?? answered(event, heard, reverts));
  const before = event.type === 'recovered' ? afterReverts(attempt, reverts.slice(heard, notes)) : attempt;
  const next = attemptStep(before, event).state;
  return { attempt: next, deadline: event.type === 'extended' && next !== before ? event.deadline : deadline, notes };
}

/** Older agents wrote what they had heard, but not how far. */
function answered({ type }: AttemptEvent, heard: number, reverts: readonly RevertRecord[]): number {
  const note = type === 'reverted-elsewhere' ? 'revert-done' : type === 'resolved' ? 'resolved' : undefined;
  return reverts.findIndex((one, index) => index >= heard && one.type === note) + 1;
}

/** The last of them says how it stands. */
function afterReverts(attempt: Attempt, reverts: readonly RevertRecord[]): Attempt {
  const last = reverts.at(-1);
  if (last === undefined) return attempt;
  if (last.type !== 'resolved') return attemptStep(attempt, elsewhere(last)).state;
  const { rest, why } = last;
  return attemptStep({ ...attempt, phase: 'stuck' }, { type: 'resolved', rest, why }).state;
}
