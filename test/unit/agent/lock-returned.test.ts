import { execFileSync } from 'node:child_process';
import { appendFileSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Attempts } from '../../../agent/attempts.ts';
import type { AttemptContext } from '../../../agent/cutover/attempt-context.ts';
import { JournaledClaims } from '../../../agent/guard/journaled-claims.ts';
import {
  AttemptJournal,
  openRevertNotes,
  readAttempt,
  readReverts,
  revertPath,
} from '../../../agent/journal/attempt-journal.ts';
import type { RevertRecord } from '../../../agent/journal/journal-records.ts';
import { RevertNotes } from '../../../agent/journal/revert-notes.ts';
import { readTroubles } from '../../../agent/journal/troubles.ts';
import type { AttemptEvent } from '../../../domain/attempt/attempt-machine.ts';
import type { AttemptState } from '../../../domain/orders.ts';
import type { Phase } from '../../../domain/phases.ts';
import { deadlineAfter, systemClock } from '../../../platform/clock.ts';
import { createLogger } from '../../../platform/log.ts';
import type { WriteFaults } from '../../../platform/record-writer.ts';
import { attemptWith, committed, header, record } from './journaled.ts';

const began: RevertRecord = { format: 1, type: 'revert-began', by: 'shunt-agent revert' };
const done: RevertRecord = { type: 'revert-done', why: 'reverted by shunt-agent revert' };
const failed: RevertRecord = { type: 'revert-failed', why: 'vswitchd is gone', repair: ['ip link set …'] };
const resolved = (rest: 'from' | 'to'): RevertRecord => ({ format: 1, type: 'resolved', rest, why: 'ana looked' });

let stateDir: string;
let attempts: Attempts | undefined;
let told: AttemptState[];
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'shunt-lock-returned-'));
  told = [];
});
afterEach(() => {
  attempts?.[Symbol.dispose]();
  attempts = undefined;
  rmSync(stateDir, { recursive: true });
});

const forEver = () => new Promise<never>(() => undefined);

/** An agent that starts with this history; whatever it would do to the host waits for ever, or ends as `unguard` does. */
function agent(unguard: () => Promise<void> = forEver): Attempts {
  const context = {
    host: { identity: { systemId: 'hv1', hostname: 'hv1' } },
    clock: systemClock,
    logger: createLogger({ name: 't', level: 'silent' }),
    stateDir,
    onState: () => void (attempts?.current !== undefined && told.push(attempts.current)),
    onFinding: () => undefined,
    onGuard: () => undefined,
    onUnguard: unguard,
    probePorts: { ensure: forEver },
  };
  attempts = new Attempts(context as unknown as AttemptContext, 'active'); // nothing else is asked for before one of these has answered
  attempts.recover();
  return attempts;
}

function note(...records: readonly RevertRecord[]): void {
  using notes = openRevertNotes(stateDir, 1);
  for (const one of records) notes.append({ ...one });
}

/** What the journal would tell an agent that starts now. */
const journaled = () => readAttempt(stateDir, 1)?.attempt;
const phases = () => [attempts?.current?.phase, journaled()?.phase];

