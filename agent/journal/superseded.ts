import { isDonePhase } from '../../domain/attempt/operation-phases.ts';
import { isOpen } from '../../domain/phases.ts';
import { isShuntError, ShuntError } from '../../platform/shunt-error.ts';
import { journaledEpochs, readAttempt } from './attempt-journal.ts';
import type { ReplayedAttempt } from './replay.ts';

/**
 * Fails with `wrong-state` where a newer attempt that is done has moved a tap of this one: what this one says of its taps is not true any more, and taking it
 * back would undo half of the newer one. Beneath one that is not at rest nothing that is done is taken back either: the newer one would lead the taps to
 * where this one had them. One that is open behind a newer one was left behind: it waits for somebody's word.
 */
export function refuseSuperseded(stateDir: string, { attempt, header }: ReplayedAttempt): void {
  const isDone = isDonePhase(attempt.phase);
  const first = isDone
    ? (epoch: number) => `shunt-agent revert --attempt ${epoch} comes first`
    : () =>
        `shunt-agent resolve --attempt ${attempt.epoch} looks whether its taps are in their places, and says so then`;
  const taps = new Set(header.moves.map(({ tap }) => tap));
  for (const epoch of journaledEpochs(stateDir).toReversed()) {
    if (epoch <= attempt.epoch) return;
    const newer = readable(stateDir, epoch);
    const shared = newer?.header.moves.find(({ tap }) => taps.has(tap));
    if (newer === undefined || shared === undefined) continue;
    const { operation, direction, phase } = newer.attempt;
    const isAtIt = isDone && (isOpen(phase) || phase === 'stuck');
    if (!isAtIt && !isDonePhase(phase)) continue;
    throw new ShuntError(
      'wrong-state',
      `attempt ${attempt.epoch} is not the newest one of ${shared.tap}: attempt ${epoch} (${operation} ${direction}, ${phase}) ${isAtIt ? 'has it now' : 'has moved it since'}. Nothing was touched; ${first(epoch)}`,
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
