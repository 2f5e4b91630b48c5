import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AttemptContext } from '../../../agent/cutover/attempt-context.ts';
import { AttemptRunner } from '../../../agent/cutover/attempt-runner.ts';
import { AttemptJournal, journalPath, readAttempt } from '../../../agent/journal/attempt-journal.ts';
import type { CommitOn, Phase } from '../../../domain/phases.ts';
import type { ProbeResult } from '../../../domain/probes.ts';
import { deadlineAfter, systemClock } from '../../../platform/clock.ts';
import { createLogger } from '../../../platform/log.ts';
import { armed, header, record, verdict } from './journaled.ts';

const answering = (answered: number): readonly ProbeResult[] => [
  { vantage: 'local', tap: 'tap1', portId: 'p1', sent: 25, answered },
];
const forEver = () => new Promise<never>(() => undefined);
const deadlineMs = 60_000;

let stateDir: string;
let runner: AttemptRunner;
let looks: number;
/** What guests answer when they are asked. */
let answer: () => Promise<readonly ProbeResult[]>;

beforeEach(() => {
  vi.useFakeTimers();
  stateDir = mkdtempSync(join(tmpdir(), 'shunt-on-evidence-'));
  looks = 0;
  answer = async () => answering(25);
});
afterEach(() => {
  runner[Symbol.dispose]();
  vi.useRealTimers();
  rmSync(stateDir, { recursive: true });
});

/** An attempt whose soak has just passed, of a coordinator that was lost. */
function soaked(commitOn: CommitOn): void {
  const known = header(1);
  const grant = { ...known.grant, commitOn, deadlineMs };
  const deadline = deadlineAfter(deadlineMs, systemClock.now());
  const moved = [armed, { type: 'cut-done' }, { type: 'verified', verdict: verdict('pass') }] as const;
  {
    using journal = AttemptJournal.create(stateDir, { ...known, grant, deadline });
    for (const event of moved) journal.append(record(event));
  }
  const nothing = () => undefined;
  const ready = async () => undefined;
  const parts = {
    host: {
      identity: { systemId: 'hv1', hostname: 'hv1' },
      ovs: { flush: ready, sync: ready, interface: nothing },
      netlink: { link: () => ({}) },
    },
    ...{ clock: systemClock, logger: createLogger({ name: 't', level: 'silent' }), stateDir },
    prober: {
      verify: () => {
        looks += 1;
        return answer();
      },
      startBlackout: () => ({ stop: () => [] }),
    },
    ...{ reporter: { report: nothing }, onState: nothing, onFinding: nothing, onGuard: nothing, wrongWith: nothing },
    onUnguard: forEver, // where it goes back: no farther than to its first step
  };
  const replayed = readAttempt(stateDir, 1);
  if (replayed === undefined) throw new Error('it was written above');
  runner = AttemptRunner.resume(parts as unknown as AttemptContext, replayed); // nothing else is asked for once taps are moved
  runner.judgedAtMs = systemClock.monotonicMs();
  runner.watchDeadline();
  runner.post({ type: 'soaked', verdict: verdict('pass') });
  expect(runner.phase).toBe('committing');
}

const elapse = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const ends = () => [runner.phase, readAttempt(stateDir, 1)?.attempt.phase];
const both = (phase: Phase) => [phase, phase];

describe('a commit on evidence, without the coordinator', () => {
  it('looks each second until its deadline, and is recorded then', async () => {
    soaked('evidence');
    const written = readFileSync(journalPath(stateDir, 1));
    await elapse(deadlineMs - 10);
    expect([runner.phase, looks]).toEqual(['committing', 59]);
    expect(readFileSync(journalPath(stateDir, 1))).toEqual(written); // no line a second
    await elapse(20);
    expect(ends()).toEqual(both('committed'));
    await elapse(5_000);
    expect(looks).toBeLessThanOrEqual(60);
  });

  it('goes back at once when guests fall silent while it waits', async () => {
    soaked('evidence');
    await elapse(20_000);
    answer = async () => answering(0);
    await elapse(1_500);
    expect(ends()).toEqual(both('reverting'));
    expect(runner.attempt).toMatchObject({ code: 'verdict-failed', why: expect.stringContaining('tap1') });
    expect(readAttempt(stateDir, 1)?.attempt.why).toBe(runner.attempt.why);
  });

  it('goes back at the deadline when nobody can tell by then, and says so', async () => {
    soaked('evidence');
    answer = async () => answering(8);
    await elapse(deadlineMs - 10);
    expect(ends()).toEqual(both('committing'));
    expect(runner.attempt.verdict?.kind).toBe('inconclusive');
    await elapse(20);
    expect(ends()).toEqual(both('reverting'));
    expect(runner.attempt).toMatchObject({ code: 'timed-out', why: expect.stringContaining('inconclusive: tap1') });
  });

  it('commits when the evidence is back before the deadline', async () => {
    soaked('evidence');
    answer = async () => answering(8);
    await elapse(20_000);
    answer = async () => answering(25);
    await elapse(deadlineMs);
    expect(ends()).toEqual(both('committed'));
  });

  it('goes back where a look does not come to its end: what was seen long before is no evidence', async () => {
    soaked('evidence');
    await elapse(20_000);
    answer = forEver;
    await elapse(deadlineMs);
    expect(ends()).toEqual(both('reverting'));
    expect(runner.attempt).toMatchObject({
      code: 'timed-out',
      why: expect.stringMatching(/last look .* 40\.\d s before/),
    });
  });

  it('commits at once on a word, also in the middle of a look', async () => {
    soaked('evidence');
    answer = forEver;
    await elapse(10_000);
    runner.post({ type: 'commit-word' });
    await elapse(0);
    expect(ends()).toEqual(both('committed'));
  });
});

describe('a commit on the coordinator’s word', () => {
  it('is waited for without a look: whoever gives the word has looked', async () => {
    soaked('word');
    await elapse(deadlineMs - 10);
    expect([runner.phase, looks]).toEqual(['committing', 0]);
    await elapse(20);
    expect(runner.attempt).toMatchObject({ phase: 'reverting', code: 'timed-out' });
  });
});
