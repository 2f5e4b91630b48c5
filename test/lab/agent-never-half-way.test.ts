import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { journalPath, readAttempt, readReverts } from '../../agent/journal/attempt-journal.ts';
import { tryRun } from '../../lab/command.ts';
import { dropByMac } from '../../lab/faults/drop-by-mac.ts';
import { inNetns } from '../../lab/netns.ts';
import { killProgram } from '../../lab/programs.ts';
import { networkOf } from '../../lab/topology.ts';
import { encodeRecord } from '../../platform/records.ts';
import { AgentHost } from './agent/agent-host.ts';
import { breakSettings, inOwnMounts } from './agent/broken-settings.ts';

let host: AgentHost;
afterEach(() => host?.[Symbol.asyncDispose]());

const all = (plug: string) => host.guests.map(() => plug);

describe('an agent that is killed', () => {
  it.each(['cutting', 'verifying', 'soaking'] as const)(
    'while %s comes to rest by itself when it starts again',
    async (moment) => {
      host = await AgentHost.up();
      await host.prepare(1);
      await host.cut(1, { batchSize: 1, soakMs: 3_000, deadlineMs: 20_000 });
      await host.until(`the agent to be ${moment}`, () => host.states.find((state) => state.phase === moment));
      await host.kill('SIGKILL');
      host.states.length = 0;
      await host.start();
      if (moment === 'cutting') {
        await host.phase(1, 'reverted');
        expect(await host.plugs()).toEqual(all('legacy'));
      } else {
        const again = await host.phase(1, 'committing');
        expect(again.remainingMs).toBeLessThan(20_000); // the original deadline, not a new one
        await host.commit(1);
        await host.phase(1, 'committed');
        expect(await host.plugs()).toEqual(all('target'));
      }
      expect(await host.allAnswer()).toBe(true);
    },
  );

  it('and not started again: the dead man takes every tap back at the deadline', async () => {
    host = await AgentHost.up();
    await host.prepare(1);
    await host.cut(1, { deadlineMs: 4_000 });
    await host.phase(1, 'committing');
    await host.kill('SIGKILL');
    await host.until('the dead man to be done', () =>
      readReverts(host.stateDir, 1).find((record) => record.type === 'revert-done'),
    );
    expect(await host.plugs()).toEqual(all('legacy'));
    expect(await host.allAnswer()).toBe(true);
    host.states.length = 0;
    await host.start();
    expect((await host.phase(1, 'reverted')).why).toContain('dead man');
  });

  it('and cannot start again, for somebody broke agent.yaml: the dead man, and the next boot, go back by what the journal kept', async () => {
    host = await AgentHost.up();
    await host.kill('SIGTERM');
    host.within = inOwnMounts;
    await host.start();
    await host.prepare(1);
    await host.cut(1, { deadlineMs: 4_000 });
    await host.phase(1, 'committing');
    await breakSettings(host.pid);
    await host.kill('SIGKILL');
    await host.until('the dead man to be done', () =>
      readReverts(host.stateDir, 1).find((record) => record.type === 'revert-done'),
    );
    expect(await host.plugs()).toEqual(all('legacy'));

    host.within = (argv) => argv;
    host.states.length = 0;
    await host.start();
    await host.phase(1, 'reverted');
    await host.prepare(2);
    await host.cut(2);
    await host.phase(2, 'committing');
    await host.kill('SIGKILL');
    const deadMan = readAttempt(host.stateDir, 2)?.deadMan;
    if (deadMan?.kind !== 'process') throw new Error('it had a process as dead man');
    process.kill(-deadMan.pid, 'SIGKILL'); // as a power cut would
    expect(await host.plugs()).toEqual(all('target'));
    const settled = await settleAfterBoot(host, `guard:\n  foreignWriter: hold\nstateDir: ${host.stateDir}\n`);
    expect(settled).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('attempt 2 was open when this host went down: it was taken back'),
      stderr: expect.stringMatching(
        /guard\.foreignWriter in .*: unknown key.*; going back by the settings that were kept/,
      ),
    });
    expect(await host.plugs()).toEqual(all('legacy'));
    expect(await host.allAnswer()).toBe(true);
  });
});

