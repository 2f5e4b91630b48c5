import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AdoptionJournal, type AdoptionRecord } from '../../../agent/adopt/adoption-journal.ts';
import { leftOpen, type Settled, settledExit, settledText } from '../../../agent/settle-boot.ts';
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
    expect(leftOpen(dir, 'new boot')).toEqual({ epochs: [], adoptions: [] });
    attemptWith(dir, 1, committed);
    attemptWith(dir, 2, [armed, { type: 'deadline' }, { type: 'restored' }]);
    adoption(1, { type: 'armed', deadMan }, adopted, { type: 'confirmed', by: 'ana' });
    expect(leftOpen(dir, 'new boot')).toEqual({ epochs: [], adoptions: [] });
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

  it('is not one that is stuck: that is left by an operator’s word only', () => {
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
