import { type Attempt, type AttemptEvent, attemptStep, newAttempt } from '../../domain/attempt/attempt-machine.ts';
import type { Blackout } from '../../domain/probes.ts';
import type { Deadline } from '../../platform/clock.ts';
import type { AttemptHeader, DeadMan, JournalRecord, RevertRecord } from './journal-records.ts';

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
  /** A way back by somebody else that is done, and of which the agent has not written that it heard. */
  readonly unheard?: string;
}

/** The attempt as it stands when its header is written: granted, nothing touched. */
export function armingAttempt(header: Pick<AttemptHeader, 'grant'>): Attempt {
  const { epoch, operation = 'cut', direction, method, commitOn } = header.grant;
  return { ...newAttempt({ epoch, operation, direction, method }), phase: 'arming', commitOn };
}

/**
 * Folds the journal's events through the attempt machine: by construction the live state. What a `revert` beside us wrote comes last:
 * it holds even where the agent, unaware of it, wrote on. One that the agent has heard of is among its own events: what it found afterwards, as that
 * guests do not answer, is the newer word.
 */
export function replay(
  header: AttemptHeader,
  records: readonly JournalRecord[],
  reverts: readonly RevertRecord[],
): ReplayedAttempt {
  const { deadline } = header;
  let state: ReplayedAttempt = { header, attempt: armingAttempt(header), deadline, gone: new Set(), blackouts: [] };
  for (const record of records) state = replayOne(state, record);
  const last = reverts.at(-1);
  if (last === undefined) return state;
  if (last.type !== 'revert-done') return { ...state, attempt: afterRevert(state.attempt, last) };
  if (heard(records) >= reverts.filter(({ type }) => type === 'revert-done').length) return state;
  return { ...state, attempt: afterRevert(state.attempt, last), unheard: last.why };
}

function heard(records: readonly JournalRecord[]): number {
  return records.filter((record) => record.type === 'event' && record.event.type === 'reverted-elsewhere').length;
}

function replayOne(state: ReplayedAttempt, record: JournalRecord): ReplayedAttempt {
  switch (record.type) {
    case 'event':
      return { ...state, ...afterEvent(state, record.event) };
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

function afterEvent(
  { attempt, deadline }: ReplayedAttempt,
  event: AttemptEvent,
): Pick<ReplayedAttempt, 'attempt' | 'deadline'> {
  const next = attemptStep(attempt, event).state;
  return { attempt: next, deadline: event.type === 'extended' && next !== attempt ? event.deadline : deadline };
}

function afterRevert(attempt: Attempt, record: RevertRecord): Attempt {
  switch (record.type) {
    case 'revert-done':
      return attemptStep(attempt, { type: 'reverted-elsewhere', why: record.why }).state;
    case 'revert-failed':
      return { ...attempt, phase: 'stuck', code: 'stuck', why: record.why, repair: record.repair };
    case 'resolved': {
      const { rest, why } = record;
      return attemptStep({ ...attempt, phase: 'stuck' }, { type: 'resolved', rest, why }).state;
    }
    case 'revert-began':
      // It was cut short: whoever reads this goes on with it.
      return attempt.phase === 'reverted'
        ? attempt
        : { ...attempt, phase: 'reverting', why: `reverted by ${record.by}` };
  }
}
