import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type HostRest, readRest, restExit, restText, untilAtRest } from '../../../agent/at-rest.ts';
import { journalPath } from '../../../agent/journal/attempt-journal.ts';
import { RecordWriter } from '../../../platform/record-writer.ts';

const open: HostRest = { state: 'open', attempt: { epoch: 3, phase: 'soaking' }, onTarget: [] };
const rest: HostRest = { state: 'at-rest', attempt: { epoch: 3, phase: 'committed' }, onTarget: ['tap1', 'tap2'] };
const never = new AbortController().signal;

describe('at-rest', () => {
  const dirs: string[] = [];
  const stateDir = () => {
    const dir = mkdtempSync(join(tmpdir(), 'shunt-at-rest-'));
    dirs.push(dir);
    return dir;
  };

  afterAll(() => {
    for (const dir of dirs) rmSync(dir, { recursive: true });
  });

  it('is where no attempt ever was', () => {
    expect(readRest(stateDir())).toEqual({ state: 'at-rest', onTarget: [] });
  });

  it('is not claimed of a journal that cannot be read', () => {
    const dir = stateDir();
    mkdirSync(join(dir, 'attempts'));
    using writer = RecordWriter.create(journalPath(dir, 4));
    writer.append({ format: 1, type: 'of another kind' });
    writer.sync();
    expect(readRest(dir)).toMatchObject({ state: 'unreadable', attempt: { epoch: 4 } });
  });

  it('is waited for', async () => {
    const seen = [open, open, rest];
    expect(await untilAtRest(() => seen.shift() ?? rest, { waitMs: 60_000, signal: never })).toBe(rest);
  });

  it('is not waited for longer than told', async () => {
    expect(await untilAtRest(() => open, { waitMs: 0, signal: never })).toBe(open);
    expect(await untilAtRest(() => open, { waitMs: 1, signal: never })).toBe(open);
  });

  it('is not waited for where an attempt is stuck', async () => {
    const stuck: HostRest = { ...open, state: 'stuck' };
    expect(await untilAtRest(() => stuck, { waitMs: 60_000, signal: never })).toBe(stuck);
  });

  it('says it to scripts by exit status, to people by name', () => {
    expect(
      [rest, open, { ...open, state: 'stuck' as const }, { ...open, state: 'unreadable' as const }].map(restExit),
    ).toEqual([0, 2, 5, 5]);
    expect(restText(rest)).toBe('at rest, on the target: tap1 tap2');
    expect(restText(open)).toBe('attempt 3 is open (soaking), no tap is on the target');
  });
});
