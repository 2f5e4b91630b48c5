import { describe, expect, it } from 'vitest';
import { judgeRow, noTestYet, resultOf } from '../../../scripts/faults/row-result.ts';
import { selectRows } from '../../../scripts/faults/select-rows.ts';
import { allGreen, rowsAsJson, rowsAsText } from '../../../scripts/faults/show-rows.ts';
import { faultRows } from '../../faults/rows.ts';

const [first, second] = faultRows;
if (first === undefined || second === undefined) throw new Error('the fault list has rows');

const report = (statuses: readonly string[]) =>
  JSON.stringify({
    numPassedTests: statuses.filter((status) => status === 'passed').length,
    numFailedTests: statuses.filter((status) => status === 'failed').length,
    numPendingTests: statuses.filter((status) => status === 'skipped').length,
    numTodoTests: 0,
    testResults: [
      {
        name: 'a file',
        status: statuses.includes('failed') ? 'failed' : 'passed',
        assertionResults: statuses.map((status) => ({ status, fullName: `a ${status} case` })),
      },
    ],
  });

describe('rows by number', () => {
  it('are lists and ranges', () => {
    expect(selectRows('1,5-7', 22)).toEqual([1, 5, 6, 7]);
    expect(selectRows(' 7 , 5-7,1', 22)).toEqual([1, 5, 6, 7]);
  });

  it.each(['', '0', '23', '5-', '7-5', 'one', '1,,2', '-1'])('are not %j', (text) => {
    expect(() => selectRows(text, 22)).toThrow(/1 to 22/);
  });
});

describe('a row', () => {
  it('is green when every case passed', () => {
    expect(judgeRow({ status: 0, report: report(['passed', 'passed']) }, true).result).toBe('green');
  });

  it.each([
    ['a case failed', { status: 1, report: report(['passed', 'failed']) }],
    ['no case ran', { status: 0, report: report([]) }],
    ['there is no report', { status: 124, report: undefined }],
    ['there is no report, and no complaint', { status: 0, report: undefined }],
    ['vitest failed and no case says why', { status: 1, report: report(['passed']) }],
    ['a case was skipped', { status: 0, report: report(['passed', 'skipped']) }],
  ])('is red when %s, and says so', (_what, run) => {
    const { result, failures } = judgeRow(run, true);
    expect(result).toBe('red');
    expect(failures.length).toBeGreaterThan(0);
  });
});

describe('the table', () => {
  const green = resultOf(first, {
    result: 'green',
    cases: { passed: 31, failed: 0, skipped: 0 },
    seconds: 12.34,
    failures: [],
  });
  const missing = resultOf(second, noTestYet);

  it('shows each row, and what has no test', () => {
    const text = rowsAsText([green, missing], []);
    expect(text).toMatch(/^ROW +INJECTED +EXPECTED REST +RESULT +SECONDS +CASES\n/);
    expect(text).toMatch(/^1 +kill -9 of the agent .* green +12\.3 +31$/m);
    expect(text).toMatch(/^2 +kill -9 of the dead man .* no test yet +- +0$/m);
    expect(text).toMatch(/\n1 green, 1 no test yet$/);
  });

  it('is not green with a row that has no test, with nothing run, or with something left behind', () => {
    expect(allGreen([green], [])).toBe(true);
    expect(allGreen([green, missing], [])).toBe(false);
    expect(allGreen([], [])).toBe(false);
    expect(allGreen([green], ['namespace x-hv1'])).toBe(false);
    expect(rowsAsText([green], ['namespace x-hv1'])).toMatch(/left behind: namespace x-hv1\n1 green, 1 left behind$/);
  });

  it('is JSON for machines', () => {
    expect(JSON.parse(rowsAsJson([green], []))).toMatchObject({
      schema: 1,
      green: true,
      rows: [{ row: 1, result: 'green' }],
    });
  });
});
