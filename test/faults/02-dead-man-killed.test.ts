import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isDeadManThere } from '../../agent/cutover/dead-man.ts';
import { readAttempt, readReverts } from '../../agent/journal/attempt-journal.ts';
import type { DeadMan } from '../../agent/journal/journal-records.ts';
import type { Phase } from '../../domain/phases.ts';
import { cut, flip, OneHost } from './fixture/one-host.ts';
import { everyMoment, moments } from './moments.ts';
import { titleOf } from './rows.ts';

const deeds = [
  { name: 'a direct cut', deed: cut, begins: 'legacy' },
  { name: 'a flip', deed: flip, begins: 'staged' },
] as const;
const phases: readonly Phase[] = everyMoment ? ['cutting', 'verifying', 'soaking', 'committing'] : ['soaking'];
const cases = moments(deeds, ({ deed }) => deed === cut).flatMap((one) => phases.map((phase) => ({ ...one, phase })));

describe(titleOf(2), () => {
  let world: OneHost;
  beforeAll(async () => {
    world = await OneHost.up();
  });
  afterAll(() => world?.[Symbol.asyncDispose]());

  it.each(cases)('of $name while $phase: the agent arms another, and tells', async ({ deed, begins, phase }) => {
    const { host } = world;
    await world.goTo(begins);
    await world.begin(deed, { soakMs: 2_000, batchSize: 1, deadlineMs: 9_000 });
    await host.until(`it to be ${phase}`, () =>
      host.states.find((state) => state.epoch === world.epoch && state.phase === phase),
    );
    const first = deadManNow();
    endDeadMan(first);
    const second = await host.until('another dead man', () => {
      const now = deadManNow();
      return now.pid !== first.pid && isDeadManThere(now) ? now : undefined;
    });
    await host.until('the agent to tell it', () => host.log.includes('another one is armed') || undefined);
    // The new one is as good: the agent is killed for good, and the host goes back by him alone.
    await host.phase(world.epoch, 'committing');
    await host.kill('SIGKILL');
    await host.until('the dead man to go back', () => revertDone(), 60_000);
    expect(readAttempt(host.stateDir, world.epoch)?.deadMan).toEqual(second);
    await host.start();
    expect(await world.atRest()).toBe(begins);
  });

  const ends = [
    { end: 'the word comes', place: 'direct' },
    { end: 'no word comes', place: 'legacy' },
  ] as const;

  it.each(everyMoment ? ends : ends.slice(0, 1))(
    'of a direct cut, and $end: the agent alone brings it to $place',
    async ({ place }) => {
      const { host } = world;
      await world.goTo('legacy');
      await world.begin(cut, { deadlineMs: 4_000 });
      await host.phase(world.epoch, 'committing');
      const first = deadManNow();
      endDeadMan(first);
      await host.until('another dead man', () => deadManNow().pid !== first.pid || undefined);
      if (place === 'direct') await host.commit(world.epoch);
      await host.phase(world.epoch, place === 'direct' ? 'committed' : 'reverted');
      expect(readReverts(host.stateDir, world.epoch)).toEqual([]); // no dead man had a part in it
      expect(await world.atRest()).toBe(place);
    },
  );

  it('and of the agent: at its next start it goes back at once, and says why', async () => {
    const { host } = world;
    await world.goTo('legacy');
    await world.begin(cut);
    await host.phase(world.epoch, 'committing');
    await host.kill('SIGKILL');
    endDeadMan(deadManNow());
    await host.start();
    expect(await host.phase(world.epoch, 'reverted')).toMatchObject({
      why: expect.stringContaining('dead man is gone'),
    });
    expect(await world.atRest()).toBe('legacy');
  });

  function deadManNow(): Extract<DeadMan, { kind: 'process' }> {
    const deadMan = readAttempt(world.host.stateDir, world.epoch)?.deadMan;
    if (deadMan?.kind !== 'process') throw new Error('the attempt has a process as dead man');
    return deadMan;
  }

  function revertDone(): true | undefined {
    return readReverts(world.host.stateDir, world.epoch).some(({ type }) => type === 'revert-done') || undefined;
  }
});

function endDeadMan({ pid }: Extract<DeadMan, { kind: 'process' }>): void {
  process.kill(-pid, 'SIGKILL'); // a session of his own: the shell and its sleep
}
