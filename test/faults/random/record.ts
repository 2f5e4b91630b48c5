import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { RunResult } from './run-schedule.ts';
import { faultKinds } from './schedule.ts';

const recordedRun = z.strictObject({
  seed: z.int().nonnegative(),
  /** Which tree was played; `+` when it was not quite that. */
  commit: z.string(),
  /** How often this seed was played on that tree; the worst result stands here. */
  played: z.int().positive(),
  plan: z.string(),
  faults: z.array(z.strictObject({ what: z.string(), kind: z.enum(faultKinds), struck: z.boolean() })),
  hosts: z.record(z.string(), z.string()),
  longestOutageMs: z.number(),
  seconds: z.number(),
  violations: z.array(z.string()),
});

/** One seed in docs/results/faults-random.json. */
export type RecordedRun = Readonly<z.infer<typeof recordedRun>>;

/** All seeds that were ever recorded, and what went wrong on trees that were mended since. */
export interface RandomRecord {
  readonly schedules: readonly RecordedRun[];
  readonly mended: readonly string[];
}

const recordFile = z.looseObject({
  format: z.literal(1),
  mended: z.array(z.string()),
  schedules: z.array(recordedRun),
});

/** The record as it is in a file; an empty one when there is no file yet. Throws for anything else that is no such record. */
export function readRecord(path: string): RandomRecord {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { schedules: [], mended: [] }; // node's own error
    throw error;
  }
  const { schedules, mended } = recordFile.parse(JSON.parse(text));
  return { schedules, mended };
}

/**
 * Takes one more run in, so that many can be played in parts. On the same tree the worst result of a seed counts: nothing is washed off by playing it
 * again. On another tree the new one counts, and what the old one violated stays told.
 */
export function recordRun(record: RandomRecord, commit: string, result: RunResult): RandomRecord {
  const old = record.schedules.find(({ seed }) => seed === result.seed);
  const others = record.schedules.filter((one) => one !== old);
  const fresh: RecordedRun = { ...structuredClone(result), commit, played: 1 } as RecordedRun; // the same but for readonly
  const sameTree = old?.commit === commit;
  const worst = sameTree && old.violations.length > 0 ? old : fresh;
  const kept = { ...worst, played: sameTree ? old.played + 1 : 1 };
  const mended =
    old === undefined || sameTree ? [] : old.violations.map((what) => `seed ${old.seed} at ${old.commit}: ${what}`);
  return {
    schedules: [...others, kept].toSorted((a, b) => a.seed - b.seed),
    mended: [...record.mended, ...mended],
  };
}
