import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { notAtRest } from '../../../agent/adopt/adopt.ts';
import { AdoptionJournal, type AdoptionRecord, nextAdoption } from '../../../agent/adopt/adoption-journal.ts';
import { standing } from '../../../agent/adopt/settle.ts';
import { journalPath } from '../../../agent/journal/attempt-journal.ts';
import { leftOpen, type Settled, settledExit, settledText, settleEach } from '../../../agent/settle-boot.ts';
import { encodeRecord } from '../../../platform/records.ts';
import { armed, attemptWith, committed } from './journaled.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'shunt-settle-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function adoption(id: number, ...records: readonly AdoptionRecord[]): void {
  const deadline = { bootId: 'boot', monotonicMs: 1, wallMs: 2 };
  const what = {
    nic: 'eth1',
    provider: 'br-ex',
    datapath: 'netdev',
    makesBridge: true,
    joins: 'first',
    moves: [],
  } as const;
  using journal = AdoptionJournal.create(dir, { format: 1, type: 'adoption', id, adoption: what, deadline });
  for (const record of records) journal.note(record);
}
const adopted: AdoptionRecord = { type: 'adopted', gaps: [] };
const deadMan = { kind: 'process', pid: 1, startTicks: '1' } as const;

describe('what a power cut left open', () => {
  it('is nothing where all is at rest, and nothing where nothing ever was', () => {
    expect(leftOpen(dir, 'new boot')).toEqual({ epochs: [], adoptions: [], unreadable: [] });
    attemptWith(dir, 1, committed);
    attemptWith(dir, 2, [armed, { type: 'deadline' }, { type: 'restored' }]);
    adoption(1, { type: 'armed', deadMan }, adopted, { type: 'confirmed', by: 'ana' });
    expect(leftOpen(dir, 'new boot')).toEqual({ epochs: [], adoptions: [], unreadable: [] });
  });

  it('is an attempt that was open in another boot, at whatever step', () => {
    attemptWith(dir, 1, committed);
    attemptWith(dir, 2, []);
    expect(leftOpen(dir, 'new boot').epochs).toEqual([2]);
    attemptWith(dir, 3, committed.slice(0, -1));
    expect(leftOpen(dir, 'new boot').epochs).toEqual([3, 2]);
  });

  it('is not an attempt of this boot: the agent and the dead man answer for that', () => {
    attemptWith(dir, 1, [armed]);
    expect(leftOpen(dir, 'boot').epochs).toEqual([]);
  });

  it('is not an attempt that is stuck: that is left by an operator’s word only', () => {
    const failed = { type: 'restore-failed', code: 'stuck', why: 'x', repair: [] } as const;
    attemptWith(dir, 1, [armed, { type: 'deadline' }, failed]);
    expect(leftOpen(dir, 'new boot').epochs).toEqual([]);
  });

  it('is an adoption of uplinks that was under way, or on trial', () => {
    adoption(1, { type: 'armed', deadMan });
    adoption(2, { type: 'armed', deadMan }, adopted);
    adoption(3, { type: 'armed', deadMan }, adopted, { type: 'back', why: 'x' });
    expect(leftOpen(dir, 'new boot').adoptions).toEqual([2, 1]);
    expect(leftOpen(dir, 'boot').adoptions).toEqual([]);
  });

  it('is an adoption that is stuck too: what is half-way goes back', () => {
    adoption(1, { type: 'armed', deadMan }, { type: 'stuck', why: 'no vswitchd', repair: [] });
    expect(leftOpen(dir, 'new boot').adoptions).toEqual([1]);
    expect(leftOpen(dir, 'boot').adoptions).toEqual([]);
  });
});

/** Damages the first line of a file, so that good ones follow. */
function damage(path: string): void {
  writeFileSync(path, `x${readFileSync(path, 'utf8')}`);
}
const fileOf = (id: number) => join(dir, 'adoptions', `00000${id}.journal`);

