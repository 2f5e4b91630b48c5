import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loseFrames } from '../../lab/faults/lossy-link.ts';
import { delayGuest } from '../../lab/faults/slow-link.ts';
import { Cloud } from '../lab/fixture/cloud.ts';
import { freshLabName } from '../lab/fixture/own-lab.ts';
import { expectAtRest } from './cloud-at-rest.ts';
import { moments } from './moments.ts';
import { titleOf } from './rows.ts';

/** What is wrong with the wire of each guest of the hypervisor, before its cut and after it. */
const paths = [
  { percent: 5, jitterMs: 200 },
  { percent: 0.1, jitterMs: 400 },
  { percent: 20, jitterMs: 50 },
];

describe(titleOf(16), () => {
  let cloud: Cloud;
  beforeAll(async () => {
    cloud = await Cloud.up({ name: freshLabName(), hosts: 2, guests: 2, networks: 1, tap: 'tap', prometheus: false });
  });
  afterAll(() => cloud?.[Symbol.asyncDispose]());

  it.each(moments(paths, ({ percent }) => percent === 5))(
    'commits with $percent % lost each way and $jitterMs ms of jitter, and goes back by order',
    async ({ percent, jitterMs }) => {
      await using faults = new AsyncDisposableStack();
      for (const { name, netns } of cloud.guestsOf('hv1')) {
        faults.use(await delayGuest(cloud.lab, name, { delayMs: 0, jitterMs: jitterMs / 2 })); // each way
        faults.use(await loseFrames({ netns, device: 'eth0', way: 'both' }, percent));
      }
      const run = await cloud.startRun({ hosts: ['hv1'] });
      expect(await cloud.untilRun(run, ['done', 'paused'])).toMatchObject({ state: 'done' });
      expect((await cloud.host('hv1')).attempt).toMatchObject({ outcome: 'committed' });
      await cloud.back('hv1');
      expect((await cloud.host('hv1')).attempt).toMatchObject({ outcome: 'committed', direction: 'back' });
      await faults.disposeAsync();
      await expectAtRest(cloud, { plugs: { hv1: 'legacy', hv2: 'legacy' } });
    },
  );
});
