import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isDonePhase } from '../../domain/attempt/operation-phases.ts';
import type { Phase } from '../../domain/phases.ts';
import { findProcess, signalProcess } from '../../lab/processes.ts';
import { killProgram, type ProgramName, restartProgram } from '../../lab/programs.ts';
import { pathsOf } from '../../lab/run-dir.ts';
import { cut, type Deed, endsOf, flip, OneHost, stage } from './fixture/one-host.ts';
import { everyMoment, moments } from './moments.ts';
import { titleOf } from './rows.ts';

describe(titleOf(10), () => {
  let world: OneHost;
  beforeAll(async () => {
    world = await OneHost.up();
    // A southbound database that hangs is noticed after two of these.
    await world.host.vsctl('set', 'open_vswitch', '.', 'external_ids:ovn-remote-probe-interval=1000');
  });
  afterAll(() => world?.[Symbol.asyncDispose]());

  /** Does it as soon as the attempt is in that phase. */
  function at(phase: Phase, strike: () => unknown): void {
    const { host } = world;
    host.onState = (state) => {
      if (state.phase !== phase) return;
      host.onState = () => undefined;
      strike();
    };
  }

  const restarts: readonly { readonly name: string; readonly deed: Deed; readonly phase: Phase }[] = [
    { name: 'a direct cut', deed: cut, phase: 'cutting' },
    { name: 'staging', deed: stage, phase: 'entering' },
    { name: 'a flip', deed: flip, phase: 'cutting' },
  ];

  it.each(moments(restarts, ({ deed }) => deed === cut))(
    'vswitchd is killed in the middle of $name, and comes again: all guests are where the journal says, whichever way it ends',
    async ({ deed, phase }) => {
      await world.goTo(endsOf(deed).from);
      const { promise: again, resolve } = Promise.withResolvers<unknown>();
      at(phase, () => resolve(restartProgram(world.host.name, 'hv1-vswitchd')));
      await world.begin(deed);
      await again;
      const ended = await world.host.until(
        'the attempt to be ready for its word, or back',
        () => {
          const state = world.host.states.findLast(({ epoch }) => epoch === world.epoch);
          return state?.phase === 'committing' || state?.phase === 'reverted' ? state : undefined;
        },
        60_000,
      );
      if (ended.phase === 'committing') await world.host.commit(world.epoch);
      const { from, to } = endsOf(deed);
      const place = await world.atRest(60_000);
      const { phase: said } = world.host.states.findLast(({ epoch }) => epoch === world.epoch) ?? { phase: 'idle' };
      expect(place).toBe(isDonePhase(said) ? to : from);
    },
  );

  it.runIf(everyMoment)('ovn-controller is killed in the middle of a cut: all go back by themselves', async () => {
    await world.goTo('legacy');
    at('cutting', () => killProgram(world.host.name, 'hv1-controller'));
    await world.begin(cut);
    expect(await world.host.phase(world.epoch, 'reverted', 60_000)).toMatchObject({
      code: 'timed-out',
      why: expect.stringContaining('OVN did not install'),
    });
    await restartProgram(world.host.name, 'hv1-controller');
    await ready(true);
    expect(await world.atRest()).toBe('legacy');
  });

  const absences: readonly {
    readonly what: string;
    readonly name: ProgramName | 'central-sb';
    readonly signal: 'SIGKILL' | 'SIGSTOP';
  }[] = [
    { what: 'ovn-controller is gone', name: 'hv1-controller', signal: 'SIGKILL' },
    { what: 'ovn-controller hangs', name: 'hv1-controller', signal: 'SIGSTOP' },
    { what: 'the southbound database is away', name: 'central-sb', signal: 'SIGSTOP' },
    { what: 'vswitchd hangs', name: 'hv1-vswitchd', signal: 'SIGSTOP' },
  ];

  it.each(moments(absences, ({ what }) => what === 'the southbound database is away'))(
    '$what: the hypervisor is not ready, and nothing is touched, before it was prepared or after',
    async ({ name, signal }) => {
      await world.goTo('legacy');
      const { host } = world;
      world.epoch += 1;
      expect(await host.prepare(world.epoch)).toMatchObject({ kind: 'accepted' });
      send(name, signal);
      if (name !== 'hv1-vswitchd') await ready(false);
      expect(await host.cut(world.epoch)).toMatchObject({ kind: 'refused' });
      world.epoch += 1;
      expect(await host.prepare(world.epoch)).toMatchObject({ kind: 'refused' });
      const moving = host.states.filter(({ epoch, phase }) => epoch >= world.epoch - 1 && phase === 'cutting');
      expect(moving).toEqual([]);
      if (signal === 'SIGSTOP') send(name, 'SIGCONT');
      else await restartProgram(host.name, name as ProgramName); // only a database of OVN's is another
      await ready(true);
      expect(await world.atRest()).toBe('legacy');
      await goesAgain();
    },
  );

  function send(name: string, signal: NodeJS.Signals): void {
    const record = findProcess(pathsOf(world.host.name), name);
    if (record === undefined || !signalProcess(record, signal)) throw new Error(`there is no ${name}`);
  }

  /** OVN may need more than one try: what had hung answers, and its peers come back to it at their own pace. */
  async function goesAgain(): Promise<void> {
    await world.attempt(cut);
    while ((await world.atRest()) === 'legacy') await world.attempt(cut);
    expect(await world.atRest()).toBe('direct');
  }

  /** As the agent shows it to the coordinator, which begins nothing where it is not. */
  function ready(is: boolean): Promise<unknown> {
    return world.host.until(`the chassis to be ${is ? 'ready' : 'not ready'}`, () =>
      world.host.inventory?.chassisReady === is ? true : undefined,
    );
  }
});
