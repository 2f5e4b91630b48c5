import { freshLabName } from '../../lab/fixture/own-lab.ts';
import { keepEvidence } from './evidence.ts';
import { Fleet } from './fleet.ts';
import { type RunResult, runSchedule } from './run-schedule.ts';
import { scheduleOf } from './schedule.ts';
import { describeResult } from './summary.ts';

export interface ManyRuns {
  readonly runs: number;
  /** The first one's; each next one's is one more, so that any run can be had alone. */
  readonly seed: number;
  /** Labs side by side. */
  readonly atOnce: number;
  /** `evidence`: where logs, journals and the ledger of a run that violated something were copied to. */
  readonly onResult: (result: RunResult, done: number, evidence: string | undefined) => void;
  readonly signal: AbortSignal;
}

/** The command that plays one run again. */
export function againCommand(seed: number): string {
  return `npm run faults -- --random 1 --seed ${seed}`;
}

/** A result with all that is needed to look into it when something is wrong. */
export function describeRun(result: RunResult, evidence: string | undefined): string {
  const again = result.violations.length === 0 ? [] : [`  to see it again: ${againCommand(result.seed)}`];
  const kept = evidence === undefined ? [] : [`  its logs, journals and ledger: ${evidence}`];
  return [describeResult(result), ...again, ...kept].join('\n');
}

/** Plays schedules one after the other on each lab. Results by seed. */
export async function runMany(many: ManyRuns): Promise<readonly RunResult[]> {
  const seeds = Array.from({ length: many.runs }, (_, index) => many.seed + index);
  const results: RunResult[] = [];
  const onResult = (result: RunResult, evidence: string | undefined) => {
    results.push(result);
    many.onResult(result, results.length, evidence);
  };
  const workers = Array.from({ length: Math.min(many.atOnce, many.runs) }, () => work(seeds, { ...many, onResult }));
  const ends = await Promise.allSettled(workers);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return results.toSorted((a, b) => a.seed - b.seed);
}

type Work = Pick<ManyRuns, 'signal'> & { readonly onResult: (result: RunResult, evidence: string | undefined) => void };

/** Takes the next seed until there is none. A lab in which something went wrong is not used again. */
async function work(seeds: number[], { signal, onResult }: Work): Promise<void> {
  let fleet: Fleet | undefined;
  try {
    for (let seed = seeds.shift(); seed !== undefined && !signal.aborted; seed = seeds.shift()) {
      fleet ??= await Fleet.up(freshLabName());
      const result = await runSchedule(scheduleOf(seed), fleet);
      const broken = result.violations.length > 0;
      onResult(result, broken ? keepEvidence(fleet.name, seed) : undefined);
      const clean = !broken && (await cleared(fleet, seeds.length > 0));
      if (clean) continue;
      await fleet[Symbol.asyncDispose]();
      fleet = undefined;
    }
  } finally {
    await fleet?.[Symbol.asyncDispose]();
  }
}

/** Takes a fleet back for the next run; false when that fails, which is no fault of the run's. */
async function cleared(fleet: Fleet, again: boolean): Promise<boolean> {
  if (!again) return true;
  try {
    await fleet.toLegacy();
    return true;
  } catch (error) {
    process.stderr.write(`the lab could not be taken back to legacy, a new one is built: ${String(error)}\n`);
    return false;
  }
}
