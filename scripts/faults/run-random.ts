import { join } from 'node:path';
import { runProgram } from '../run-program.ts';
import type { LabSession } from './lab-session.ts';

export interface RandomFlags {
  readonly random: number;
  readonly seed: number;
  readonly atOnce: number;
  readonly record: boolean;
}

/** What the runs said, and how they ended. */
export interface RandomOutcome {
  readonly status: number;
  /** One JSON document; empty when it did not come so far. */
  readonly json: string;
}

const root = join(import.meta.dirname, '../..');
/** Of one run on one lab at most, new labs included. */
const runLimitMs = 5 * 60_000;

/** Plays random schedules in a process of its own, with all that it starts marked as the session's. */
export async function runRandom(flags: RandomFlags, session: LabSession): Promise<RandomOutcome> {
  const { random, seed, atOnce, record } = flags;
  const args = [`--runs=${random}`, `--seed=${seed}`, `--at-once=${atOnce}`, ...(record ? ['--record'] : [])];
  const { status, output } = await runProgram(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(root, 'test/faults/random/main.ts'), ...args],
    { cwd: root, env: session.env, console: 'stdout', limitMs: runLimitMs * (random + 1) },
  );
  return { status, json: output.trim() };
}

/** The summary for people. */
export function randomAsText({ status, json }: RandomOutcome, leftBehind: readonly string[]): string {
  const left = leftBehind.map((what) => `left behind: ${what}`);
  if (json === '') return [`the random runs ended with status ${status} and no result`, ...left].join('\n');
  const summary = JSON.parse(json) as RandomSummary; // written by test/faults/random/main.ts of this tree
  const { runs, seed, violations, rests, faults, longestOutageMs } = summary;
  return [
    ...Object.entries(rests).map(([rest, count]) => `${String(count).padStart(6)}  hypervisors ended ${rest}`),
    `${faults.struck} of ${faults.planned} faults struck, the others waited for a moment that did not come`,
    `longest outage of a guest: median ${longestOutageMs.p50} ms, worst ${longestOutageMs.max} ms`,
    ...violations.map((what) => `VIOLATED ${what}`),
    ...left,
    `${runs} runs from seed ${seed}, ${violations.length} violations`,
  ].join('\n');
}

interface RandomSummary {
  readonly runs: number;
  readonly seed: number;
  readonly violations: readonly string[];
  readonly rests: Readonly<Record<string, number>>;
  readonly faults: { readonly planned: number; readonly struck: number };
  readonly longestOutageMs: { readonly p50: number; readonly max: number };
}
