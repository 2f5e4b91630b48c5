import { type AttemptKind, isDonePhase } from '../../domain/attempt/operation-phases.ts';
import type { TapMove } from '../../domain/rewire/moves.ts';
import type { TapPlace } from '../../domain/rewire/places.ts';
import { wayOfMove } from '../../domain/rewire/plan-attempt.ts';
import { isShuntError } from '../../platform/shunt-error.ts';
import { journaledEpochs, readAttempt } from './attempt-journal.ts';
import type { ReplayedAttempt } from './replay.ts';

/** A tap that an attempt put into a place other than its legacy plug, and that has to stay there. */
export interface Claim {
  readonly epoch: number;
  readonly bootId: string;
  readonly move: TapMove;
  readonly place: Exclude<TapPlace, 'legacy'>;
  /** A newer journal cannot be read, and may have taken this tap back: true only if it is in its place. */
  readonly doubted?: true;
}

/** What an attempt that is done says of one of its taps; undefined: it led to the legacy plug, and claims nothing. */
export function claimOf(kind: AttemptKind, move: TapMove, at: Pick<Claim, 'epoch' | 'bootId'>): Claim | undefined {
  const { to } = wayOfMove(kind, move);
  return to === 'legacy' ? undefined : { ...at, move, place: to };
}

/** One that went away meanwhile may be started anew: it is known by its tap's address then, and by nothing else. */
export function isLost({ tap, hostMac }: TapMove, gone: ReadonlySet<string>): boolean {
  return gone.has(tap) && hostMac === undefined;
}

/** Which taps are ours to keep, and where: what is done claims or releases. Attempts oldest first; what cannot be read casts doubt on all before it. */
export function foldClaims(attempts: readonly (ReplayedAttempt | 'unreadable')[]): ReadonlyMap<string, Claim> {
  const claims = new Map<string, Claim>();
  for (const replayed of attempts) {
    if (replayed === 'unreadable') {
      for (const [tap, claim] of claims) claims.set(tap, { ...claim, doubted: true });
      continue;
    }
    const { header, attempt, gone } = replayed;
    if (!isDonePhase(attempt.phase)) continue;
    for (const move of header.moves) {
      const claim = claimOf(attempt, move, { epoch: attempt.epoch, bootId: header.deadline.bootId });
      if (claim === undefined || isLost(move, gone)) claims.delete(move.tap);
      else claims.set(move.tap, claim);
    }
  }
  return claims;
}

/** The claims of all journals of this host. One that cannot be read claims nothing; it is told of where attempts are recovered. */
export function readClaims(stateDir: string): ReadonlyMap<string, Claim> {
  return foldClaims(journaledEpochs(stateDir).flatMap((epoch) => readable(stateDir, epoch) ?? []));
}

function readable(stateDir: string, epoch: number): ReplayedAttempt | 'unreadable' | undefined {
  try {
    return readAttempt(stateDir, epoch);
  } catch (error) {
    if (isShuntError(error)) return 'unreadable';
    throw error;
  }
}
