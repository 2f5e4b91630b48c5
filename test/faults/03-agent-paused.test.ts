import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readReverts } from '../../agent/journal/attempt-journal.ts';
import { isStopped } from '../../lab/faults/process-pause.ts';
import { keepaliveBoundMs } from '../../wire/channel-options.ts';
import { cut, type Deed, endsOf, flip, OneHost, stage } from './fixture/one-host.ts';
import { RowWatch } from './fixture/row-watch.ts';
import { TapWatch } from './fixture/tap-watch.ts';
import { moments } from './moments.ts';
import { titleOf } from './rows.ts';

interface Pause {
  readonly deed: Deed;
  readonly name: string;
  /** The record of its journal at which it stops itself. */
  readonly step: string;
  /** With the record half written, or written and nothing done of what follows. */
  readonly moment: 'middle' | 'after';
}

const pauses: readonly Pause[] = [
  { name: 'before the first tap leaves, half of it written', deed: cut, step: 'event/armed', moment: 'middle' },
  { name: 'before the first tap leaves', deed: cut, step: 'event/armed', moment: 'after' },
  { name: 'between two taps, half of it written', deed: cut, step: 'checkpoint', moment: 'middle' },
  { name: 'between two taps', deed: cut, step: 'checkpoint', moment: 'after' },
  { name: 'after the last tap', deed: cut, step: 'event/cut-done', moment: 'middle' },
  { name: 'with its commit half written', deed: cut, step: 'event/commit-recorded', moment: 'middle' },
  { name: 'before it stages', deed: stage, step: 'event/armed', moment: 'after' },
  { name: 'before a flip', deed: flip, step: 'event/armed', moment: 'after' },
  { name: 'before a flip, in the middle of a write', deed: flip, step: 'event/armed', moment: 'middle' },
];

describe(titleOf(3), () => {
  let world: OneHost;
  beforeAll(async () => {
    world = await OneHost.up();
  });
  afterAll(() => world?.[Symbol.asyncDispose]());

  it.each(moments(pauses, ({ step, moment }) => step === 'checkpoint' && moment === 'middle'))(
    '$name: the dead man goes back, and the agent that wakes changes nothing any more',
    async ({ deed, step, moment }) => {
      const { host } = world;
      const { from } = endsOf(deed);
      await world.goTo(from);
      await host.kill('SIGKILL');
      await host.start('active', { SHUNT_FAILPOINT: `journal:${step}:${moment}=stop` });
      // Whoever stops in the middle of an order may lose the connection, and its answer with it: how it went, the states tell.
      world.begin(deed, { deadlineMs: 4_000, batchSize: 1 }).catch(() => undefined);
      if (step === 'event/commit-recorded') {
        await host.phase(world.epoch, 'committing');
        void host.commit(world.epoch);
      }
      await host.until('the agent to stop itself', () => isStopped(host.pid) || undefined);
      await host.until('the dead man to be done', () => undone());
      await using moves = await TapWatch.begin(host);
      await host.kill('SIGCONT');
      await host.phase(world.epoch, 'reverted');
      expect(await moves.seen()).toEqual([]); // it looks again and repairs tables, which moves nobody
      expect(await world.atRest()).toBe(from);
    },
  );

  it('between two taps, and somebody takes it back by hand before its deadline: no row is written without the lock', async () => {
    const { host } = world;
    await world.goTo('legacy');
    await host.kill('SIGKILL');
    await host.start('active', { SHUNT_FAILPOINT: 'journal:checkpoint:after=stop' });
    world.begin(cut, { deadlineMs: 120_000, batchSize: 1 }).catch(() => undefined);
    await host.until('the agent to stop itself', () => isStopped(host.pid) || undefined);
    expect(await host.command('revert', '--attempt', `${world.epoch}`)).toMatchObject({ exitCode: 3 });
    await using rows = await RowWatch.begin(host);
    await host.kill('SIGCONT');
    await host.phase(world.epoch, 'reverted');
    expect(await rows.seen()).toEqual([]);
    expect(await world.atRest()).toBe('legacy');
  });

  it('while prepared, and the order to begin lies unread until its stream is dead: whoever wakes begins nothing', async () => {
    const { host } = world;
    await world.goTo('legacy');
    await host.kill('SIGKILL');
    await host.start('active');
    world.epoch += 1;
    expect(await host.prepare(world.epoch)).toMatchObject({ kind: 'accepted' });
    await using moves = await TapWatch.begin(host);
    await host.kill('SIGSTOP');
    await host.until('the agent to stop', () => isStopped(host.pid) || undefined);
    const stoppedMs = performance.now();
    void host.cut(world.epoch, { commitOn: 'evidence' });
    await host.streamEnded();
    const isLate = () => performance.now() - stoppedMs > keepaliveBoundMs || undefined;
    await host.until('the agent to stand still for longer than a coordinator waits', isLate);
    host.hello = undefined;
    await host.kill('SIGCONT');
    const hello = await host.until('the agent to come back', () => host.hello);
    expect(hello.attempt).toMatchObject({ epoch: world.epoch, phase: 'prepared' });
    expect(await host.revert(world.epoch, 'the run was aborted')).toMatchObject({ kind: 'accepted' });
    await host.phase(world.epoch, 'reverted');
    expect(await moves.seen()).toEqual([]);
    expect(await world.atRest()).toBe('legacy');
  });

  function undone(): true | undefined {
    return readReverts(world.host.stateDir, world.epoch).some(({ type }) => type === 'revert-done') || undefined;
  }
});
