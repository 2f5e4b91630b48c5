import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { smallDisk } from '../../lab/faults/small-disk.ts';
import { BUNDLES, findProgram, killProgram, restartProgram } from '../../lab/programs.ts';
import { pathsOf } from '../../lab/run-dir.ts';
import { signal } from '../lab/coordinator/cloud.ts';
import { Cloud } from '../lab/fixture/cloud.ts';
import { freshLabName } from '../lab/fixture/own-lab.ts';
import { expectAtRest } from './cloud-at-rest.ts';
import { moments } from './moments.ts';
import { titleOf } from './rows.ts';

const by = 'test';

describe(titleOf(15), () => {
  let cloud: Cloud;
  let backups: string;
  beforeAll(async () => {
    cloud = await Cloud.up({ name: freshLabName(), hosts: 2, guests: 2, networks: 1, prometheus: false });
    backups = mkdtempSync(join(tmpdir(), 'shunt-backups-'));
  });
  afterEach(async () => {
    await cloud.backToLegacy();
    await expectAtRest(cloud, { plugs: { hv1: 'legacy', hv2: 'legacy' } });
  });
  afterAll(async () => {
    await cloud?.[Symbol.asyncDispose]();
    rmSync(backups, { recursive: true, force: true });
  });

  const stateDir = (): string => join(pathsOf(cloud.lab.topology.name).dir, 'coordinator');

  function offline(...args: readonly string[]): string {
    const argv = [BUNDLES.coordinator, 'ledger', ...args, '--state-dir', stateDir()];
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    return stdout;
  }

  async function stopCoordinator(): Promise<void> {
    killProgram(cloud.lab.topology.name, 'coordinator', 'SIGTERM');
    await cloud.until('the coordinator to end', async () =>
      findProgram(cloud.lab.topology.name, 'coordinator') ? undefined : true,
    );
  }

  async function startCoordinator(): Promise<void> {
    await restartProgram(cloud.lab.topology.name, 'coordinator');
    await cloud.untilAgentsReady();
  }

  it('on a full disk nothing starts and nothing is committed: the open one comes to rest, it says so, and goes on when there is room', async () => {
    await stopCoordinator();
    await using disk = await smallDisk(stateDir(), 16 * 1024 * 1024);
    await startCoordinator();
    const run = await cloud.startRun({ hosts: ['hv1', 'hv2'], soak: '2s', deadline: '6s' });
    const { epoch } = await cloud.untilPhase('hv1', ['cutting', 'verifying', 'soaking', 'committing']);
    disk.fill();
    await cloud.until('the agent to go back by itself', async () =>
      (await cloud.agentPhase('hv1')) === 'reverted' ? true : undefined,
    );
    const { ledgerFault, openAttempts } = await cloud.api.status(signal());
    expect(ledgerFault).toContain('the disk is full; nothing was written');
    expect(openAttempts, 'the ledger does not know yet').toMatchObject([{ hostname: expect.stringContaining('hv1') }]);
    const [why] = await cloud.api.why({ target: { kind: 'host', host: 'hv2' } }, signal());
    expect(why).toMatchObject({ kind: 'ledger-failed', message: expect.stringContaining('nothing starts') });
    await expect(cloud.startRun({ hosts: ['hv2'] })).rejects.toMatchObject({ code: 'ledger-failed' });
    expect(await cloud.silentGuests()).toEqual([]);

    disk.free();
    await cloud.untilRun(run, ['paused']);
    expect((await cloud.host('hv1')).attempt).toMatchObject({ epoch, outcome: 'reverted' });
    expect((await cloud.host('hv2')).attempt).toBeUndefined();
    expect((await cloud.api.status(signal())).ledgerFault).toBeUndefined();
    await cloud.api.retryHost({ host: 'hv1', by }, signal());
    await cloud.api.resumeRun({ runId: run.id, by }, signal());
    await cloud.untilRun(run, ['done']);
    await cloud.backToLegacy();
    await stopCoordinator(); // what is on the small disk goes with it: the ledger before it is there again, and knows less
    await disk.remove();
    await startCoordinator();
    await cloud.api.reconcile({ apply: true, by, why: 'the ledger of the small disk is gone' }, signal());
  });

  const ways = [
    { how: 'by ledger restore', told: true },
    { how: 'by a copy over it', told: false },
  ] as const;

  it.each(moments(ways, ({ told }) => told))(
    'restored $how from before a move, it is read-only until it has taken over what the agents know',
    async ({ told }) => {
      const backup = join(backups, `${told ? 'told' : 'copied'}.sqlite`);
      offline('backup', backup);
      const before = (await cloud.host('hv1')).attempt?.epoch ?? 0;
      await cloud.untilRun(await cloud.startRun({ hosts: ['hv1'], soak: '500ms' }), ['done']);
      await cloud.untilPlug('hv1', 'target');
      await stopCoordinator();
      if (told) offline('restore', '--force', backup);
      else copyOver(backup);
      await startCoordinator();

      const { readOnly } = await cloud.api.status(signal());
      expect(readOnly).toMatch(/the agent of hv1\S* has attempt \d+, the ledger (only \d+|none)/);
      await expect(cloud.startRun({ hosts: ['hv2'] })).rejects.toMatchObject({ code: 'ledger-behind' });
      const [why] = await cloud.api.why({ target: { kind: 'host', host: 'hv2' } }, signal());
      expect(why?.kind).toBe('ledger-behind');
      const shown = await cloud.api.reconcile({ apply: false, by, why: '' }, signal());
      expect(shown).toMatchObject({
        applied: false,
        readOnly,
        differences: [{ verdict: 'adopt', agent: expect.stringMatching(/^attempt \d+ committed$/), plug: 'target' }],
      });

      const applied = await cloud.api.reconcile({ apply: true, by, why: 'the disk was lost' }, signal());
      expect(applied).toMatchObject({ applied: true });
      expect(applied.readOnly).toBeUndefined();
      const { attempt } = await cloud.host('hv1');
      expect(attempt).toMatchObject({ outcome: 'committed' });
      expect(attempt?.epoch).toBeGreaterThan(before);
      await cloud.untilRun(await cloud.startRun({ hosts: ['hv2'], soak: '500ms' }), ['done']);
      await expectAtRest(cloud, { plugs: { hv1: 'target', hv2: 'target' } });
      expect(offline('verify', '--backup', backup)).toContain('all of them in it');
    },
  );

  function copyOver(backup: string): void {
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(stateDir(), `ledger.sqlite${suffix}`), { force: true });
    const { status } = spawnSync('cp', [backup, join(stateDir(), 'ledger.sqlite')]);
    expect(status).toBe(0);
  }
});
