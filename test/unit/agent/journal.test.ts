import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  AttemptJournal,
  journaledEpochs,
  journalPath,
  openRevertNotes,
  pruneJournals,
  readAttempt,
  writeRestNote,
} from '../../../agent/journal/attempt-journal.ts';
import { foldClaims, readClaims } from '../../../agent/journal/claims.ts';
import { faultsOf } from '../../../agent/journal/failpoint.ts';
import { HighestEpoch } from '../../../agent/journal/highest-epoch.ts';
import type { JournalRecord } from '../../../agent/journal/journal-records.ts';
import { armingAttempt, replay } from '../../../agent/journal/replay.ts';
import { refuseSuperseded } from '../../../agent/journal/superseded.ts';
import { type AttemptEvent, attemptStep } from '../../../domain/attempt/attempt-machine.ts';
import type { Direction } from '../../../domain/phases.ts';
import type { TapMove } from '../../../domain/rewire/moves.ts';
import { armed, attemptWith, committed, header, record, verdict } from './journaled.ts';

const dirs: string[] = [];
afterAll(() => {
  for (const dir of dirs) rmSync(dir, { recursive: true });
});

function freshDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'shunt-journal-'));
  dirs.push(dir);
  return dir;
}

const anyEvent: fc.Arbitrary<AttemptEvent> = fc.constantFrom<AttemptEvent>(
  { type: 'armed' },
  { type: 'arm-failed', code: 'deadman-failed', why: 'x' },
  { type: 'cut-done' },
  { type: 'step-failed', code: 'ovsdb-refused', why: 'x' },
  { type: 'verified', verdict: verdict('pass') },
  { type: 'verified', verdict: verdict('fail') },
  { type: 'soaked', verdict: verdict('pass') },
  { type: 'commit-word' },
  { type: 'commit-recorded' },
  { type: 'deadline' },
  { type: 'revert-word', why: 'ä "quoted" why' },
  { type: 'restored' },
  { type: 'restore-failed', code: 'stuck', why: 'x', repair: ['ip link …'] },
  { type: 'recovered', inTime: true },
  { type: 'recovered', inTime: false, why: 'its dead man is gone' },
  { type: 'extended', deadline: { bootId: 'boot', monotonicMs: 9_000.5, wallMs: 1_700_000_004_000 } },
  { type: 'resolved', rest: 'to', why: 'ana looked' },
);

