import { sleep } from '../../platform/clock.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import type { Execution } from '../cutover/execution.ts';
import { legsOf } from './gate.ts';
import type { ShuntMove } from './shunt-moves.ts';

const beforeMs = 20;
const lookMs = 20;
const looks = 4;
/** Both legs may be this many times as busy as tap and legs were before, plus so many frames a second. */
const factorMax = 4;
const riseMaxPps = 5_000;

/**
 * Performs a change and watches the frames through the legs while it settles. A loop through a shunt passes both of its legs and doubles
 * until the processor is full, while what a guest itself sends and gets passes one of them: both busy at once fails the change as
 * `verdict-failed`. Whoever called goes back, which ends the loop.
 */
export async function guarded(
  moves: readonly ShuntMove[],
  run: Execution,
  change: () => Promise<void> | void,
): Promise<void> {
  const first = sample(moves, run);
  await sleep(beforeMs, run.signal);
  let last = sample(moves, run);
  const before = last.map((counts, index) => busyness(first[index] ?? counts, counts));
  await change();
  last = sample(moves, run);
  for (let look = 0; look < looks; look += 1) {
    await sleep(lookMs, run.signal);
    const now = sample(moves, run);
    now.forEach((counts, index) => {
      const { bothPps } = busyness(last[index] ?? counts, counts);
      const allowedPps = Math.round((before[index]?.allPps ?? 0) * factorMax + riseMaxPps);
      if (bothPps > allowedPps) throw storm(counts.move, { bothPps, allowedPps });
    });
    last = now;
  }
}

interface Counts {
  readonly move: ShuntMove;
  readonly atMs: number;
  readonly legacy: number;
  readonly target: number;
  readonly tap: number;
}

function sample(moves: readonly ShuntMove[], run: Execution): readonly Counts[] {
  const frames = (link: string): number => {
    const counters = run.netlink.counters(link);
    return counters === undefined ? 0 : counters.received + counters.sent;
  };
  return moves.map((move) => {
    const { b, v } = legsOf(move.shunt);
    return { move, atMs: run.clock.monotonicMs(), legacy: frames(b), target: frames(v), tap: frames(move.tap) };
  });
}

function busyness(from: Counts, to: Counts): { readonly bothPps: number; readonly allPps: number } {
  const seconds = Math.max(to.atMs - from.atMs, 1) / 1_000;
  const [legacy, target, tap] = [to.legacy - from.legacy, to.target - from.target, to.tap - from.tap];
  return { bothPps: Math.round(Math.min(legacy, target) / seconds), allPps: (legacy + target + tap) / seconds };
}

function storm(move: ShuntMove, rates: { readonly bothPps: number; readonly allowedPps: number }): ShuntError {
  const { bothPps, allowedPps } = rates;
  const text = `frames go round through ${move.shunt.bridge}: ${bothPps} a second by both legs, ${allowedPps} are allowed`;
  return new ShuntError('verdict-failed', text, { detail: { kind: 'storm', tap: move.tap, ...rates } });
}
