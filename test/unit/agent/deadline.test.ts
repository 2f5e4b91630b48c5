import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AttemptWork } from '../../../agent/cutover/attempt-context.ts';
import { disarmDeadMan, isDeadManThere } from '../../../agent/cutover/dead-man.ts';
import { armAnew, deadManAfter, extend } from '../../../agent/cutover/deadline.ts';
import { AttemptJournal, readAttempt } from '../../../agent/journal/attempt-journal.ts';
import type { DeadMan } from '../../../agent/journal/journal-records.ts';
import { armingAttempt } from '../../../agent/journal/replay.ts';
import { type Attempt, type AttemptEvent, attemptStep } from '../../../domain/attempt/attempt-machine.ts';
import type { Finding } from '../../../domain/findings.ts';
import { remainingMs, systemClock } from '../../../platform/clock.ts';
import { armed, header, record } from './journaled.ts';

/** What the deadline needs of an attempt under way; `shell` is what dead men are made of. */
class OpenAttempt implements Disposable {
  readonly stateDir = mkdtempSync(join(tmpdir(), 'shunt-deadline-'));
  readonly findings: Finding[] = [];
  readonly posted: AttemptEvent[] = [];
  readonly warnings: string[] = [];
  readonly journal = AttemptJournal.create(this.stateDir, header(1));
  readonly grant = { ...header(1).grant, deadlineMs: 60_000, soakMs: 1_000 };
  deadline = { ...systemClock.now(), monotonicMs: systemClock.monotonicMs() + 2_000 };
  deadMan: DeadMan | undefined;
  attempt: Attempt = { ...armingAttempt(header(1)), phase: 'verifying' };
  readonly context = {
    clock: systemClock,
    deadMan: 'process',
    revertCommand: () => ['true'],
    host: { identity: { systemId: 'hv1' } },
    onFinding: (finding: Finding) => void this.findings.push(finding),
    onState: () => undefined,
    logger: { warn: (_about: unknown, message: string) => void this.warnings.push(message) },
  };

  constructor() {
    for (const event of [armed, { type: 'cut-done' } as const]) this.journal.append(record(event));
  }

  get work(): AttemptWork {
    return this as unknown as AttemptWork; // the parts that are asked for
  }

  post(event: AttemptEvent): void {
    this.posted.push(event);
    const { state } = attemptStep(this.attempt, event);
    if (state === this.attempt) return;
    this.attempt = state;
    if (state.phase !== 'reverting') this.journal.append(record(event));
  }

  watchDeadline(): void {}

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.deadMan !== undefined) await disarmDeadMan(this.deadMan);
    this.journal[Symbol.dispose]();
    rmSync(this.stateDir, { recursive: true });
  }

  [Symbol.dispose](): void {}
}

/** A systemctl that does this, for as long as its scope. */
function systemctlIs(script: string) {
  const dir = mkdtempSync(join(tmpdir(), 'shunt-systemctl-'));
  const mark = join(dir, 'asked');
  writeFileSync(join(dir, 'systemctl'), `#!/bin/sh\n: > ${mark}\n${script}\n`, { mode: 0o755 });
  const path = process.env['PATH'];
  process.env['PATH'] = `${dir}:${path}`;
  return {
    asked: () => existsSync(mark),
    [Symbol.dispose]: () => {
      process.env['PATH'] = path;
      rmSync(dir, { recursive: true });
    },
  };
}

let open: OpenAttempt;
beforeEach(() => {
  open = new OpenAttempt();
});
afterEach(() => open[Symbol.asyncDispose]());

const untilGone = async (deadMan: DeadMan) => expect.poll(() => isDeadManThere(deadMan)).toBe(false);