/** The boot hook, with nothing but this file of settings, in what it takes for another boot. */
function settleAfterBoot({ name, stateDir }: AgentHost, settings: string) {
  const config = join(stateDir, 'agent.yaml');
  const bootId = join(stateDir, 'boot-id');
  writeFileSync(config, settings);
  writeFileSync(bootId, `${randomUUID()}\n`);
  const inside = 'mount --bind "$1" /proc/sys/kernel/random/boot_id; shift; exec "$@"';
  const program = [process.execPath, 'agent/main.ts', 'settle', '--config', config];
  const argv = inOwnMounts(['sh', '-ec', inside, 'sh', bootId, ...program]);
  return tryRun(inNetns(`${name}-hv1`, argv), { timeoutMs: 60_000 });
}

describe('an agent that hangs', () => {
  it('is overtaken by the dead man, and learns of it when it wakes', async () => {
    host = await AgentHost.up();
    await host.prepare(1);
    await host.cut(1, { deadlineMs: 4_000 });
    await host.phase(1, 'committing');
    await host.kill('SIGSTOP');
    await host.until('the dead man to be done', () =>
      readReverts(host.stateDir, 1).find((record) => record.type === 'revert-done'),
    );
    expect(await host.plugs()).toEqual(all('legacy'));
    await host.kill('SIGCONT');
    await host.phase(1, 'reverted');
    expect(await host.plugs()).toEqual(all('legacy'));
    expect(await host.allAnswer()).toBe(true);
  });
});

describe('without a word from the coordinator', () => {
  it('a cutover goes back at its deadline, and its dead man is ended', async () => {
    host = await AgentHost.up();
    await host.prepare(1);
    await host.cut(1, { deadlineMs: 3_000 });
    const state = await host.phase(1, 'reverted');
    expect(state).toMatchObject({ code: 'timed-out' });
    expect(await host.plugs()).toEqual(all('legacy'));
    const deadMan = readAttempt(host.stateDir, 1)?.deadMan;
    if (deadMan?.kind !== 'process') throw new Error('it had a process as dead man');
    await host.until('the dead man to be gone', () => (alive(deadMan.pid) ? undefined : true));
  });

  it('a cutover on evidence commits at its deadline, if every guest answers', async () => {
    host = await AgentHost.up();
    await host.prepare(1);
    await host.cut(1, { deadlineMs: 4_000, commitOn: 'evidence' });
    await host.phase(1, 'committed');
    expect(await host.plugs()).toEqual(all('target'));
    expect(await host.allAnswer()).toBe(true);
  });

  it('a cutover on evidence goes back, if a guest falls silent while it waits for its deadline', async () => {
    host = await AgentHost.up();
    await host.prepare(1);
    await host.cut(1, { deadlineMs: 20_000, commitOn: 'evidence' });
    await host.phase(1, 'committing');
    await dropByMac(host.lab, 'hv1', host.guests[0]!.mac); // four guests were asked for
    const state = await host.phase(1, 'reverted');
    expect(state).toMatchObject({ code: 'verdict-failed', why: expect.stringContaining(host.guests[0]!.tap) }); // as above
    expect(await host.plugs()).toEqual(all('legacy'));
    expect(await host.allAnswer()).toBe(true);
  });
});

