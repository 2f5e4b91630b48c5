import { textTable } from '../../lab/text-table.ts';
import type { RowResult } from './row-result.ts';

/** The table of `npm run faults`, with what failed below it. */
export function rowsAsText(results: readonly RowResult[], leftBehind: readonly string[]): string {
  const head = ['ROW', 'INJECTED', 'EXPECTED REST', 'RESULT', 'SECONDS', 'CASES'];
  const table = textTable(
    head,
    results.map((result) => [
      String(result.row),
      result.injected,
      result.expectedRest,
      result.result,
      result.result === 'no test yet' ? '-' : result.seconds.toFixed(1),
      casesOf(result),
    ]),
  );
  const failed = results.flatMap(({ row, failures }) => failures.map((failure) => `row ${row}: ${failure}`));
  const left = leftBehind.map((what) => `left behind: ${what}`);
  return [table, ...failed, ...left, closingLine(results, leftBehind)].join('\n');
}

/** `--output json`. */
export function rowsAsJson(results: readonly RowResult[], leftBehind: readonly string[]): string {
  return JSON.stringify({ schema: 1, green: allGreen(results, leftBehind), rows: results, leftBehind }, undefined, 2);
}

/** Nothing is green that has no test, and nothing may be left behind. */
export function allGreen(results: readonly RowResult[], leftBehind: readonly string[]): boolean {
  return results.length > 0 && leftBehind.length === 0 && results.every(({ result }) => result === 'green');
}

function closingLine(results: readonly RowResult[], leftBehind: readonly string[]): string {
  const counted = (['green', 'red', 'no test yet'] as const).map((verdict) => {
    const count = results.filter(({ result }) => result === verdict).length;
    return verdict !== 'green' && count === 0 ? [] : [`${count} ${verdict}`];
  });
  return [...counted.flat(), ...(leftBehind.length === 0 ? [] : [`${leftBehind.length} left behind`])].join(', ');
}

function casesOf({ cases: { passed, failed, skipped } }: RowResult): string {
  return [
    `${passed}`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ].join(', ');
}