describe('the dead man of an open attempt', () => {
  it('is there until he is ended, whoever ends him', async () => {
    const deadMan = await deadManAfter(open.work, 60_000);
    expect(isDeadManThere(deadMan)).toBe(true);
    await disarmDeadMan(deadMan);
    await untilGone(deadMan);
    await disarmDeadMan(deadMan); // twice is no error
  });

  it('who cannot be ended is told of, and is no failure: a way back that came to its end stays one', async () => {
    using _bus = systemctlIs('echo "Failed to connect to bus" >&2; exit 4');
    const told: string[] = [];
    await disarmDeadMan({ kind: 'systemd', unit: 'x' }, (message) => told.push(message));
    expect(told).toEqual([
      expect.stringMatching(/could not be ended; he reads the journal when he comes: .*systemctl/),
    ]);
  });

  it('is not taken for another process that got his number', async () => {
    const deadMan = await deadManAfter(open.work, 60_000);
    if (deadMan.kind !== 'process') throw new Error('a process was asked for');
    const other: DeadMan = { ...deadMan, startTicks: '1' };
    expect(isDeadManThere(other)).toBe(false);
    await disarmDeadMan(other);
    expect(isDeadManThere(deadMan)).toBe(true);
    await disarmDeadMan(deadMan);
  });

  it('is followed by another, in the journal and told, when somebody has ended him', async () => {
    await armAnew(open.work);
    expect(open.deadMan !== undefined && isDeadManThere(open.deadMan)).toBe(true);
    expect(readAttempt(open.stateDir, 1)?.deadMan).toEqual(open.deadMan);
    expect(open.findings).toMatchObject([{ kind: 'dead-man-gone', severity: 'warning', host: 'hv1' }]);
    expect(open.posted).toEqual([]);
  });

  it('is not left behind when the attempt has come to rest meanwhile', async () => {
    open.attempt = { ...open.attempt, phase: 'committed' };
    await armAnew(open.work);
    expect([open.deadMan, open.findings]).toEqual([undefined, []]);
  });

  it('that cannot be had again, or not be written down, takes the attempt back', async () => {
    open.journal[Symbol.dispose]();
    await armAnew(open.work);
    expect(open.posted).toMatchObject([{ type: 'step-failed', code: 'deadman-failed' }]);
    expect(open.findings).toMatchObject([{ kind: 'dead-man-gone', message: expect.stringContaining('going back') }]);
  });
});

describe('a deadline that is put off', () => {
  const left = () => remainingMs(open.deadline, systemClock.now());

  it('has a dead man of its own, is in the journal, and the one before is ended', async () => {
    const former = await deadManAfter(open.work, 60_000);
    open.deadMan = former;
    await extend(open.work);
    expect(open.attempt.extended).toBe(true);
    expect(readAttempt(open.stateDir, 1)).toMatchObject({ deadline: open.deadline, deadMan: open.deadMan });
    expect(left()).toBeGreaterThan(2_000);
    expect(open.deadMan).not.toEqual(former);
    await untilGone(former);
  });

  it('is put off also where systemd does not end the one before: he will read the new one in the journal', async () => {
    using _bus = systemctlIs('echo "Failed to connect to bus: $*" >&2; exit 4');
    open.deadMan = { kind: 'systemd', unit: 'shunt-deadman-1-2-3' };
    await extend(open.work);
    expect(open.attempt.extended).toBe(true);
    await expect.poll(() => open.warnings).toEqual([expect.stringContaining('stop shunt-deadman-1-2-3.timer')]);
    expect(open.posted.map(({ type }) => type)).toEqual(['extended']);
  });

  it('does not wait for a systemd that does not answer', async () => {
    using bus = systemctlIs(`read -r _ < ${open.stateDir}/fifo`);
    execFileSync('mkfifo', [join(open.stateDir, 'fifo')]);
    open.deadMan = { kind: 'systemd', unit: 'shunt-deadman-1-2-3' };
    await extend(open.work);
    expect([open.attempt.extended, open.warnings]).toEqual([true, []]);
    await expect.poll(() => bus.asked()).toBe(true);
    writeFileSync(join(open.stateDir, 'fifo'), '\n'); // it ends
  });

  it('stays as it was when that cannot be written: the attempt goes back at the old one at the latest', async () => {
    const former = await deadManAfter(open.work, 60_000);
    open.deadMan = former;
    const before = open.deadline;
    open.journal[Symbol.dispose]();
    await expect(extend(open.work)).rejects.toMatchObject({ code: 'journal-failed' });
    expect([open.deadline, open.deadMan]).toEqual([before, former]);
    expect(isDeadManThere(former)).toBe(true);
    await disarmDeadMan(former);
  });
});