describe('when something cannot be had', () => {
  it('the journal: nothing is touched, and the order is refused', async () => {
    host = await AgentHost.up();
    await host.prepare(1);
    writeFileSync(join(host.stateDir, 'attempts'), 'a file where the directory should be');
    expect(await host.cut(1)).toMatchObject({ kind: 'refused', code: 'journal-failed' });
    expect(await host.plugs()).toEqual(all('legacy'));
  });

  it('the flows: what was moved goes back, by itself', async () => {
    host = await AgentHost.up();
    await host.prepare(1);
    host.onState = ({ phase }) => phase === 'cutting' && killProgram(host.name, 'hv1-controller', 'SIGSTOP');
    await host.cut(1, { batchSize: 2 });
    const state = await host.phase(1, 'reverted');
    expect(state).toMatchObject({ code: 'timed-out', why: expect.stringContaining('OVN did not install the flows') });
    killProgram(host.name, 'hv1-controller', 'SIGCONT');
    expect(await host.plugs()).toEqual(all('legacy'));
    expect(await host.allAnswer()).toBe(true);
  });
});

describe('shunt-agent revert', () => {
  it('takes a committed attempt back beside a living agent, which then keeps its hands off', async () => {
    host = await AgentHost.up();
    await host.prepare(1);
    await host.cut(1);
    await host.phase(1, 'committing');
    await host.commit(1);
    await host.phase(1, 'committed');
    const result = await host.command('revert', '--attempt', '1');
    expect([result.exitCode, result.stdout]).toEqual([3, expect.stringContaining('"reverted"')]);
    await host.phase(1, 'reverted');
    expect(await host.plugs()).toEqual(all('legacy'));
    const again = await host.command('revert', '--attempt', '1');
    expect([again.exitCode, again.stdout]).toEqual([0, expect.stringContaining('nothing-to-do')]);
    expect(await host.allAnswer()).toBe(true);
  });

  it('that fails on a committed attempt is told to the living agent’s coordinator as stuck, with its repair, and over a restart', async () => {
    host = await AgentHost.up({ guests: 2 });
    const bridge = networkOf(host.lab.topology, host.guests[0]!).bridge; // two guests were asked for
    await host.prepare(1);
    await host.cut(1);
    await host.phase(1, 'committing');
    await host.commit(1);
    await host.phase(1, 'committed');
    await host.inHost('ip', 'link', 'set', bridge, 'name', 'lost');
    const result = await host.command('revert', '--attempt', '1');
    expect([result.exitCode, result.stdout]).toEqual([5, expect.stringContaining('"stuck"')]);
    const stuck = await host.until('the agent to tell it', () => host.states.find(({ phase }) => phase === 'stuck'));
    expect(stuck.repair).toEqual(expect.arrayContaining([expect.stringContaining(`master ${bridge}`)]));

    await host.kill('SIGKILL');
    host.states.length = 0;
    await host.start();
    expect((await host.phase(1, 'stuck')).repair).toEqual(stuck.repair);
    await host.inHost('ip', 'link', 'set', 'lost', 'name', bridge);
    await host.revert(1);
    await host.phase(1, 'reverted');
    expect(await host.plugs()).toEqual(all('legacy'));
    expect((await host.command('at-rest')).exitCode).toBe(0);
    expect(await host.allAnswer()).toBe(true);
  });

  it('leaves alone what appeared since, and what somebody else moved', async () => {
    host = await AgentHost.up();
    await host.prepare(1);
    await host.cut(1);
    await host.phase(1, 'committing');
    await host.kill('SIGKILL');
    const [first, second] = host.guests;
    // Somebody plugged the first one anew with a row of their own; the second one's guest was deleted.
    await host.vsctl(
      'del-port',
      'br-int',
      first?.tap ?? '',
      '--',
      'add-port',
      'br-int',
      first?.tap ?? '',
      '--',
      'set',
      'Interface',
      first?.tap ?? '',
      `external_ids:iface-id=${first?.portId}`,
    );
    await host.inHost('ip', 'link', 'del', second?.tap ?? '');
    const result = await host.command('revert', '--attempt', '1');
    expect([result.exitCode, JSON.parse(result.stdout).leftAlone.map((left: { tap: string }) => left.tap)]).toEqual([
      3,
      [first?.tap, second?.tap],
    ]);
    expect(await host.plugOf(first?.tap ?? '')).toBe('target');
    expect((await host.vsctl('list-ports', 'br-int')).split('\n')).not.toContain(second?.tap);
    expect(await host.plugOf(host.guests[2]?.tap ?? '')).toBe('legacy');
  });
});

