import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restartProgram } from '../../lab/programs.ts';
import { hypervisorDir } from '../../lab/run-dir.ts';
import { LossyDatabase, type Lost } from './fixture/lossy-database.ts';
import { cut, type Deed, endsOf, OneHost, stage, uncut } from './fixture/one-host.ts';
import { moments } from './moments.ts';
import { titleOf } from './rows.ts';

interface Loss {
  readonly what: Lost;
  readonly deed: Deed;
  /** Which of its transactions: the one that plugs ports, or the one that unplugs them. */
  readonly of: 'plugging' | 'unplugging';
  /** Of an attempt that is called back, on its way back. */
  readonly onTheWayBack?: true;
}

const losses: readonly Loss[] = [
  { what: 'reply', deed: cut, of: 'plugging' },
  { what: 'request', deed: cut, of: 'plugging' },
  { what: 'reply', deed: cut, of: 'unplugging', onTheWayBack: true },
  { what: 'request', deed: cut, of: 'unplugging', onTheWayBack: true },
  { what: 'reply', deed: uncut, of: 'unplugging' },
  { what: 'reply', deed: stage, of: 'plugging' },
];

const isOf = {
  plugging: (text: string) => text.includes('"insert","table":"Port"') && !/"name":"sh[pwm]/.test(text), // not our probe ports
  unplugging: (text: string) => text.includes('["ports","delete"'),
} as const;

describe(titleOf(9), () => {
  let world: OneHost;
  let relay: LossyDatabase;
  beforeAll(async () => {
    world = await OneHost.up();
    const dir = hypervisorDir(world.host.name, 'hv1');
    relay = await LossyDatabase.start({ listen: join(dir, 'lossy.sock'), to: join(dir, 'db.sock') });
    world.host.database = relay.endpoint;
    await world.host.kill('SIGKILL');
    world.host.inventory = undefined;
    await world.host.start();
    await world.host.until('the chassis to be ready', () => world.host.inventory?.chassisReady || undefined);
  });
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    await relay?.[Symbol.asyncDispose]();
  });

  it.each(moments(losses, ({ what, deed, of }) => what === 'reply' && deed === cut && of === 'plugging'))(
    'the $what of $of is lost, and the server started again: it is looked at again, and all are where the journal says',
    async ({ what, deed, of, onTheWayBack }) => {
      const { from } = endsOf(deed);
      await world.goTo(from);
      const restarted = relay.lose(what, isOf[of]).then(() => restartProgram(world.host.name, 'hv1-ovsdb'));
      await world.begin(deed);
      if (onTheWayBack === true) {
        await world.host.phase(world.epoch, 'committing');
        void world.host.revert(world.epoch);
      }
      await restarted;
      const state = await world.host.phase(world.epoch, 'reverted', 60_000);
      if (onTheWayBack !== true) expect(state.code).toBe('outcome-unknown');
      expect(await world.atRest()).toBe(from);
    },
  );

  it('an operator’s revert of a committed attempt is there before the agent is again: it holds', async () => {
    const { host } = world;
    await world.goTo('legacy');
    await world.perform(cut);
    host.database = undefined; // the operator's command has a way of its own
    try {
      using _away = relay.cutOff();
      const reverted = await host.command('revert', '--attempt', String(world.epoch));
      expect([reverted.exitCode, reverted.stderr]).toEqual([3, '']);
    } finally {
      host.database = relay.endpoint;
    }
    await host.phase(world.epoch, 'reverted');
    expect(await world.atRest()).toBe('legacy');
  });

  it('the server is started again while all is moved: nothing is moved for it, and the word commits', async () => {
    await world.goTo('legacy');
    await world.begin(cut, { soakMs: 2_000 });
    await world.host.phase(world.epoch, 'soaking');
    await restartProgram(world.host.name, 'hv1-ovsdb');
    await world.host.phase(world.epoch, 'committing', 60_000);
    await world.host.commit(world.epoch);
    await world.host.phase(world.epoch, 'committed');
    expect(await world.atRest()).toBe('direct');
  });
});
