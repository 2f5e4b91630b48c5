import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type RandomRecord, readRecord, recordRun } from '../../faults/random/record.ts';
import { againCommand, describeRun } from '../../faults/random/run-many.ts';
import type { RunResult } from '../../faults/random/run-schedule.ts';
import { describeRecord } from '../../faults/random/summary.ts';

const none: RandomRecord = { schedules: [], mended: [] };

function result(seed: number, ...violations: string[]): RunResult {
  return {
    seed,
    plan: 'direct',
    faults: [{ what: 'agent-killed at hv1', kind: 'agent-killed', struck: true }],
    hosts: { hv1: 'committed, target' },
    longestOutageMs: 40,
    seconds: 9,
    violations,
  };
}

function recorded(...runs: readonly (readonly [commit: string, result: RunResult])[]): RandomRecord {
  return runs.reduce((record, [commit, one]) => recordRun(record, commit, one), none);
}

describe('a record of random runs', () => {
  it('is put together from parts, in the order of seeds, and says which seeds it holds and on which trees', () => {
    const record = recorded(['b', result(7)], ['a', result(2)], ['a', result(1)], ['a', result(3)]);
    expect(describeRecord(record)).toMatchObject({
      format: 1,
      seeds: '1-3, 7',
      commits: { a: 3, b: 1 },
      runs: 4,
      played: 4,
      violations: [],
      faults: { planned: 4, struck: 4 },
    });
  });

  it.each([
    ['first', [result(1, 'at rest: x'), result(1)]],
    ['last', [result(1), result(1, 'at rest: x')]],
  ])('keeps a violation that came %s of two runs on one tree', (_when, [one, other]) => {
    const record = recorded(['a', one as RunResult], ['a', other as RunResult]); // two are in each table row
    expect(record.schedules).toMatchObject([{ seed: 1, played: 2, violations: ['at rest: x'] }]);
  });

  it('counts a new tree anew, and still tells what the old one violated', () => {
    const record = recorded(['a', result(1, 'at rest: x')], ['b', result(1)]);
    expect(record).toMatchObject({
      schedules: [{ seed: 1, commit: 'b', played: 1, violations: [] }],
      mended: ['seed 1 at a: at rest: x'],
    });
  });
});

describe('the file of the record', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shunt-record-'));
  const path = join(folder, 'faults-random.json');
  afterEach(() => rmSync(path, { force: true }));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is read as it was written, and nothing is there before it is', () => {
    expect(readRecord(path)).toEqual(none);
    const record = recorded(['a', result(1, 'at rest: x')], ['b', result(1)], ['b', result(2)]);
    writeFileSync(path, JSON.stringify({ test: 'faults-random', ...describeRecord(record) }));
    expect(readRecord(path)).toEqual(record);
  });

  it.each(['{', '{"format":2}', '[]'])('is not overwritten when it is something else: %s', (text) => {
    writeFileSync(path, text);
    expect(() => readRecord(path)).toThrow();
  });
});

it('a run that violated something is told with the command that plays it again, and where its files are', () => {
  const told = describeRun(result(45, 'at rest: attempt 1 of hv1 is cutting'), '/tmp/kept');
  expect(told).toContain('VIOLATED at rest: attempt 1 of hv1 is cutting');
  expect(told).toContain(againCommand(45));
  expect(told).toContain('/tmp/kept');
  expect(describeRun(result(45), undefined)).not.toContain(againCommand(45));
});
