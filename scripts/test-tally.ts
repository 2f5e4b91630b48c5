import * as z from 'zod';

/** What was counted: tests, checks, and what stood in for tests that could not run. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const nothing: Tally = { passed: 0, failed: 0, skipped: 0 };

/** Adds counts up. */
export function sum(...tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (a, b) => ({
      passed: a.passed + b.passed,
      failed: a.failed + b.failed,
      skipped: a.skipped + b.skipped,
    }),
    nothing,
  );
}

/** The last line of `npm test` and `.ci/run`: `12 passed, 0 failed`, and `, 3 skipped` when any were. */
export function closingLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** The part of vitest's JSON report that we read. */
const vitestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(
    z.object({
      name: z.string().default('a file without a name'),
      status: z.string(),
      message: z.string().default(''),
      assertionResults: z.array(
        z.object({
          status: z.string(),
          fullName: z.string().default('a test without a name'),
          failureMessages: z
            .array(z.string())
            .nullish()
            .transform((messages) => messages ?? []),
        }),
      ),
    }),
  ),
});

export interface VitestRun {
  /** vitest's exit status. */
  readonly status: number;
  /** The text of its JSON report; undefined when it wrote none. */
  readonly report: string | undefined;
}

export interface VitestCount {
  readonly tally: Tally;
  /** Why more is counted as failed than vitest counted. */
  readonly complaint?: string;
  /** Each test that failed, and each file that failed outside of any: its name, and the head of what it says. */
  readonly failures: readonly string[];
}

/**
 * Counts one run of vitest. A file that does not load, a crash, a report that is not there and an exit status that no failed
 * test explains are failures too: none of them may end as "0 failed".
 */
export function countVitest({ status, report }: VitestRun): VitestCount {
  const parsed = parseReport(report);
  if (parsed === undefined) {
    if (status === 0) return { tally: nothing, failures: [] };
    const complaint = `vitest ended with status ${status} and left no report`;
    return { tally: { ...nothing, failed: 1 }, complaint, failures: [] };
  }
  const brokenFiles = parsed.testResults.filter(isBroken).length;
  const failures = parsed.testResults.flatMap(failuresOf);
  const failed = parsed.numFailedTests + brokenFiles;
  const unexplained = status !== 0 && failed === 0;
  const tally = {
    passed: parsed.numPassedTests,
    failed: failed + (unexplained ? 1 : 0),
    skipped: parsed.numPendingTests + parsed.numTodoTests,
  };
  if (unexplained) return { tally, complaint: `vitest ended with status ${status} although no test failed`, failures };
  return brokenFiles > 0
    ? { tally, complaint: `${brokenFiles} test file(s) failed outside of any test`, failures }
    : { tally, failures };
}

type FileReport = z.output<typeof vitestReport>['testResults'][number];

function isBroken(file: FileReport): boolean {
  return file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed');
}

function failuresOf(file: FileReport): readonly string[] {
  if (isBroken(file)) return [`${file.name}\n${headOf(file.message)}`];
  return file.assertionResults
    .filter((test) => test.status === 'failed')
    .map((test) => `${file.name} > ${test.fullName}\n${headOf(test.failureMessages.join('\n'))}`);
}

/** Enough to know what failed when only the end of a log is kept. */
function headOf(message: string): string {
  const lines = message.split('\n').slice(0, 30);
  return lines.map((line) => `     ${line.slice(0, 400)}`).join('\n');
}

function parseReport(report: string | undefined): z.output<typeof vitestReport> | undefined {
  if (report === undefined) return undefined;
  try {
    return vitestReport.parse(JSON.parse(report));
  } catch {
    return undefined; // cut off in mid-write: as good as none
  }
}