describe('the journal', () => {
  it('replayed gives the live state', () => {
    let epoch = 0;
    const dir = freshDir();
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 12 }), (events) => {
        epoch += 1;
        using journal = AttemptJournal.create(dir, header(epoch));
        let live = armingAttempt(header(epoch));
        let { deadline } = header(epoch);
        for (const event of events) {
          journal.append(record(event));
          const before = live;
          live = attemptStep(live, event).state;
          if (event.type === 'extended' && live !== before) deadline = event.deadline;
        }
        expect(readAttempt(dir, epoch)).toEqual({
          header: header(epoch),
          attempt: live,
          deadline,
          gone: new Set(),
          blackouts: [],
          notes: 0,
          unheard: 0,
        });
      }),
      { numRuns: 50 },
    );
  });

  it('cut off anywhere gives the state of what was whole', () => {
    const dir = freshDir();
    using journal = AttemptJournal.create(dir, header(1));
    for (const event of committed) journal.append(record(event));
    const bytes = readFileSync(journalPath(dir, 1));
    const lineEnds = [...bytes.keys()].filter((index) => bytes[index] === 0x0a);
    fc.assert(
      fc.property(fc.nat(bytes.length), (length) => {
        writeFileSync(journalPath(dir, 1), bytes.subarray(0, length));
        const whole = lineEnds.filter((end) => end < length).length;
        const expected = whole === 0 ? undefined : replay(header(1), committed.slice(0, whole - 1).map(record), []);
        expect(readAttempt(dir, 1)).toEqual(expected);
      }),
    );
  });

  it('damaged before its commit is committed still, by the nonce that the commit carries; what is not known to be its own is not believed', () => {
    const dir = freshDir();
    const damagedBefore = (last: JournalRecord, ...more: readonly JournalRecord[]) => {
      rmSync(journalPath(dir, 1), { force: true });
      using journal = AttemptJournal.create(dir, header(1));
      for (const event of committed.slice(0, -1)) journal.append(record(event));
      journal.append({ type: 'gone', tap: 'tap1' });
      for (const one of [last, ...more]) journal.append(one);
      const bytes = readFileSync(journalPath(dir, 1));
      const second = bytes.indexOf(0x0a) + 5;
      bytes[second] = (bytes[second] ?? 0) ^ 0x01;
      writeFileSync(journalPath(dir, 1), bytes);
      return readAttempt(dir, 1);
    };
    const commit = { ...record({ type: 'commit-recorded' }), nonce: 'nonce' } as JournalRecord;
    expect(damagedBefore(commit)).toMatchObject({ attempt: { phase: 'committed' }, gone: new Set(['tap1']) });
    expect(readClaims(dir).size).toBe(0); // its guest has gone, and its tap has no address to be known by
    expect(damagedBefore(commit, record({ type: 'foreign-writer', why: 'x' }))?.attempt.phase).toBe('reverting');
    expect(damagedBefore({ ...commit, nonce: 'another' } as JournalRecord)?.attempt.phase).toBe('arming');
    expect(damagedBefore(record({ type: 'commit-recorded' }))?.attempt.phase).toBe('arming'); // of an older agent
    const [stranger] = [{ format: 1, type: 'attempt' }] as unknown as JournalRecord[];
    expect(damagedBefore(stranger ?? commit, commit)?.attempt.phase).toBe('committed');
  });

  it('goes on after a restart, over a torn tail', () => {
    const dir = freshDir();
    AttemptJournal.create(dir, header(1))[Symbol.dispose]();
    appendFileSync(journalPath(dir, 1), '{"type":"event","ev');
    const { journal, tornBytes } = AttemptJournal.reopen(dir, 1);
    using again = journal;
    expect(tornBytes).toBe(19);
    again.append(record({ type: 'armed' }));
    expect(readAttempt(dir, 1)?.attempt.phase).toBe('cutting');
  });

  it('never takes an attempt twice', () => {
    const dir = freshDir();
    AttemptJournal.create(dir, header(1))[Symbol.dispose]();
    expect(() => AttemptJournal.create(dir, header(1))).toThrow(expect.objectContaining({ code: 'journal-failed' }));
  });

  it('lets what a dead man wrote hold, even where the agent wrote on', () => {
    const dir = freshDir();
    using journal = AttemptJournal.create(dir, header(1));
    using notes = openRevertNotes(dir, 1);
    notes.append({ format: 1, type: 'revert-began', by: 'the dead man' });
    expect(readAttempt(dir, 1)?.attempt.phase).toBe('reverting');
    notes.append({ type: 'revert-done', why: 'reverted by the dead man' });
    for (const event of committed) journal.append(record(event));
    expect(readAttempt(dir, 1)?.attempt).toMatchObject({ phase: 'reverted', why: 'reverted by the dead man' });
  });

  it('lets what the agent found after it had heard of a dead man hold: guests that do not answer are not forgotten', () => {
    const dir = freshDir();
    using journal = AttemptJournal.create(dir, header(1));
    using notes = openRevertNotes(dir, 1);
    notes.append({ format: 1, type: 'revert-began', by: 'the dead man' });
    notes.append({ type: 'revert-done', why: 'reverted by the dead man' });
    expect(readAttempt(dir, 1)).toMatchObject({ attempt: { phase: 'reverting' }, notes: 2, unheard: 2 });
    journal.append(record({ type: 'reverted-elsewhere', why: 'reverted by the dead man' }));
    expect(readAttempt(dir, 1)?.unheard).toBe(0);
    journal.append(record({ type: 'restore-failed', code: 'stuck', why: 'tap1 does not answer', repair: [] }));
    expect(readAttempt(dir, 1)?.attempt).toMatchObject({ phase: 'stuck', why: 'tap1 does not answer' });

    notes.append({ type: 'revert-done', why: 'reverted by hand' }); // after the repair
    expect(readAttempt(dir, 1)?.attempt).toMatchObject({ phase: 'reverted', why: 'reverted by hand' });
  });

  it('whose last line could not be written says how it ended by a note beside it', () => {
    const dir = freshDir();
    for (const [epoch, phase] of [
      [1, 'reverted'],
      [2, 'stuck'],
    ] as const) {
      AttemptJournal.create(dir, header(epoch))[Symbol.dispose]();
      writeRestNote(dir, { ...armingAttempt(header(epoch)), phase, why: 'no space left', repair: ['ip link …'] });
      expect(readAttempt(dir, epoch)?.attempt).toMatchObject({ phase, why: 'no space left' });
    }
    expect(readAttempt(dir, 2)?.attempt.repair).toEqual(['ip link …']);
  });

  it('leaves no file when its first line does not reach the disk: nothing was begun', () => {
    const dir = freshDir();
    for (const step of ['attempt', 'sync']) {
      const faults = faultsOf({ step, nth: 1, moment: 'before', action: 'eio' });
      expect(() => AttemptJournal.create(dir, header(4), faults)).toThrow(
        expect.objectContaining({ code: 'journal-failed' }),
      );
      expect(journaledEpochs(dir)).toEqual([]);
    }
  });

  it('keeps its newest files, those that are still needed, and those without which these would say too much', () => {
    const dir = freshDir();
    for (let epoch = 1; epoch <= 70; epoch += 1) AttemptJournal.create(dir, header(epoch))[Symbol.dispose]();
    pruneJournals(dir, new Set([3]));
    const kept = journaledEpochs(dir);
    expect([kept.length, kept[0], kept[1], kept.at(-1)]).toEqual([68, 3, 4, 70]);
  });
});

