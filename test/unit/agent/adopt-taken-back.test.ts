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
  const disarm = async () => undefined;
  expect(await takenBack({ goBack, why, note: (written) => done.push(written), disarm })).toEqual(outcome);
  expect(done).toEqual(['back', record]);
});

it.each(ends)('ends the dead man only where all is back: he tries again what is stuck: %o', async (outcome) => {
  const disarm = vi.fn(async () => undefined);
  await takenBack({ goBack: async () => outcome, why: '', note: () => expect(disarm).not.toHaveBeenCalled(), disarm });
  expect(disarm).toHaveBeenCalledTimes(outcome.kind === 'back' ? 1 : 0);
});

it.each(ends)('ends the same where that cannot be written, and says so: %o', async (outcome) => {
  const said = vi.spyOn(console, 'error').mockReturnValue();
  const note = () => {
    throw new Error('ENOSPC: no space left on device');
  };
  const disarm = async () => undefined;
  expect(await takenBack({ goBack: async () => outcome, why: '', note, disarm })).toEqual(outcome);
  expect(said).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('ENOSPC'));
  said.mockRestore();
});
