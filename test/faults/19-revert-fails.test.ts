import { afterEach, describe, expect, it } from 'vitest';
import { run as runCommand } from '../../lab/command.ts';
import { inNetns } from '../../lab/netns.ts';
import { killProgram, restartProgram } from '../../lab/programs.ts';
import { isShuntError } from '../../platform/shunt-error.ts';
import { CoordinatorCloud, signal } from '../lab/coordinator/cloud.ts';
import { Cloud } from '../lab/fixture/cloud.ts';
import { freshLabName } from '../lab/fixture/own-lab.ts';
import { expectAtRest } from './cloud-at-rest.ts';
import { everyMoment } from './moments.ts';
import { titleOf } from './rows.ts';

const by = 'test';
/** A way back that cannot be gone has six rounds (docs/limits.md), in each of which Open vSwitch may take 30 s to act. */
const stuckWithinMs = 6 * 30_000 + 60_000;

describe(titleOf(19), () => {
  describe('what the fleet makes of it', () => {
    let cloud: CoordinatorCloud;
    afterEach(() => cloud?.[Symbol.asyncDispose]());

    it('halts, over a restart too, until the agent has looked and found it repaired; then it goes on', async () => {
      cloud = await CoordinatorCloud.start(3);
      const [, broken] = cloud.agents;
      if (broken === undefined) throw new Error('three were started');
      broken.failNext = true;
      broken.repair = ['ip link set tap7 master brq1'];
      await cloud.startRun({ canary: 'hv1', maxOpen: 1, errorBudget: 9 });
      await cloud.until(async () => (await cloud.coordinator.api.status(signal())).stuckHosts.length === 1);
      await cloud.until(async () => (await cloud.run()).state === 'paused');

      await cloud.coordinator.stop('SIGKILL');
      await cloud.coordinator.start();
      const { api } = cloud.coordinator;
      await cloud.until(async () => (await api.status(signal())).agentsConnected === 3);
      expect((await api.getHost({ host: 'hv2' }, signal())).attempt).toMatchObject({
        outcome: 'stuck',
        repair: ['ip link set tap7 master brq1'],
      });
      const why = await api.why({ target: { kind: 'host', host: 'hv3' } }, signal());
      expect(why.map((one) => one.kind)).toContain('fleet-stuck');
      expect(await codeOf(api.resumeRun({ by }, signal()))).toBe('stuck');
      expect(await codeOf(api.retryHost({ host: 'hv2', by }, signal()))).toBe('stuck');
      const request = { host: 'hv2', by, why: 'moved by hand', gone: false };
      await expect(api.resolveHost(request, signal())).rejects.toMatchObject({
        code: 'stuck',
        detail: { repair: ['ip link set tap7 master brq1'] },
      });
      expect(cloud.agents[2]?.begun, 'nobody else was begun').toEqual([]);

      broken.repair = [];
      expect(await api.resolveHost(request, signal())).toMatchObject({
        plug: 'legacy',
        attempt: {
          outcome: 'reverted',
          why: expect.stringContaining('resolved by test, found on legacy: moved by hand'),
        },
      });
      expect((await api.status(signal())).stuckHosts).toEqual([]);
      await api.retryHost({ host: 'hv2', by }, signal());
      await api.resumeRun({ by }, signal());
      await cloud.until(async () => (await cloud.run()).state === 'done');
      expect(cloud.agents.map((agent) => [agent.begun, agent.onTarget])).toEqual([
        [[1], true],
        [[1, 2], true],
        [[1], true],
      ]);
    });
  });

  describe.runIf(everyMoment)('with Open vSwitch and guests, which takes minutes', () => {
    let cloud: Cloud;
    afterEach(() => cloud?.[Symbol.asyncDispose]());

    it('is stuck without vswitchd, says how it is repaired, and is resolved when that was done', async () => {
      cloud = await Cloud.up({ name: freshLabName(), hosts: 2, guests: 2, networks: 1, prometheus: false });
      const { name } = cloud.lab.topology;
      const run = await cloud.startRun({ hosts: ['hv1', 'hv2'], soak: '3s', deadline: '10s' });
      await cloud.untilPhase('hv1', ['soaking', 'committing']);
      killProgram(name, 'hv1-vswitchd');
      const stuck = await cloud.until(
        'hv1 to be stuck',
        async () => {
          const { attempt } = await cloud.host('hv1');
          return attempt?.outcome === 'stuck' ? attempt : undefined;
        },
        stuckWithinMs,
      );
      expect(stuck.repair.length).toBeGreaterThan(0);
      expect((await cloud.host('hv2')).attempt, 'nobody else was begun').toBeUndefined();
      const request = { host: 'hv1', by, why: 'vswitchd started again', gone: false };
      // The dead man tries too, and while anybody tries the answer is that somebody does (`wrong-state`).
      const refused = async () =>
        (await codeOf(cloud.api.resolveHost(request, signal()))) === 'stuck' ? true : undefined;
      await cloud.until('resolving to be refused, for its guests are not where they were', refused, stuckWithinMs);

      await restartProgram(name, 'hv1-vswitchd');
      for (const command of stuck.repair)
        await runCommand(inNetns(`${name}-hv1`, ['sh', '-c', command])).catch(() => undefined); // what is done already fails
      await cloud.api.resolveHost(request, signal());
      await expectAtRest(cloud, { plugs: { hv1: 'legacy', hv2: 'legacy' } });
      await cloud.api.retryHost({ host: 'hv1', by }, signal());
      await cloud.api.resumeRun({ runId: run.id, by }, signal());
      await cloud.untilRun(run, ['done']);
      await expectAtRest(cloud, { plugs: { hv1: 'target', hv2: 'target' } });
    }, 600_000);
  });
});

async function codeOf(asked: Promise<unknown>): Promise<string> {
  return asked.then(
    () => 'done',
    (error: unknown) => (isShuntError(error) ? error.code : String(error)),
  );
}
