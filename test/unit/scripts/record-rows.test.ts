import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readRows, recordRows } from '../../../scripts/faults/record-rows.ts';
import { type RowResult, resultOf } from '../../../scripts/faults/row-result.ts';
import { faultRows } from '../../faults/rows.ts';

const folder = mkdtempSync(join(tmpdir(), 'shunt-rows-'));
const path = join(folder, 'faults.json');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function ended(number: number, result: RowResult['result']): RowResult {
  const row = faultRows.find((one) => one.number === number);
  if (row === undefined) throw new Error(`there is no row ${number}`);
  const failed = result === 'red' ? 1 : 0;
  const failures = result === 'red' ? ['a case > broke'] : [];
  return resultOf(row, { result, cases: { passed: 2, failed, skipped: 0 }, seconds: 3.4, failures });
}

const on = (commit: string) => ({ commit, everyMoment: true });

describe('the record of the rows', () => {
  it('takes rows in by their number, each with the tree it was seen on', () => {
    const first = recordRows([], [ended(5, 'green'), ended(2, 'green')], on('aaa'));
    const then = recordRows(first, [ended(5, 'green'), ended(3, 'red')], { commit: 'bbb', everyMoment: false });
    expect(then.map(({ row, commit, moments, result }) => [row, commit, moments, result])).toEqual([
      [2, 'aaa', 'every', 'green'],
      [3, 'bbb', 'quick', 'red'],
      [5, 'bbb', 'quick', 'green'],
    ]);
  });

  it('does not forget that a row was red before on the same tree', () => {
    const red = recordRows([], [ended(5, 'red')], on('aaa'));
    const green = recordRows(red, [ended(5, 'green')], on('aaa'));
    expect(green).toMatchObject([{ row: 5, result: 'green', redBefore: 1 }]);
    expect(recordRows(green, [ended(5, 'green')], on('aaa'))).toMatchObject([{ redBefore: 1 }]);
    expect(recordRows(green, [ended(5, 'green')], on('bbb'))).toMatchObject([{ redBefore: 0 }]);
  });

  it('is read as it was written, is empty without a file, and refuses what is no such record', () => {
    expect(readRows(path)).toEqual([]);
    const rows = recordRows([], [ended(5, 'red')], on('aaa'));
    writeFileSync(path, JSON.stringify({ test: 'faults', format: 1, rows }));
    expect(readRows(path)).toEqual(rows);
    writeFileSync(path, JSON.stringify({ format: 2, rows }));
    expect(() => readRows(path)).toThrow(/format/);
  });
});