describe('a lock that is held again, beside a committed attempt', () => {
  beforeEach(() => {
    attemptWith(stateDir, 1, committed);
    agent();
  });

  it('has nothing to say where nobody wrote anything, whoever had it', () => {
    attempts?.lockReturned(true);
    attempts?.lockReturned(false);
    expect(phases()).toEqual(['committed', 'committed']);
  });

  it.each([true, false])('goes on with a revert that was cut short (seen to be taken: %s)', (taken) => {
    note(began);
    attempts?.lockReturned(taken);
    expect(phases()).toEqual(['reverting', 'reverting']);
    expect(told.at(-1)).toMatchObject({ phase: 'reverting', why: expect.stringContaining('shunt-agent revert') });
  });

  it.each([true, false])(
    'is stuck where a revert failed, and tells so with its repair (seen to be taken: %s)',
    (taken) => {
      note(began, failed);
      attempts?.lockReturned(taken);
      expect(phases()).toEqual(['stuck', 'stuck']);
      expect(told.at(-1)).toMatchObject({
        phase: 'stuck',
        code: 'stuck',
        why: 'vswitchd is gone',
        repair: ['ip link set …'],
      });
    },
  );

  it.each([true, false])('is reverted where a revert came to its end (seen to be taken: %s)', (taken) => {
    note(began, done);
    attempts?.lockReturned(taken);
    expect(phases()).toEqual(['reverted', 'reverted']);
  });

  it('is reverted where a revert failed and an operator has looked after it since', () => {
    note(began, failed, resolved('from'));
    attempts?.lockReturned(true);
    expect(phases()).toEqual(['reverted', 'reverted']);
  });

  it.each([
    ['to', 'committed'],
    ['from', 'reverted'],
  ] as const)('is left being stuck by an operator’s word: %s', (rest, phase) => {
    note(began, failed);
    attempts?.lockReturned(true);
    note(resolved(rest));
    attempts?.lockReturned(true);
    expect(phases()).toEqual([phase, phase]);
  });

  it('acts upon the same notes once: what came of it stands, also for an agent that starts again', () => {
    note(began, done);
    attempts?.lockReturned(true);
    expect(phases()).toEqual(['reverted', 'reverted']);
    attempts?.lockReturned(false);
    expect(
      readFileSync(join(stateDir, 'attempts/0000000001.journal'), 'utf8').match(/reverted-elsewhere/g),
    ).toHaveLength(1);
    attempts?.[Symbol.dispose]();
    told = [];
    agent();
    expect(phases()).toEqual(['reverted', 'reverted']);
  });

  it('may be asked for twice: the second revert is another one', () => {
    note(began, failed);
    attempts?.lockReturned(true);
    note(began);
    attempts?.lockReturned(true);
    expect(phases()).toEqual(['reverting', 'reverting']);
  });
});

describe('a lock that is held again, beside an open attempt', () => {
  beforeEach(() => {
    const deadline = deadlineAfter(60_000, systemClock.now());
    using journal = AttemptJournal.create(stateDir, { ...header(1), deadline });
    for (const event of committed.slice(0, 3)) journal.append(record(event));
    const startTicks =
      readFileSync('/proc/self/stat', 'utf8')
        .replace(/^.*\) /, '')
        .split(' ')[19] ?? '';
    journal.append({ type: 'dead-man', deadMan: { kind: 'process', pid: process.pid, startTicks } }); // one that lives: we
    agent();
  });

  it('changes nothing when only the connection was away', () => {
    expect(phases()).toEqual(['verifying', 'verifying']);
    attempts?.lockReturned(false);
    expect(phases()).toEqual(['verifying', 'verifying']);
  });

  it('takes it back when somebody was seen to have it', () => {
    attempts?.lockReturned(true);
    expect(phases()).toEqual(['reverting', 'reverting']);
  });

  it.each([
    ['done', [began, done]],
    ['failed', [began, failed]],
    ['cut short', [began]],
    ['looked after', [resolved('from')]],
  ] as const)('takes it back itself when a revert is %s, though nobody was seen', (_how, notes) => {
    note(...notes);
    attempts?.lockReturned(false);
    expect(phases()).toEqual(['reverting', 'reverting']);
    attempts?.lockReturned(false);
    expect(phases()).toEqual(['reverting', 'reverting']);
  });
});

describe('an agent that starts after others were at work', () => {
  it('writes down that it took up their notes: what it makes of them is what the journal says', () => {
    attemptWith(stateDir, 1, committed);
    note(began);
    agent();
    expect(phases()).toEqual(['reverting', 'reverting']);
    attempts?.[Symbol.dispose]();
    finish({ type: 'restored' });
    expect([journaled()?.phase, readTroubles(stateDir)]).toEqual(['reverted', []]);
  });

  it('is stuck where its way back fails unforeseen, with the commands that repair it', async () => {
    attemptWith(stateDir, 1, committed.slice(0, 2));
    const late = agent(() => Promise.reject(new Error('no memory')));
    await late.idle();
    expect(late.current).toMatchObject({ phase: 'stuck', why: expect.stringContaining('no memory') });
    expect(late.current?.repair).toContainEqual(expect.stringContaining('tap1'));
    expect(journaled()?.repair).toEqual(late.current?.repair);
  });

  it('is stuck for ever after it found so, whatever was noted before', () => {
    attemptWith(stateDir, 1, committed.slice(0, 2));
    note(began, done);
    agent();
    expect(phases()).toEqual(['reverting', 'reverting']); // it looks again
    attempts?.[Symbol.dispose]();
    finish({ type: 'restore-failed', code: 'stuck', why: 'a guest does not answer', repair: [] });
    expect(agent().current).toMatchObject({ phase: 'stuck', why: 'a guest does not answer' });
  });

  function finish(event: AttemptEvent): void {
    using journal = AttemptJournal.reopen(stateDir, 1).journal;
    journal.append(record(event));
  }
});