describe('an attempt that is stuck', () => {
  it('stays so over a restart, keeps new work away, and is left by an operator’s word once its taps are in place', async () => {
    host = await AgentHost.up();
    const bridge = networkOf(host.lab.topology, host.guests[0]!).bridge; // four guests were asked for
    await host.prepare(1);
    await host.cut(1);
    await host.phase(1, 'committing');
    await host.inHost('ip', 'link', 'set', bridge, 'name', 'lost');
    await host.revert(1);
    const stuck = await host.phase(1, 'stuck');
    expect(stuck.repair).toEqual(expect.arrayContaining([expect.stringContaining(`master ${bridge}`)]));
    expect((await host.command('at-rest')).exitCode).toBe(5);

    await host.kill('SIGKILL');
    host.states.length = 0;
    await host.start();
    expect((await host.phase(1, 'stuck')).repair).toEqual(stuck.repair);
    expect(await host.prepare(2)).toMatchObject({ kind: 'refused', code: 'wrong-state' });
    expect(await host.resolve(1)).toMatchObject({
      kind: 'refused',
      code: 'stuck',
      repair: expect.arrayContaining([expect.stringContaining(`master ${bridge}`)]),
    });

    await host.inHost('ip', 'link', 'set', 'lost', 'name', bridge);
    for (const { tap } of host.guests) {
      const own = stuck.repair.find((command) => command.includes(` ${tap} `));
      if (own !== undefined) await host.shell(own);
    }
    expect(await host.resolve(1)).toMatchObject({
      kind: 'accepted',
      resolved: { rest: 'legacy', outcome: 'reverted' },
    });
    expect(await host.resolve(1)).toMatchObject({
      kind: 'accepted',
      resolved: { rest: 'legacy', outcome: 'reverted' },
    });
    expect((await host.command('at-rest')).exitCode).toBe(0);
    expect(await host.plugs()).toEqual(all('legacy'));
    expect(await host.allAnswer()).toBe(true);
    expect(await host.prepare(2)).toMatchObject({ kind: 'accepted' });
  });

  it('is looked after on the host, beside an agent that cannot read its journal', async () => {
    host = await AgentHost.up({ guests: 2 });
    await host.prepare(1);
    await host.cut(1, { deadlineMs: 2_000 });
    await host.phase(1, 'reverted');
    await host.kill('SIGKILL');
    writeFileSync(journalPath(host.stateDir, 1), encodeRecord({ format: 9, type: 'attempt' }));
    await host.start();
    await host.until('the host to be held', () => host.inventory?.findings.find(({ kind }) => kind === 'journal-torn'));
    expect(await host.prepare(2)).toMatchObject({ kind: 'refused', code: 'wrong-state' });
    expect((await host.command('resolve', '--attempt', '1')).exitCode).toBe(5);
    expect(await host.command('resolve', '--attempt', '1', '--force')).toMatchObject({ exitCode: 0 });
    expect((await host.command('at-rest')).exitCode).toBe(0);
    expect(await host.prepare(2)).toMatchObject({ kind: 'accepted' });
  });
});

describe('the journal', () => {
  it('survives a torn tail, and is shown', async () => {
    host = await AgentHost.up();
    await host.prepare(1);
    await host.cut(1);
    await host.phase(1, 'committing');
    await host.kill('SIGKILL');
    const path = journalPath(host.stateDir, 1);
    writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from('{"type":"event","event":{"ty')]));
    const shown = await host.command('journal', 'show');
    expect(shown.stdout).toContain('1 forward committing, 4 taps');
    host.states.length = 0;
    await host.start();
    await host.phase(1, 'committing');
    expect(host.log).toContain('ended in half a line: 28 bytes were cut off');
  });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
