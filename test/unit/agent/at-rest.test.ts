import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type HostRest, readRest, restExit, restText, untilAtRest } from '../../../agent/at-rest.ts';
import { journalPath, openRevertNotes } from '../../../agent/journal/attempt-journal.ts';
import { writeResolution } from '../../../agent/resolve.ts';
import type { AttemptEvent } from '../../../domain/attempt/attempt-machine.ts';
import { RecordWriter } from '../../../platform/record-writer.ts';
import { armed, attemptWith, committed } from './journaled.ts';

const open: HostRest = { state: 'open', attempt: { epoch: 3, phase: 'soaking' }, onTarget: [] };
const rest: HostRest = { state: 'at-rest', attempt: { epoch: 3, phase: 'committed' }, onTarget: ['tap1', 'tap2'] };
const never = new AbortController().signal;
const stuckBy = (why: string): AttemptEvent => ({ type: 'restore-failed', code: 'stuck', why, repair: [] });

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

  it('is not claimed while an older attempt is stuck, or was left open, behind a newer one', () => {
    const dir = stateDir();
    attemptWith(dir, 3, [armed, { type: 'step-failed', code: 'timed-out', why: 'x' }, stuckBy('vswitchd is gone')]);
    attemptWith(dir, 4, [armed]);
    attemptWith(dir, 5, committed);
    expect(readRest(dir)).toMatchObject({ state: 'stuck', attempt: { epoch: 3, phase: 'stuck' }, also: [4] });
    writeResolution(dir, 3, { format: 1, type: 'resolved', rest: 'from', why: 'ana repaired it' });
    // Nobody is at it any more: it is not waited for.
    expect(readRest(dir)).toMatchObject({ state: 'stuck', attempt: { epoch: 4, phase: 'cutting' } });
    writeResolution(dir, 4, { format: 1, type: 'resolved', rest: 'from', why: 'ana looked' });
    expect(readRest(dir)).toMatchObject({ state: 'at-rest', attempt: { epoch: 5, phase: 'committed' } });
  });

  it('tells one that is stuck and whose journal cannot be read as stuck, until somebody has looked after it', () => {
    const dir = stateDir();
    attemptWith(dir, 2, [armed, { type: 'deadline' }]);
    using notes = openRevertNotes(dir, 2);
    notes.append({ format: 1, type: 'revert-began', by: 'the dead man' });
    notes.append({ type: 'revert-failed', why: 'vswitchd is gone', repair: ['ovs-vsctl …'] });
    expect(readRest(dir)).toMatchObject({ state: 'stuck', attempt: { epoch: 2, phase: 'stuck' } });
    rmSync(journalPath(dir, 2));
    using other = RecordWriter.create(journalPath(dir, 2));
    other.append({ format: 1, type: 'of another kind' });
    expect(readRest(dir)).toMatchObject({
      state: 'stuck',
      attempt: { epoch: 2, phase: expect.stringContaining('cannot be read') },
    });
    writeResolution(dir, 2, { format: 1, type: 'resolved', rest: 'from', why: 'ana looked' });
    expect(readRest(dir)).toMatchObject({ state: 'at-rest', attempt: { epoch: 2, phase: 'resolved' } });
  });

  it('names all that are not at rest', () => {
    expect(restText({ ...open, state: 'stuck', also: [4, 5] })).toBe(
      'attempt 3 is stuck, not at rest either: 4 5; no tap is on the target',
    );
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