describe('the claims that the guard keeps', () => {
  it('are read anew each time, but handed over only where they are others: what it let go of stays so', () => {
    const seen: string[] = [];
    const guard = {
      keep: (claims: ReadonlyMap<string, unknown>) => void seen.push(`keep ${[...claims.keys()].join()}`),
      checkAll: () => void seen.push('look'),
    };
    let unsettled: readonly string[] = [];
    const claims = new JournaledClaims({ stateDir, guard, unsettled: () => unsettled });
    attemptWith(stateDir, 1, committed);
    claims.keep();
    claims.renew();
    claims.keep();
    expect(seen.splice(0)).toEqual(['keep tap1', 'look', 'keep tap1']);
    unsettled = ['tap1'];
    claims.renew();
    unsettled = [];
    claims.renew();
    note(began, done);
    claims.renew();
    expect(seen).toEqual(['keep ', 'keep tap1', 'keep ']);
  });
});

describe('the notes of a revert', () => {
  const full = { at: () => void fail() };
  function fail(): never {
    throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
  }
  const begin = (phase: Phase, faults?: WriteFaults) =>
    RevertNotes.begin({ stateDir, epoch: 1, phase, by: 'shunt-agent revert', faults });
  const open = ['cutting', 'committing', 'reverting', 'stuck'] as const satisfies readonly Phase[];

  it.each(['staged', 'committed', 'finished'] as const)(
    'are written before anything is moved that is %s: a disk that does not take them is a refusal',
    async (phase) => {
      attemptWith(stateDir, 1, committed);
      await expect(begin(phase, full)).rejects.toMatchObject({ code: 'journal-failed' });
      await expect(begin(phase, full)).rejects.toThrow('nothing was moved');
      expect(journaled()?.phase).toBe('committed');
      await begin(phase);
      expect(readReverts(stateDir, 1)).toEqual([began]);
    },
  );

  it.each(open)('are written before anything is moved that is %s too, where the disk takes them', async (phase) => {
    attemptWith(stateDir, 1, committed.slice(0, 2));
    const notes = await begin(phase);
    expect(readReverts(stateDir, 1)).toEqual([began]);
    await notes.end(done);
    expect(readReverts(stateDir, 1)).toEqual([began, done]);
  });

  it.each(['in its line', 'at its newline'])('are not written behind one that a power cut tore %s', async (where) => {
    attemptWith(stateDir, 1, committed.slice(0, 2));
    note(began);
    const half = where === 'in its line' ? '{"type":"rev' : '{"type":"rev\n';
    appendFileSync(revertPath(stateDir, 1), half);
    await begin('cutting'); // and is killed before its end
    expect(readReverts(stateDir, 1)).toEqual([began, began]);
    const again = await begin('reverting');
    await again.end(done);
    expect(readReverts(stateDir, 1)).toEqual([began, began, began, done]);
    note(done); // it can be gone on with
  });

  it.each(open)('keep nobody from coming back when it is %s: what can be written later is', async (phase) => {
    const said = vi.spyOn(console, 'error').mockReturnValue();
    attemptWith(stateDir, 1, committed.slice(0, 2));
    let isFull = true;
    const notes = await begin(phase, { at: () => void (isFull && fail()) });
    expect(said).toHaveBeenCalledWith(expect.stringContaining('ENOSPC'));
    isFull = false;
    await notes.end(failed);
    expect(readReverts(stateDir, 1)).toEqual([began, failed]);
    isFull = true;
    await notes.end(failed); // nothing is thrown
    said.mockRestore();
  });

  it('do not wait for a disk that hangs; how it ended is written once it is back, behind the beginning', async () => {
    const said = vi.spyOn(console, 'error').mockReturnValue();
    attemptWith(stateDir, 1, committed.slice(0, 2));
    const path = revertPath(stateDir, 1);
    execFileSync('mkfifo', [path]); // whoever opens it for writing waits for a reader: a disk that hangs
    const notes = await begin('cutting');
    expect(said).toHaveBeenCalledWith(expect.stringContaining('does not answer'));
    const ended = notes.end(done);
    const heard = openSync(path, 'r+');
    rmSync(path); // what is opened from now on is a file
    await ended;
    closeSync(heard);
    expect(readReverts(stateDir, 1)).toEqual([began, done]);
    said.mockRestore();
  });
});
