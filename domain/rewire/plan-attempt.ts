import type { Direction } from '../phases.ts';
import type { RewireFacts, TapMove } from './moves.ts';
import { type Operation, type TapPlace, wayOf } from './places.ts';
import { cutSteps } from './plan-cut.ts';
import { judgeRestore, repairCommands, restoreSteps } from './plan-restore.ts';
import { isShuntMove, judgeToward, planToward, type TowardCase, towardSteps } from './plan-toward.ts';
import type { RestoreCase } from './restore-case.ts';
import { shuntRepairCommands } from './shunt-repair.ts';
import type { RewireStep } from './steps.ts';

/** What an attempt moves, and which way. Its taps may go by both methods. */
export interface AttemptMoves {
  readonly epoch: number;
  /** Absent: `cut`. */
  readonly operation?: Operation;
  readonly direction: Direction;
  readonly moves: readonly TapMove[];
}

/** From where to where such an attempt takes one of its taps. */
export function wayOfMove(
  { operation = 'cut', direction }: Pick<AttemptMoves, 'operation' | 'direction'>,
  move: Pick<TapMove, 'shunt'>,
): { readonly from: TapPlace; readonly to: TapPlace } {
  const way = wayOf(operation, direction, move.shunt === undefined ? 'direct' : 'shunt');
  if (way === undefined) throw new Error(`${operation} moves no tap direct`); // planning leaves such taps out
  return way;
}

/** The steps of the attempt itself. Flips come first: a direct cut's guests wait meanwhile, those of a flip would not. */
export function attemptSteps(request: AttemptMoves, facts: RewireFacts, batchSize: number): readonly RewireStep[] {
  const { operation = 'cut', direction, moves } = request;
  const to = wayOf(operation, direction, 'shunt')?.to;
  const shunted = to === undefined ? [] : planToward(to, moves.filter(isShuntMove), facts, { batchSize });
  return inOneRow(shunted, cutSteps(directMoves(moves), direction, batchSize));
}

/** What a revert finds, of taps by both methods. */
export interface RestoreView {
  readonly direct: readonly RestoreCase[];
  readonly shunted: readonly TowardCase[];
}

export function viewRestore(request: AttemptMoves, facts: RewireFacts): RestoreView {
  const direct = judgeRestore({ ...request, moves: directMoves(request.moves) }, facts);
  return { direct, shunted: judgeToward(placeBefore(request), request.moves.filter(isShuntMove), facts) };
}

/** The steps that restore the state before the attempt; tables of taps that are in their place are repaired as well. */
export function viewSteps(view: RestoreView, request: AttemptMoves, batchSize: number): readonly RewireStep[] {
  const shunted = towardSteps(placeBefore(request), view.shunted, { batchSize, repair: true });
  return inOneRow(shunted, restoreSteps(view.direct, request.direction, batchSize));
}

/** Nothing is left to do but repairs. */
export function isRestored({ direct, shunted }: RestoreView): boolean {
  const away = direct.some(({ kind }) => kind === 'return' || kind === 'rejoin' || kind === 'release');
  return !away && shunted.every(({ kinds }) => kinds.length === 0);
}

/** Taps that are somebody else's now, or gone. */
export function leftAloneIn({
  direct,
  shunted,
}: RestoreView): readonly { readonly tap: string; readonly why: string }[] {
  return [
    ...direct.flatMap((found) => (found.kind === 'leave-alone' ? [{ tap: found.move.tap, why: found.why }] : [])),
    ...shunted.flatMap(({ move, leftAlone }) => (leftAlone === undefined ? [] : [{ tap: move.tap, why: leftAlone }])),
  ];
}

/** Commands for what is left, tap by tap; without a view, for all. */
export function viewRepair(view: RestoreView | undefined, request: AttemptMoves): readonly string[] {
  const direct = view?.direct ?? directMoves(request.moves).map((move): RestoreCase => ({ kind: 'return', move }));
  const away = view?.shunted.filter(({ kinds }) => kinds.length > 0).map(({ move }) => move);
  return [
    ...repairCommands(direct, request.direction),
    ...shuntRepairCommands(placeBefore(request), away ?? request.moves.filter(isShuntMove)),
  ];
}

function placeBefore({ operation = 'cut', direction }: AttemptMoves): TapPlace {
  const way = wayOf(operation, direction, 'shunt');
  if (way === undefined) throw new Error(`there is no way by shunt for ${operation}`); // places.ts has one for each
  return way.from;
}

function directMoves(moves: readonly TapMove[]): readonly TapMove[] {
  return moves.filter((move) => !isShuntMove(move));
}

/** Batches of the second go on where those of the first end. */
function inOneRow(first: readonly RewireStep[], second: readonly RewireStep[]): readonly RewireStep[] {
  const offset = first.at(-1)?.batch ?? 0;
  return [...first, ...second.map((step): RewireStep => ({ ...step, batch: step.batch + offset }))];
}
