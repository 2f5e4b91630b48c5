import type { AttemptRecord, Outcome, RunView } from '../domain/run-state.ts';

/** DESIGN: 0 done, 2 paused, 3 reverted, 4 blocked, 5 stuck, the highest wins; 1 usage or error. */
export type ExitStatus = 0 | 1 | 2 | 3 | 4 | 5 | 130;

/** Ctrl-C: neither done nor failed (128 + SIGINT, as shells have it). */
export const interruptedStatus = 130;

const ofOutcome = { committed: 0, reverted: 3, blocked: 4, stuck: 5 } as const satisfies Record<Outcome, ExitStatus>;

/**
 * What a run that somebody waited for says to a script. The newest attempt of each hypervisor counts, but in a wave that is done
 * only a stuck one does: who failed there was left out or taken back on purpose.
 */
export function exitStatusOfRun(view: RunView): ExitStatus {
  const started = view.waves.filter((wave) => wave.number <= (view.throughWave ?? Number.POSITIVE_INFINITY));
  const statuses = started.flatMap(({ state, hosts }) =>
    hosts.flatMap(({ attempt }) => {
      if (attempt?.outcome === undefined) return [];
      return state === 'done' && attempt.outcome !== 'stuck' ? [] : [ofOutcome[attempt.outcome]];
    }),
  );
  const halted = view.state === 'paused' || view.state === 'aborted';
  return Math.max(0, halted ? 2 : 0, ...statuses) as ExitStatus; // the greatest of exit statuses is one
}

/** For `retry --wait`: this attempt was asked for, so only going forward is success. */
export function exitStatusOfAttempt(attempt: AttemptRecord): ExitStatus {
  return attempt.outcome === undefined ? 2 : ofOutcome[attempt.outcome];
}

/** For `host finish --wait` and its like. */
export function exitStatusOfVerb(attempt: AttemptRecord | undefined): ExitStatus {
  return attempt?.outcome === undefined ? 1 : ofOutcome[attempt.outcome];
}

/** For `host revert --wait`: being back where it began is success, whichever attempt brought it there. */
export function exitStatusOfRevert(attempt: AttemptRecord | undefined): ExitStatus {
  switch (attempt?.outcome) {
    case 'stuck':
      return 5;
    case 'blocked':
      return 4;
    case 'committed':
      return attempt.direction === 'back' ? 0 : 1; // the word to commit was faster than the wish to go back
    case 'reverted':
      return attempt.direction === 'back' ? 3 : 0;
    case undefined:
      return 1;
  }
}
