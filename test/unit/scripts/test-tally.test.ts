import { describe, expect, it } from 'vitest';
import { closingLine, countVitest, nothing, sum } from '../../../scripts/test-tally.ts';

function report(
  passed: number,
  failed: number,
  files: readonly { status: string; tests: readonly string[] }[] = [],
): string {
  return JSON.stringify({
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: 2,
    numTodoTests: 1,
    testResults: files.map(({ status, tests }) => ({
      status,
      assertionResults: tests.map((test) => ({ status: test })),
    })),
  });
}

describe('the count of a vitest run', () => {
  it('takes what the report says', () => {
    expect(countVitest({ status: 0, report: report(5, 0) })).toMatchObject({
      tally: { passed: 5, failed: 0, skipped: 3 },
      failures: [],
    });
    expect(countVitest({ status: 1, report: report(5, 2) }).tally.failed).toBe(2);
  });

  it('counts a file that does not load as a failure', () => {
    const broken = report(5, 0, [{ status: 'failed', tests: [] }]);
    expect(countVitest({ status: 1, report: broken })).toMatchObject({
      tally: { failed: 1 },
      complaint: expect.stringContaining('outside'),
    });
  });

  it('names what failed, and the head of why, for whoever has only the end of the log', () => {
    const text = JSON.stringify({
      ...JSON.parse(report(1, 1)),
      testResults: [
        {
          name: 'a.test.ts',
          status: 'failed',
          assertionResults: [
            { status: 'passed', fullName: 'a holds', failureMessages: [] },
            { status: 'failed', fullName: 'a breaks', failureMessages: [`Error: no\n${'at x\n'.repeat(99)}`] },
          ],
        },
        { name: 'b.test.ts', status: 'failed', message: 'cannot load', assertionResults: [] },
      ],
    });
    const [test, file] = countVitest({ status: 1, report: text }).failures;
    expect(test).toMatch(/^a\.test\.ts > a breaks\n {5}Error: no\n/u);
    expect(test?.split('\n').length).toBeLessThan(40);
    expect(file).toBe('b.test.ts\n     cannot load');
  });

  it.each([
    ['without a report', { status: 139, report: undefined }],
    ['with half a report', { status: 1, report: '{"numPassedTests": 5' }],
    ['with a report in which all is well', { status: 1, report: report(5, 0) }],
  ])('never calls a run clean that ended badly %s', (_how, run) => {
    expect(countVitest(run).tally.failed).toBe(1);
    expect(countVitest(run).complaint).toContain(`status ${run.status}`);
  });

  it('leaves it to the caller to judge that nothing was found', () => {
    expect(countVitest({ status: 0, report: undefined }).tally).toEqual(nothing);
  });
});

describe('the closing line', () => {
  it('names skipped tests only when there are any', () => {
    expect(closingLine({ passed: 3, failed: 0, skipped: 0 })).toBe('3 passed, 0 failed');
    expect(closingLine(sum({ passed: 3, failed: 1, skipped: 0 }, { passed: 1, failed: 0, skipped: 4 }))).toBe(
      '4 passed, 1 failed, 4 skipped',
    );
  });
});
