import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAttempt } from '../../agent/journal/attempt-journal.ts';
import { isDonePhase } from '../../domain/attempt/operation-phases.ts';
import type { Phase } from '../../domain/phases.ts';
import {
  collapse,
  cut,
  type Deed,
  endsOf,
  finish,
  flip,
  OneHost,
  stage,
  uncollapse,
  uncut,
  unfinish,
  unflip,
  unstage,
} from './fixture/one-host.ts';
import { everyMoment, moments } from './moments.ts';
import { titleOf } from './rows.ts';

/** An attempt from its order to its end, of which every record of the journal is a moment to be killed at. */
interface Script {
  readonly name: string;
  readonly deed: Deed;
  readonly end: 'commit' | 'revert';
}

const deeds: readonly (readonly [name: string, deed: Deed])[] = [
  ['a direct cut', cut],
  ['a direct way back', uncut],
  ['staging', stage],
  ['a flip', flip],
  ['finishing', finish],
  ['collapsing', collapse],
  ['making a shunt again', uncollapse],
  ['giving it back its legacy leg', unfinish],
  ['a flip back', unflip],
  ['unstaging', unstage],
];
const scripts = deeds.flatMap(([name, deed]): readonly Script[] => [
  { name, deed, end: 'commit' },
  { name: `${name} that goes back`, deed, end: 'revert' },
]);

/** The nth record of its kind in one attempt. */
interface Step {
  readonly step: string;
  readonly nth: number;
}

interface Strike extends Step {
  /** With the record half written, and so never; and with it written, and nothing done of what follows. */
  readonly moment: 'middle' | 'after';
}

describe(titleOf(1), () => {
  let world: OneHost;
  beforeAll(async () => {
    world = await OneHost.up();
  });
  afterAll(() => world?.[Symbol.asyncDispose]());

  it.each(moments(scripts, ({ name }) => name === 'a direct cut'))(
    'at each step of $name: the agent that starts again brings it to rest',
    { timeout: 1_800_000 },
    async (script) => {
      const steps = await stepsOf(script);
      expect(steps.map(({ step }) => step)).toEqual(expect.arrayContaining(['attempt', 'event/armed', 'checkpoint']));
      const strikes = steps.flatMap((step): Strike[] => [
        { ...step, moment: 'middle' },
        { ...step, moment: 'after' },
      ]);
      // The two that leave most behind: taps moved and nothing known of it, and a commit of which half is written.
      const some = ({ step, moment }: Strike) =>
        (step === 'checkpoint' && moment === 'after') || (step === 'event/commit-recorded' && moment === 'middle');
      for (const strike of everyMoment ? strikes : moments(strikes, some)) await struck(script, strike);
    },
  );

  /** Where an operator's own revert of what is committed is killed; with `revert-done` all taps are back, and nobody has said so. */
  const inRevert = ['revert-began:after', 'revert-done:middle'] as const;
  it.each(moments(inRevert, (at) => at === 'revert-began:after'))(
    'an operator’s revert of a committed attempt, at %s: the agent beside it hears of it, and goes on with it to its end',
    async (at) => {
      const { host } = world;
      await world.goTo('legacy');
      await world.perform(cut);
      const { epoch } = world;
      const reverting = ['revert', '--attempt', String(epoch)];
      const killed = host.commandWith({ SHUNT_FAILPOINT: `journal:${at}=kill` }, ...reverting);
      await expect(killed).rejects.toThrow('ended by SIGKILL');
      await host.phase(epoch, 'reverted');
      expect(await world.atRest()).toBe('legacy');
      // What it tells now is what it tells after a restart.
      await host.kill('SIGKILL');
      host.states.length = 0;
      await host.start();
      expect(await host.phase(epoch, 'reverted')).toMatchObject({ phase: 'reverted' });
      expect(await world.atRest()).toBe('legacy');
    },
  );

  /** What an attempt that nothing strikes writes down. */
  async function stepsOf(script: Script): Promise<readonly Step[]> {
    await world.goTo(endsOf(script.deed).from);
    await play(script);
    await world.atRest();
    const seen = new Map<string, number>();
    return world.steps().map((step) => {
      seen.set(step, (seen.get(step) ?? 0) + 1);
      return { step, nth: seen.get(step) ?? 1 };
    });
  }

  async function play({ deed, end }: Script): Promise<void> {
    await world.begin(deed);
    await Promise.race([world.host.phase(world.epoch, 'committing'), world.host.ended()]);
    if (world.host.isGone) return;
    if (end === 'commit') void world.host.commit(world.epoch);
    else void world.host.revert(world.epoch);
  }

  async function struck(script: Script, { step, nth, moment }: Strike): Promise<void> {
    const { host } = world;
    const { from, to } = endsOf(script.deed);
    await world.goTo(from);
    await host.kill('SIGKILL');
    await host.start('active', { SHUNT_FAILPOINT: `journal:${step}:${nth}:${moment}=kill` });
    const struckAt = `${script.name}, killed ${moment} ${step} ${nth}`;
    await Promise.all([play(script), host.until(`it to be ${struckAt}`, () => host.isGone || undefined, 60_000)]);
    const written = readAttempt(host.stateDir, world.epoch)?.attempt.phase ?? 'idle';
    await host.start();
    if (waitsForAWord(written)) await lastWord(script);
    const goesOn = isDonePhase(written) || (waitsForAWord(written) && script.end === 'commit');
    expect([struckAt, written, await world.atRest()]).toEqual([struckAt, written, goesOn ? to : from]);
  }

  /** In time and proved again, it waits for the word, as it would have before. */
  async function lastWord({ end }: Script): Promise<void> {
    const { host, epoch } = world;
    const rested = () => host.states.find((state) => state.epoch === epoch && isRest(state.phase));
    await host.until('the agent to ask for the word', () =>
      host.newest?.phase === 'committing' || rested() !== undefined ? true : undefined,
    );
    if (rested() === undefined) await (end === 'commit' ? host.commit(epoch) : host.revert(epoch));
  }
});

function waitsForAWord(phase: Phase): boolean {
  return phase === 'verifying' || phase === 'soaking' || phase === 'committing';
}

function isRest(phase: Phase): boolean {
  return isDonePhase(phase) || phase === 'reverted';
}
