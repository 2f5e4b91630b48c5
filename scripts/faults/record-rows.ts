import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { RowResult } from './row-result.ts';

const count = z.int().nonnegative();
const recordedRow = z.strictObject({
  row: z.int().positive(),
  /** On which tree; `+` when it was not quite that. */
  commit: z.string(),
  /** `quick`: one moment stands for the row. */
  moments: z.enum(['every', 'quick']),
  result: z.enum(['green', 'red', 'no test yet']),
  cases: z.strictObject({ passed: count, failed: count, skipped: count }),
  seconds: z.number(),
  failures: z.array(z.string()),
  /** How often it was red on this tree: it is not washed off by being green the next time. */
  redBefore: count,
});

/** One row in docs/results/faults.json, as it ended last. */
export type RecordedRow = Readonly<z.infer<typeof recordedRow>>;

const recordFile = z.looseObject({ format: z.literal(1), rows: z.array(recordedRow) });

/** The rows recorded in a file; none when there is no file. Throws for anything else that is no such record. */
export function readRows(path: string): readonly RecordedRow[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []; // node's own error
    throw error;
  }
  return recordFile.parse(JSON.parse(text)).rows;
}

/** Takes results in, each instead of what the row had: rows can be run in parts, and each says which tree it was seen on. */
export function recordRows(
  old: readonly RecordedRow[],
  results: readonly RowResult[],
  { commit, everyMoment }: { readonly commit: string; readonly everyMoment: boolean },
): readonly RecordedRow[] {
  const fresh = results.map(({ row, result, cases, seconds, failures }): RecordedRow => {
    const before = old.find((one) => one.row === row && one.commit === commit);
    const redBefore = before === undefined ? 0 : before.redBefore + (before.result === 'red' ? 1 : 0);
    const moments = everyMoment ? 'every' : 'quick';
    return { row, commit, moments, result, cases: { ...cases }, seconds, failures: [...failures], redBefore };
  });
  const kept = old.filter(({ row }) => !fresh.some((one) => one.row === row));
  return [...kept, ...fresh].toSorted((one, other) => one.row - other.row);
}
