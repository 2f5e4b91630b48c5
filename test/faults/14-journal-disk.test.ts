import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { attemptsDir } from '../../agent/journal/attempt-journal.ts';
import { run, until } from '../../lab/command.ts';
import { failCalls } from '../../lab/faults/failing-calls.ts';
import { type Fault, standingFault } from '../../lab/faults/fault.ts';
import { frozenDisk } from '../../lab/faults/frozen-disk.ts';
import { powerCutDisk } from '../../lab/faults/power-cut-disk.ts';
import { readOnly, type SmallDisk, smallDisk } from '../../lab/faults/small-disk.ts';
import { pathsOf } from '../../lab/run-dir.ts';
import { cut, type Deed, endsOf, flip, OneHost } from './fixture/one-host.ts';
import { everyMoment, moments } from './moments.ts';
import { titleOf } from './rows.ts';

/** Room for the journals of every case, and whatever else the agent keeps. */
const diskBytes = 8 * 1024 * 1024;

describe(titleOf(14), () => {
  let world: OneHost;
  let disk: SmallDisk;
  beforeAll(async () => {
    world = await OneHost.up();
    disk = await smallDisk(world.host.stateDir, diskBytes);
    await world.host.kill('SIGKILL');
    await world.host.start(); // its lock lies there too
  });
  afterAll(async () => {
    await world?.host.kill('SIGKILL');
    await disk?.remove();
    await world?.[Symbol.asyncDispose]();
  });

  // Whatever the disk did, it does its duty again: so does the host.
  afterEach(async () => {
    disk.free();
    await world.host.kill('SIGKILL');
    await world.host.start();
    await world.goTo('legacy');
    expect(await world.refusal(cut)).toBeUndefined();
    await world.host.revert(world.epoch);
    await world.host.phase(world.epoch, 'reverted');
  });

  it('full before the cut: the order is refused with the reason, and nothing is touched', async () => {
    disk.fill();
    expect(await world.refusal(cut)).toMatchObject({
      code: 'journal-failed',
      message: expect.stringContaining('ENOSPC'),
    });
    expect(await world.host.plugs()).toEqual(world.host.guests.map(() => 'legacy'));
  });

  it('full while an attempt is open: it goes back, and nothing new begins before that can be written', async () => {
    const { host } = world;
    // A page of the journal may have room for a line: the line that finds none is named.
    await host.kill('SIGKILL');
    await host.start('active', { SHUNT_FAILPOINT: 'journal:event/soaked=enospc' });
    await world.begin(cut, { soakMs: 1_000 });
    disk.fill();
    expect(await host.phase(world.epoch, 'reverted')).toMatchObject({ code: 'journal-failed' });
    expect(await host.plugs()).toEqual(host.guests.map(() => 'legacy'));
    expect(await world.refusal(cut)).toMatchObject({
      code: 'journal-failed',
      message: expect.stringContaining('ENOSPC'),
    });
    disk.free();
    expect(await world.atRest()).toBe('legacy'); // its journal says so too, by itself
  });

  it('read-only, all of it, when the agent starts again: it goes back without a journal, and keeps what is committed in its place', async () => {
    const { host } = world;
    await world.begin(cut);
    await host.phase(world.epoch, 'committing');
    await host.kill('SIGKILL');
    await using standing = await readOnly(disk.dir);
    await host.start();
    await host.phase(world.epoch, 'reverted');
    expect(host.log).toContain('nothing can be written to the journal');
    expect(await host.plugs()).toEqual(host.guests.map(() => 'legacy'));
    expect(await world.refusal(cut)).toMatchObject({
      code: 'journal-failed',
      message: expect.stringContaining('EROFS'),
    });
    await standing.remove();
    expect(await world.atRest()).toBe('legacy');

    await world.goTo('direct');
    await host.kill('SIGKILL');
    await using again = await readOnly(disk.dir);
    host.log = '';
    await host.start();
    const tap = host.guests[0]?.tap ?? '';
    await host.vsctl('del-port', 'br-int', tap);
    await host.until('the guard to put it back', () => host.log.includes('it was put back') || undefined);
    expect(await host.plugs()).toEqual(host.guests.map(() => 'target'));
    await again.remove();
    expect(await world.atRest()).toBe('direct');
  });

  it('full when an operator reverts what is committed: refused, and no tap is moved that its agent would move again', async () => {
    const { host } = world;
    await world.goTo('legacy');
    await world.perform(cut);
    disk.fill();
    const refused = await host.command('revert', '--attempt', String(world.epoch));
    expect([refused.exitCode, refused.stderr]).toEqual([5, expect.stringContaining('nothing was moved')]);
    expect(await world.atRest()).toBe('direct');
    disk.free();
    const reverted = await host.command('revert', '--attempt', String(world.epoch));
    expect([reverted.exitCode, reverted.stderr]).toEqual([3, '']);
    await host.phase(world.epoch, 'reverted');
    expect(await world.atRest()).toBe('legacy');
  });

  if (everyMoment) {
    it('that hangs while an attempt is open: the dead man takes it back without it, and the agent hears of it when it is there again', async () => {
      const { host } = world;
      await host.kill('SIGKILL');
      await using hanging = await powerCutDisk(join(pathsOf(host.name).dir, 'hangs'));
      await using _over: Fault = await mountedOver(disk.dir, hanging.dir);
      await host.start();
      await world.begin(cut, { deadlineMs: 5_000 });
      await host.phase(world.epoch, 'committing');
      await using frozen = await frozenDisk(hanging.dir);
      await until('the dead man to take every tap back', async () =>
        (await host.plugs()).every((plug) => plug === 'legacy') ? true : undefined,
      );
      expect(host.newest?.phase).toBe('committing'); // the agent stands still in a write
      await frozen.remove();
      await host.phase(world.epoch, 'reverted');
      expect(await world.atRest()).toBe('legacy');
      await host.kill('SIGKILL');
    });

    it('whose syncs fail: none is tried again on that file, no further step is made, it goes back', async () => {
      const { host } = world;
      await world.begin(cut, { soakMs: 1_000 });
      await host.phase(world.epoch, 'soaking');
      await using _failing: Fault = await failCalls(host.pid, { call: 'fdatasync', path: journalOf(world) });
      expect(await host.phase(world.epoch, 'reverted')).toMatchObject({
        code: 'journal-failed',
        why: expect.stringContaining('EIO'),
      });
      expect(await host.plugs()).toEqual(host.guests.map(() => 'legacy'));
    });
  }

  it.each(moments([cut, flip] as readonly Deed[], (deed) => deed === cut))(
    'EIO at each write and each sync of $operation $direction, $method: back where it began, or done',
    { timeout: 1_200_000 },
    async (deed) => {
      const { from, to } = endsOf(deed);
      await world.goTo(from);
      await world.perform(deed);
      const seen = new Map<string, number>();
      const written = world.steps().map((step) => {
        seen.set(step, (seen.get(step) ?? 0) + 1);
        return `${step}:${seen.get(step)}`;
      });
      const syncs = Array.from({ length: 12 }, (_, index) => `sync:${index + 1}`);
      const strikes = everyMoment ? [...written, ...syncs] : ['sync:1', 'checkpoint:1'];
      let refusedSyncs = 0;
      for (const at of strikes) {
        await world.goTo(from);
        await world.host.kill('SIGKILL');
        world.host.log = '';
        await world.host.start('active', { SHUNT_FAILPOINT: `journal:${at}=eio` });
        const refusal = await world.attempt(deed);
        const place = await world.atRest();
        // One of the syncs is of the first line: then the order is refused.
        const isSync = at.startsWith('sync:');
        if (isSync && refusal !== undefined) refusedSyncs += 1;
        const refused = at === 'attempt:1' || (isSync && refusal !== undefined);
        const reached = refused || struck(world);
        expect([at, refusal?.code ?? 'accepted', place]).toEqual([
          at,
          refused ? 'journal-failed' : 'accepted',
          reached ? from : to,
        ]);
        if (reached) continue;
        await world.host.kill('SIGKILL'); // with a failpoint that would strike on the way back
        await world.host.start();
      }
      expect(refusedSyncs).toBe(1);
    },
  );
});

/** Whether the failpoint struck in the attempt of now, and before that was done: what fails after the commit undoes nothing. */
function struck({ host, epoch }: OneHost): boolean {
  const lines = host.log.split('\n').filter((line) => line.includes(`"epoch":${epoch},`));
  const strike = lines.findIndex((line) => line.includes('by a failpoint'));
  const done = lines.findIndex((line) => line.includes('"phase":"committed"'));
  return strike >= 0 && (done < 0 || strike < done);
}

/** Lays one folder over another. */
async function mountedOver(dir: string, by: string): Promise<Fault> {
  await run(['mount', '--bind', by, dir]);
  return standingFault(`${dir} is ${by}`, () => run(['umount', '--lazy', dir]));
}

function journalOf({ host, epoch }: OneHost): string {
  return join(attemptsDir(host.stateDir), `${String(epoch).padStart(10, '0')}.journal`);
}
