import { isDonePhase } from '../../domain/attempt/operation-phases.ts';
import { isShuntError, ShuntError } from '../../platform/shunt-error.ts';
import { journaledEpochs, readAttempt } from './attempt-journal.ts';
import type { ReplayedAttempt } from './replay.ts';

/**
 * Fails with `wrong-state` where a newer attempt that is done has moved a tap of this one: what this one says of its taps is not true any more, and taking it
 * back would undo half of the newer one. One that is open behind a newer one was left behind: it waits for somebody's word.
 */
export function refuseSuperseded(stateDir: string, { attempt, header }: ReplayedAttempt): void {
  const first = isDonePhase(attempt.phase)
    ? (epoch: number) => `shunt-agent revert --attempt ${epoch} comes first`
    : () =>
        `shunt-agent resolve --attempt ${attempt.epoch} looks whether its taps are in their places, and says so then`;
  const taps = new Set(header.moves.map(({ tap }) => tap));
  for (const epoch of journaledEpochs(stateDir).toReversed()) {
    if (epoch <= attempt.epoch) return;
    const newer = readable(stateDir, epoch);
    const shared = newer?.header.moves.find(({ tap }) => taps.has(tap));
    if (newer === undefined || shared === undefined || !isDonePhase(newer.attempt.phase)) continue;
    throw new ShuntError(
      'wrong-state',
      `attempt ${attempt.epoch} is not the newest one of ${shared.tap}: attempt ${epoch} (${newer.attempt.operation} ${newer.attempt.direction}, ${newer.attempt.phase}) has moved it since. Nothing was touched; ${first(epoch)}`,
    );
  }
}

function readable(stateDir: string, epoch: number): ReplayedAttempt | undefined {
  try {
    return readAttempt(stateDir, epoch);
  } catch (error) {
    if (isShuntError(error)) return undefined; // it holds the host, and is told of
    throw error;
  }
}
