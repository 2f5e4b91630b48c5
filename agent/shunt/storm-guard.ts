import { sleep } from '../../platform/clock.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import type { Execution } from '../cutover/execution.ts';
import { legsOf } from './gate.ts';
import type { ShuntMove } from './shunt-moves.ts';

const beforeMs = 20;
const lookMs = 20;
const looks = 4;
/** Frames a second that may leave by a shunt's legs beyond what its guest sends, and half of what that sends: counters are read one by one. */
const strangersMaxPps = 5_000;
/** Frames a second that an uplink of L may carry both ways at once, beside this many times what it did before. */
const uplinkMaxPps = 50_000;
const uplinkFactorMax = 8;

/**
 * Watches for frames that go round, before a change and while it settles. What leaves by a shunt's legs has come from its tap, each frame
 * by one of them: more than that is in a loop, whatever it goes through outside. An uplink that suddenly carries as much in as out, much
 * more than before, is in one as well. Either fails the change as `verdict-failed`; before it, nothing was touched. Whoever called goes
 * back. Gives the rates of before; given as `since` to what belongs to the same change, they count there too.
 */
export async function guarded(
  moves: readonly ShuntMove[],
  run: Execution,
  change: () => Promise<void> | void,
  since?: Rates,
): Promise<Rates> {
  const first = sample(moves, run);
  await sleep(beforeMs, run.signal);
  let last = sample(moves, run);
  const now = judge(moves, ratesOf(first, last), since);
  const before = since ?? now;
  await change();
  last = sample(moves, run);
  for (let look = 0; look < looks; look += 1) {
    await sleep(lookMs, run.signal);
    const later = sample(moves, run);
    judge(moves, ratesOf(last, later), before);
    last = later;
  }
  return before;
}

/** Frames a second by link: out of it, and in by it. */
export type Rates = ReadonlyMap<string, { readonly sent: number; readonly received: number }>;

interface Sample {
  readonly atMs: number;
  readonly frames: Rates;
}

function sample(moves: readonly ShuntMove[], run: Execution): Sample {
  const links = moves.flatMap(({ tap, shunt, legacy: { uplink } }) => {
    const { b, v } = legsOf(shunt);
    return [b, v, tap, ...(uplink === undefined ? [] : [uplink])];
  });
  const counted = [...new Set(links)].flatMap((link) => {
    const counters = run.netlink.counters(link);
    return counters === undefined ? [] : [[link, counters] as const];
  });
  return { atMs: run.clock.monotonicMs(), frames: new Map(counted) };
}

function ratesOf(from: Sample, to: Sample): Rates {
  const seconds = Math.max(to.atMs - from.atMs, 1) / 1_000;
  return new Map(
    [...to.frames].map(([link, { sent, received }]) => {
      const old = from.frames.get(link) ?? { sent, received };
      return [link, { sent: (sent - old.sent) / seconds, received: (received - old.received) / seconds }];
    }),
  );
}

/** Throws for what goes round; gives the rates. `before`: those of before the change, where there has been one. */
function judge(moves: readonly ShuntMove[], rates: Rates, before?: Rates): Rates {
  const still = { sent: 0, received: 0 };
  for (const move of moves) {
    const { b, v } = legsOf(move.shunt);
    const own = rates.get(move.tap)?.received ?? 0;
    const strangersPps = (rates.get(b) ?? still).sent + (rates.get(v) ?? still).sent - own;
    const allowedPps = strangersMaxPps + own / 2;
    if (strangersPps > allowedPps) throw storm(move, { link: move.shunt.bridge, pps: strangersPps, allowedPps });
    const { uplink } = move.legacy;
    if (before === undefined || uplink === undefined) continue;
    const pps = bothWays(rates.get(uplink) ?? still);
    const uplinkAllowedPps = uplinkMaxPps + uplinkFactorMax * bothWays(before.get(uplink) ?? still);
    if (pps > uplinkAllowedPps) throw storm(move, { link: uplink, pps, allowedPps: uplinkAllowedPps });
  }
  return rates;
}

function bothWays({ sent, received }: { readonly sent: number; readonly received: number }): number {
  return Math.min(sent, received);
}

function storm(
  move: ShuntMove,
  { link, pps, allowedPps }: { readonly link: string; readonly pps: number; readonly allowedPps: number },
): ShuntError {
  const rates = { pps: Math.round(pps), allowedPps: Math.round(allowedPps) };
  const text = `frames go round through ${link}: ${rates.pps} a second more than come from guests, ${rates.allowedPps} are allowed`;
  return new ShuntError('verdict-failed', text, { detail: { kind: 'storm', tap: move.tap, link, ...rates } });
}