describe('claims', () => {
  /** An attempt that is committed, with these taps. */
  function done(dir: string, epoch: number, direction: Direction, taps: readonly string[]): void {
    const first = header(epoch, direction);
    const moves = taps.flatMap((tap) => first.moves.slice(0, 1).map((move) => ({ ...move, tap })));
    using journal = AttemptJournal.create(dir, { ...first, moves });
    for (const event of committed) journal.append(record(event));
  }

  it('do not come back to life when the attempt that ended them is old', () => {
    const dir = freshDir();
    done(dir, 1, 'forward', ['tap1', 'tap2']);
    done(dir, 2, 'back', ['tap1']);
    done(dir, 3, 'forward', ['tap3']);
    done(dir, 4, 'back', ['tap3']);
    for (let epoch = 5; epoch <= 80; epoch += 1) done(dir, epoch, 'back', ['tap9']);
    const claiming = () => new Set([...readClaims(dir).values()].map((claim) => claim.epoch));
    expect([...readClaims(dir).keys()]).toEqual(['tap2']);
    pruneJournals(dir, claiming());
    pruneJournals(dir, claiming());
    expect([...readClaims(dir).keys()]).toEqual(['tap2']);
    expect(journaledEpochs(dir).filter((epoch) => epoch < 17)).toEqual([1, 2]);
  });

  it('are doubted when a newer attempt cannot be read: it may have taken their taps back', () => {
    const dir = freshDir();
    done(dir, 1, 'forward', ['tap1', 'tap2']);
    done(dir, 2, 'back', ['tap1']);
    writeFileSync(journalPath(dir, 2), `x${readFileSync(journalPath(dir, 2), 'utf8')}`);
    done(dir, 3, 'forward', ['tap3']);
    const doubts = [...readClaims(dir)].map(([tap, { doubted = false }]) => [tap, doubted]);
    expect(doubts).toEqual([
      ['tap1', true],
      ['tap2', true],
      ['tap3', false],
    ]);
  });

  it('of a tap that moved on since keep an older attempt from being taken back alone', () => {
    const dir = freshDir();
    done(dir, 1, 'forward', ['tap1', 'tap2']);
    done(dir, 2, 'forward', ['tap2']);
    const read = (epoch: number) => readAttempt(dir, epoch) ?? expect.fail('it was written');
    expect(() => refuseSuperseded(dir, read(1))).toThrow(
      expect.objectContaining({ code: 'wrong-state', message: expect.stringMatching(/tap2.*--attempt 2 comes first/) }),
    );
    expect(() => refuseSuperseded(dir, read(2))).not.toThrow();
  });

  it.each([
    ['open', [armed]],
    ['stuck', [armed, { type: 'deadline' }, { type: 'restore-failed', code: 'stuck', why: 'x', repair: [] }]],
  ] as const)(
    'of a tap that is on its way (%s) keep an attempt that is done from being taken back beneath it',
    (_, events) => {
      const dir = freshDir();
      done(dir, 1, 'forward', ['tap1']);
      attemptWith(dir, 2, events);
      const read = (epoch: number) => readAttempt(dir, epoch) ?? expect.fail('it was written');
      expect(() => refuseSuperseded(dir, read(1))).toThrow(
        expect.objectContaining({
          code: 'wrong-state',
          message: expect.stringMatching(/tap1.*--attempt 2 comes first/),
        }),
      );
      expect(() => refuseSuperseded(dir, read(2))).not.toThrow();
    },
  );

  it('of a tap that moved on since keep one that was left open behind from being taken back: that waits for a word', () => {
    const dir = freshDir();
    attemptWith(dir, 1, [armed]);
    const read = (epoch: number) => readAttempt(dir, epoch) ?? expect.fail('it was written');
    expect(() => refuseSuperseded(dir, read(1))).not.toThrow();
    attemptWith(dir, 2, [armed]);
    expect(() => refuseSuperseded(dir, read(1))).not.toThrow(); // open too: nothing says that it has moved anything
    attemptWith(dir, 3, committed);
    expect(() => refuseSuperseded(dir, read(1))).toThrow(
      expect.objectContaining({ code: 'wrong-state', message: expect.stringMatching(/resolve --attempt 1 looks/) }),
    );
  });

  const attempt = (epoch: number, direction: Direction, events: readonly AttemptEvent[]) =>
    replay(header(epoch, direction), events.map(record), []);

  it('begin with a commit forward, and end with one back', () => {
    const forward = attempt(1, 'forward', committed);
    expect([...foldClaims([forward]).keys()]).toEqual(['tap1']);
    expect(foldClaims([forward, attempt(2, 'back', committed)]).size).toBe(0);
    expect(
      foldClaims([forward, attempt(2, 'back', [{ type: 'armed' }, { type: 'deadline' }, { type: 'restored' }])]).size,
    ).toBe(1);
    expect(foldClaims([attempt(1, 'forward', committed.slice(0, -1))]).size).toBe(0);
  });

  it('stand for a guest that went away meanwhile, if its tap has an address to be known by: it may be started anew', () => {
    const gone: JournalRecord = { type: 'gone', tap: 'tap1' };
    const [move] = header(1).moves;
    if (move === undefined) throw new Error('it moves one');
    const left = (moves: readonly TapMove[]) =>
      foldClaims([replay({ ...header(1), moves }, [gone, ...committed.map(record)], [])]);
    expect(left([{ ...move, hostMac: 'fe:16:3e:00:00:01' }]).get('tap1')).toMatchObject({ epoch: 1, place: 'direct' });
    expect(left([move]).size).toBe(0); // as journals of older agents have it
  });
});

describe('the highest epoch', () => {
  it('is kept, and only grows', () => {
    const dir = freshDir();
    const epochs = new HighestEpoch(dir);
    expect([epochs.accept(5), epochs.accept(5), epochs.accept(4)]).toEqual([true, true, false]);
    expect(new HighestEpoch(dir).value).toBe(5);
    AttemptJournal.create(dir, header(9))[Symbol.dispose]();
    expect(new HighestEpoch(dir).value).toBe(9);
  });

  it.each(['five', '', '5 6', '0x10', '1e3', ' 5', '5\n6'])(
    'is not guessed when its file holds %j: nothing new is accepted',
    (text) => {
      const dir = freshDir();
      AttemptJournal.create(dir, header(3))[Symbol.dispose]();
      writeFileSync(join(dir, 'highest-epoch'), text);
      const epochs = new HighestEpoch(dir);
      expect(epochs.fault).toMatchObject({ code: 'records-corrupt' });
      expect(epochs.value).toBe(3); // what the journals say
      expect(() => epochs.accept(9)).toThrow(expect.objectContaining({ code: 'records-corrupt' }));
      expect(readFileSync(join(dir, 'highest-epoch'), 'utf8')).toBe(text);
    },
  );
});
