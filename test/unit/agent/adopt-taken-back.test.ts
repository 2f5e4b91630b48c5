import { expect, it, vi } from 'vitest';
import type { AdoptionRecord } from '../../../agent/adopt/adoption-journal.ts';
import type { BackOutcome } from '../../../agent/adopt/go-back.ts';
import { takenBack } from '../../../agent/adopt/taken-back.ts';

const ends = [
  [{ kind: 'back' }, { type: 'back', why: 'taken back by the dead man' }],
  [
    { kind: 'failed', why: 'no vswitchd', repair: ['ip link …'] },
    { type: 'stuck', why: 'no vswitchd', repair: ['ip link …'] },
  ],
] as const satisfies readonly (readonly [BackOutcome, AdoptionRecord])[];

it.each(ends)('writes nothing before uplinks are back, and then how it ended: %o', async (outcome, record) => {
  const done: unknown[] = [];
  const goBack = async () => {
    await Promise.resolve();
    done.push('back');
    return outcome;
  };
  const why = 'taken back by the dead man';
  expect(await takenBack({ goBack, why, note: (written) => done.push(written) })).toEqual(outcome);
  expect(done).toEqual(['back', record]);
});

it.each(ends)('ends the same where that cannot be written, and says so: %o', async (outcome) => {
  const said = vi.spyOn(console, 'error').mockReturnValue();
  const note = () => {
    throw new Error('ENOSPC: no space left on device');
  };
  expect(await takenBack({ goBack: async () => outcome, why: '', note })).toEqual(outcome);
  expect(said).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('ENOSPC'));
  said.mockRestore();
});