describe('an adoption that cannot be read', () => {
  it('keeps nothing else from being settled; it is told where it may be what was left open', () => {
    attemptWith(dir, 1, [armed]);
    adoption(1, { type: 'armed', deadMan }, adopted);
    adoption(2, { type: 'armed', deadMan }, adopted);
    damage(fileOf(2));
    const { epochs, adoptions, unreadable } = leftOpen(dir, 'new boot');
    expect([epochs, adoptions]).toEqual([[1], [1]]);
    expect(unreadable).toMatchObject([{ what: 'adoption', id: 2, result: { kind: 'failed' } }]);
    expect(settledText(unreadable)).toEqual([
      expect.stringMatching(/^adoption 2 is not settled: adoption 2 cannot be read, nobody can tell .*first line/),
    ]);
    expect(notAtRest(dir)).toContain('attempt 1 is open');
  });

  it('and is of another format is told in the same way', () => {
    mkdirSync(join(dir, 'adoptions'));
    writeFileSync(fileOf(1), encodeRecord({ format: 2, type: 'adoption' }));
    expect(leftOpen(dir, 'new boot').unreadable).toMatchObject([{ what: 'adoption', id: 1 }]);
    expect(notAtRest(dir)).toContain(`rename ${fileOf(1)} to ${fileOf(1)}.bad`);
    renameSync(fileOf(1), `${fileOf(1)}.bad`);
    expect([notAtRest(dir), nextAdoption(dir)]).toEqual([undefined, 2]); // rows may bear its number
  });

  it.each([
    { type: 'back', why: 'x' },
    { type: 'confirmed', by: 'ana' },
  ] as const satisfies readonly AdoptionRecord[])(
    'and is over, by its last line ($type) or since a later one began, holds up nobody, and is told of',
    (last) => {
      const said = vi.spyOn(console, 'error').mockReturnValue();
      adoption(1, { type: 'armed', deadMan }, adopted);
      adoption(2, { type: 'armed', deadMan }, adopted, last);
      damage(fileOf(1));
      damage(fileOf(2));
      expect(leftOpen(dir, 'new boot')).toEqual({ epochs: [], adoptions: [], unreadable: [] });
      expect(notAtRest(dir)).toBeUndefined();
      expect(said.mock.calls.flat()).toEqual([
        expect.stringContaining('adoption 1 cannot be read, it is at rest'),
        expect.stringContaining(`adoption 2 cannot be read, it is ${last.type}`),
      ]);
      said.mockRestore();
    },
  );

  it('keeps `adopt --back` from taking back what it may stand upon, and from nothing else', () => {
    const said = vi.spyOn(console, 'error').mockReturnValue();
    const confirmed = { type: 'confirmed', by: 'ana' } as const;
    adoption(1, { type: 'armed', deadMan }, adopted, confirmed);
    adoption(2, { type: 'armed', deadMan }, adopted, confirmed);
    damage(fileOf(1));
    expect(standing(dir).newest?.header.id).toBe(2);
    adoption(3, { type: 'armed', deadMan }, adopted, { type: 'back', why: 'x' });
    damage(fileOf(3));
    expect(standing(dir).newest?.header.id).toBe(2);
    adoption(4, { type: 'armed', deadMan }, adopted, confirmed);
    damage(fileOf(4));
    expect(standing(dir)).toMatchObject({ doubtful: { id: 4, phase: 'confirmed' } });
    said.mockRestore();
  });
});

describe('settling', () => {
  it('goes on with what is left when one of them fails, and says so', async () => {
    const tried: string[] = [];
    const settled = await settleEach(
      { epochs: [3, 2], adoptions: [2, 1], unreadable: [] },
      {
        attempt: async (epoch) => {
          tried.push(`attempt ${epoch}`);
          if (epoch === 3) throw new Error('its notes are damaged');
          return { kind: 'reverted', leftAlone: [] };
        },
        adoption: async (id) => {
          tried.push(`adoption ${id}`);
          if (id === 2) throw new Error('the lock did not come');
          return { kind: 'back', id };
        },
      },
    );
    expect(tried).toEqual(['attempt 3', 'attempt 2', 'adoption 2', 'adoption 1']);
    expect(settledText(settled)).toEqual([
      expect.stringMatching(/^attempt 3 is not settled: .*its notes are damaged/),
      'attempt 2 was open when this host went down: it was taken back',
      expect.stringMatching(/^adoption 2 is not settled: .*the lock did not come/),
      'adoption 1 was open when this host went down: it was taken back',
    ]);
    expect(settledExit(settled)).toBe(1);
  });

  it('tells of an attempt that cannot be read, and does not call the host at rest', () => {
    attemptWith(dir, 1, [armed]);
    damage(journalPath(dir, 1));
    attemptWith(dir, 2, [armed]);
    const { epochs, unreadable } = leftOpen(dir, 'new boot');
    expect([epochs, settledExit(unreadable)]).toEqual([[2], 1]);
    expect(settledText(unreadable)).toEqual([expect.stringContaining('attempt 1 is not settled: the journal of')]);
  });
});

describe('what settling says', () => {
  const stuck: Settled = {
    what: 'attempt',
    epoch: 3,
    result: { kind: 'stuck', why: 'no vswitchd', repair: ['ip link …'] },
  };

  it('is good when all went back, and 5 when something is stuck', () => {
    const back: Settled = { what: 'attempt', epoch: 2, result: { kind: 'reverted', leftAlone: [] } };
    expect([settledExit([]), settledExit([back]), settledExit([back, stuck])]).toEqual([0, 0, 5]);
    expect(settledText([back, stuck])).toEqual([
      'attempt 2 was open when this host went down: it was taken back',
      'attempt 3 could not be taken back: no vswitchd. By hand:',
      '  ip link …',
    ]);
  });
});
