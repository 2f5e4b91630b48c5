import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Attempts } from '../../../agent/attempts.ts';
import type { AttemptContext } from '../../../agent/cutover/attempt-context.ts';
import { attemptsDir, journalPath, openRevertNotes } from '../../../agent/journal/attempt-journal.ts';
import { writeResolution } from '../../../agent/resolve.ts';
import type { OrderResult } from '../../../domain/orders.ts';
import { systemClock } from '../../../platform/clock.ts';
import { createLogger } from '../../../platform/log.ts';
import { encodeRecord } from '../../../platform/records.ts';
import { armed, attemptWith, committed } from './journaled.ts';

let stateDir: string;
let attempts: Attempts | undefined;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'shunt-unread-'));
});
afterEach(() => {
  attempts?.[Symbol.dispose]();
  attempts = undefined;
  rmSync(stateDir, { recursive: true });
});

/** An agent that starts with these files. */
function agent(): Attempts {
  const nothing = () => undefined;
  const parts = {
    host: { identity: { systemId: 'hv1', hostname: 'hv1' } },
    ...{ clock: systemClock, logger: createLogger({ name: 't', level: 'silent' }), stateDir },
    ...{ onState: nothing, onFinding: nothing, onGuard: nothing, onUnguard: async () => undefined },
  };
  attempts = new Attempts(parts as unknown as AttemptContext, 'active'); // nothing else is asked for by an attempt that nobody is at
  attempts.recover();
  return attempts;
}

const cut = [armed, { type: 'cut-done' }] as const;
const lookedAfter = { format: 1, type: 'resolved', rest: 'from', why: 'ana looked' } as const;
const resolve = (at: Attempts): Promise<OrderResult> =>
  at.handle({ type: 'resolve', orderId: 'o', epoch: 1, by: 'ana', why: '' });

/** Ways in which a journal is there, and says nothing. */
const ways: Readonly<Record<string, (path: string) => void>> = {
  'its first line is damaged': (path) => writeFileSync(path, `x${readFileSync(path, 'utf8')}`),
  'its first line is of a format that this agent does not know': (path) =>
    writeFileSync(path, encodeRecord({ format: 9, type: 'attempt' })),
  'its disk does not give it back': (path) => {
    rmSync(path);
    mkdirSync(path);
  },
};

describe('an agent that starts and cannot read its newest journal', () => {
  it.each(Object.keys(ways))('tells of the attempt as stuck: %s', (way) => {
    attemptWith(stateDir, 1, cut);
    ways[way]?.(journalPath(stateDir, 1));
    const { current, highestEpoch, standing } = agent();
    expect(current).toMatchObject({
      epoch: 1,
      phase: 'stuck',
      code: 'records-corrupt',
      why: expect.stringMatching(/nobody takes its taps back.*resolve --attempt 1 --force here, then shunt host/),
    });
    expect(highestEpoch).toBe(1);
    expect(standing).toMatchObject([{ kind: 'journal-torn', severity: 'error' }]);
  });

  it('refuses to resolve it before somebody has looked, then tells nothing of it and lets go of it', async () => {
    attemptWith(stateDir, 1, cut);
    ways['its first line is damaged']?.(journalPath(stateDir, 1));
    const at = agent();
    expect(await resolve(at)).toMatchObject({ kind: 'refused', code: 'stuck' });
    writeResolution(stateDir, 1, lookedAfter);
    at.lockReturned(true);
    expect([at.current, at.standing]).toEqual([undefined, []]);
    expect(await resolve(at)).toMatchObject({ kind: 'accepted', resolved: { outcome: 'reverted' } });
  });

  it('tells of one whose way back failed that it is stuck for that', () => {
    attemptWith(stateDir, 1, cut);
    using notes = openRevertNotes(stateDir, 1);
    notes.append({ format: 1, type: 'revert-began', by: 'the dead man' });
    notes.append({ type: 'revert-failed', why: 'vswitchd is gone', repair: ['ovs-vsctl …'] });
    ways['its first line is damaged']?.(journalPath(stateDir, 1));
    expect(agent().current).toMatchObject({ epoch: 1, phase: 'stuck', code: 'stuck' });
  });

  it('tells of the newest attempt where only an older one cannot be read', () => {
    attemptWith(stateDir, 1, cut);
    ways['its first line is damaged']?.(journalPath(stateDir, 1));
    attemptWith(stateDir, 2, committed);
    expect(agent().current).toMatchObject({ epoch: 2, phase: 'committed' });
  });

  it('tells nothing of one that never got its first line: nothing was touched', () => {
    mkdirSync(attemptsDir(stateDir));
    writeFileSync(journalPath(stateDir, 1), '');
    expect([agent().current, attempts?.highestEpoch]).toEqual([undefined, 1]);
  });
});

it('an attempt whose files are gone is resolved by the word of who looked after it there', async () => {
  const at = agent();
  expect(await resolve(at)).toMatchObject({ kind: 'refused', message: expect.stringContaining('--force') });
  writeResolution(stateDir, 1, lookedAfter);
  expect(await resolve(at)).toMatchObject({ kind: 'accepted', resolved: { outcome: 'reverted' } });
});
