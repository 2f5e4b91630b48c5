import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAttempt, readReverts } from '../../agent/journal/attempt-journal.ts';
import { type WrongClock, wrongClock } from '../../lab/faults/wrong-clock.ts';
import { eventAtMs } from './fixture/journal-times.ts';
import { cut, OneHost } from './fixture/one-host.ts';
import { moments } from './moments.ts';
import { titleOf } from './rows.ts';

const year = 365 * 24 * 3600;
const jumps = [
  { name: '10 years ahead', seconds: 10 * year },
  { name: 'a day back', seconds: -24 * 3600 },
];

describe(titleOf(5), () => {
  let world: OneHost;
  let clocks = 0;
  beforeAll(async () => {
    world = await OneHost.up();
  });
  afterAll(() => world?.[Symbol.asyncDispose]());

  it.each(moments(jumps, ({ seconds }) => seconds > 0))(
    '$name while an attempt is open: it goes back at its deadline, not before',
    async ({ seconds }) => {
      const { host } = world;
      using clock = await openWithClock(6_000);
      clock.setOffset(seconds);
      expect(await host.phase(world.epoch, 'reverted')).toMatchObject({ code: 'timed-out' });
      const due = readAttempt(host.stateDir, world.epoch)?.deadline.monotonicMs ?? Number.NaN;
      expect(eventAtMs(host.stateDir, world.epoch, 'deadline')).toBeGreaterThanOrEqual(due);
      expect(await world.atRest()).toBe('legacy');
      // And the clock that jumped keeps nobody from the next one.
      await world.perform(cut);
      expect(await world.atRest()).toBe('direct');
    },
  );

  it.each(moments(jumps, ({ seconds }) => seconds < 0))(
    '$name, and the agent killed: the dead man goes back, whatever the wall clock says',
    async ({ seconds }) => {
      const { host } = world;
      using clock = await openWithClock(4_000);
      clock.setOffset(seconds);
      await host.kill('SIGKILL');
      await host.until(
        'the dead man to be done',
        () => readReverts(host.stateDir, world.epoch).some(({ type }) => type === 'revert-done') || undefined,
      );
      await host.start('active', clock.env);
      expect(await world.atRest()).toBe('legacy');
    },
  );

  /** An attempt that waits for its word, by an agent whose clock can be moved. */
  async function openWithClock(deadlineMs: number): Promise<WrongClock> {
    const { host } = world;
    await host.kill('SIGKILL');
    await host.start();
    await world.goTo('legacy');
    await host.kill('SIGKILL');
    clocks += 1;
    const clock = wrongClock(join(host.stateDir, `offset-${clocks}`), 0);
    await host.start('active', clock.env);
    await world.begin(cut, { deadlineMs });
    await host.phase(world.epoch, 'committing');
    return clock;
  }
});
