import type { AttemptRecord, Outcome, RunView } from '../domain/run-state.ts';

/** DESIGN: 0 done, 2 paused, 3 reverted, 4 blocked, 5 stuck, the highest wins; 1 usage or error. */
export type ExitStatus = 0 | 1 | 2 | 3 | 4 | 5 | 130;

/** The watcher left before the end: neither done nor failed (128 + SIGINT, as shells have it). */
export const interruptedStatus = 130;

const ofOutcome = { committed: 0, reverted: 3, blocked: 4, stuck: 5 } as const satisfies Record<Outcome, ExitStatus>;

/** What a run that somebody waited for says to a script: the newest attempt of each hypervisor counts. */
export function exitStatusOfRun(view: RunView): ExitStatus {
  const started = view.waves.filter((wave) => wave.number <= (view.throughWave ?? Number.POSITIVE_INFINITY));
  const outcomes = started.flatMap((wave) => wave.hosts.flatMap((host) => host.attempt?.outcome ?? []));
  const worst = outcomes.reduce<number>((status, outcome) => Math.max(status, ofOutcome[outcome]), 0);
  const ofState = view.state === 'paused' ? 2 : view.state === 'aborted' ? 1 : 0;
  return Math.max(worst, ofState) as ExitStatus; // the greater of two exit statuses is one
}

/** For `retry --wait`: this attempt was asked for, so only going forward is success. */
export function exitStatusOfAttempt(attempt: AttemptRecord): ExitStatus {
  return attempt.outcome === undefined ? 2 : ofOutcome[attempt.outcome];
}

/** For `host revert --wait`: being back on legacy is success, whichever attempt brought it there. */
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
