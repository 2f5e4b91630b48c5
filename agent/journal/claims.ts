import type { TapMove } from '../../domain/rewire/moves.ts';
import { isShuntError } from '../../platform/shunt-error.ts';
import { journaledEpochs, readAttempt } from './attempt-journal.ts';
import type { ReplayedAttempt } from './replay.ts';

/** A tap that a committed attempt put on the target, and that has to stay there. */
export interface Claim {
  readonly epoch: number;
  readonly bootId: string;
  readonly move: TapMove;
}

/** Which taps are ours to keep: forward commits claim, back commits release. Attempts oldest first. */
export function foldClaims(attempts: readonly ReplayedAttempt[]): ReadonlyMap<string, Claim> {
  const claims = new Map<string, Claim>();
  for (const { header, attempt, gone } of attempts) {
    if (attempt.phase !== 'committed') continue;
    for (const move of header.moves) {
      if (attempt.direction === 'back' || gone.has(move.tap)) claims.delete(move.tap);
      else claims.set(move.tap, { epoch: attempt.epoch, bootId: header.deadline.bootId, move });
    }
  }
  return claims;
}

/** The claims of all journals of this host. One that cannot be read claims nothing; it is told of where attempts are recovered. */
export function readClaims(stateDir: string): ReadonlyMap<string, Claim> {
  return foldClaims(journaledEpochs(stateDir).flatMap((epoch) => readable(stateDir, epoch) ?? []));
}

function readable(stateDir: string, epoch: number): ReplayedAttempt | undefined {
  try {
    return readAttempt(stateDir, epoch);
  } catch (error) {
    if (isShuntError(error)) return undefined;
    throw error;
  }
}
