import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dropLargeByMac } from '../../lab/faults/drop-large.ts';
import { execIn } from '../../lab/netns.ts';
import { Cloud } from '../lab/fixture/cloud.ts';
import { freshLabName } from '../lab/fixture/own-lab.ts';
import { expectAtRest } from './cloud-at-rest.ts';
import { moments } from './moments.ts';
import { titleOf } from './rows.ts';

describe(titleOf(17), () => {
  let cloud: Cloud;
  beforeAll(async () => {
    cloud = await Cloud.up({ name: freshLabName(), hosts: 2, guests: 2, networks: 1, prometheus: false });
  });
  afterAll(() => cloud?.[Symbol.asyncDispose]());

  it.each(moments(['direct', 'shunt'] as const, (method) => method === 'direct'))(
    'goes back from a %s cut after which small frames pass and full-size ones do not, and commits without that',
    async (method) => {
      const [guest] = cloud.guestsOf('hv1');
      if (guest === undefined) throw new Error('no guest');
      const before = (await cloud.host('hv1')).attempt?.epoch ?? 0;
      const fault = await dropLargeByMac(cloud.lab, 'hv1', { mac: guest.mac, aboveBytes: 1_000 });
      const run = await cloud.startRun({ hosts: ['hv1'], method });
      const paused = await cloud.untilRun(run, ['done', 'paused']);
      expect(paused).toMatchObject({ state: 'paused', pausedWhy: expect.stringContaining('full-size frames') });
      const { attempt } = await cloud.host('hv1');
      expect(attempt).toMatchObject({
        outcome: 'reverted',
        code: 'verdict-failed',
        why: expect.stringContaining(guest.tap),
      });
      expect(attempt?.epoch).toBeGreaterThan(before);
      expect(await largePass(cloud)).toBe(true);
      await fault.remove();
      await cloud.api.abortRun({ runId: run.id, by: 'test' }, AbortSignal.timeout(10_000));
      await cloud.backToLegacy();
      await expectAtRest(cloud, { plugs: { hv1: 'legacy', hv2: 'legacy' } });
    },
  );
});

/** From beyond the wire, as large as its MTU, not to be fragmented. */
async function largePass(cloud: Cloud): Promise<boolean> {
  const [network] = cloud.lab.topology.networks;
  if (network === undefined) throw new Error('no network');
  const ping = ['ping', '-n', '-q', '-c', '3', '-i', '0.2', '-W', '1', '-M', 'do', '-s', String(network.mtu - 28)];
  const asked = cloud.guestsOf('hv1').map((guest) => execIn(network.ext.netns, [...ping, guest.ip4]));
  return (await Promise.all(asked)).every(({ exitCode }) => exitCode === 0);
}
