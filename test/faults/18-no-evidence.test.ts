import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guestNicDown } from '../../lab/faults/guest-nic-down.ts';
import { removeGuest } from '../../lab/guest/guest-lifecycle.ts';
import { Cloud } from '../lab/fixture/cloud.ts';
import { freshLabName } from '../lab/fixture/own-lab.ts';
import { expectAtRest } from './cloud-at-rest.ts';
import { titleOf } from './rows.ts';

describe(titleOf(18), () => {
  let cloud: Cloud;
  beforeAll(async () => {
    cloud = await Cloud.up({ name: freshLabName(), hosts: 2, guests: 2, networks: 1, prometheus: false });
  });
  afterAll(() => cloud?.[Symbol.asyncDispose]());

  it('is held, untouched, where nobody answers; and cut where the plan says that no evidence will do', async () => {
    await using faults = new AsyncDisposableStack();
    for (const { name } of cloud.guestsOf('hv1')) faults.use(await guestNicDown(cloud.lab, name));
    const silent = cloud.guestsOf('hv1').map(({ name }) => name);
    const run = await cloud.startRun({ hosts: ['hv1'] });
    expect(await cloud.untilRun(run, ['done', 'paused'])).toMatchObject({
      state: 'paused',
      pausedWhy: expect.stringContaining('acceptNoEvidence'),
    });
    expect((await cloud.host('hv1')).attempt).toMatchObject({ outcome: 'blocked', code: 'held' });
    await expectAtRest(cloud, { plugs: { hv1: 'legacy', hv2: 'legacy' }, silent });
    await cloud.api.abortRun({ runId: run.id, by: 'test' }, AbortSignal.timeout(10_000));

    const trusting = await cloud.startRun({ hosts: ['hv1'], acceptNoEvidence: true });
    expect(await cloud.untilRun(trusting, ['done', 'paused'])).toMatchObject({ state: 'done' });
    await faults.disposeAsync();
    await expectAtRest(cloud, { plugs: { hv1: 'target', hv2: 'legacy' } });
    await cloud.back('hv1');
    await expectAtRest(cloud, { plugs: { hv1: 'legacy', hv2: 'legacy' } });
  });

  it('is in no wave, and says why, where there are no taps', async () => {
    const gone = cloud.guestsOf('hv2');
    for (const { name } of gone) await removeGuest(cloud.lab.topology.name, name);
    const holds = await cloud.until('hv2 to be held', async () => {
      const yaml = 'version: 1\nname: empty\nmethod: direct\ninclude: [hv2]\nwaveSize: 1\nmaxOpen: 1\nerrorBudget: 0\n';
      const plan = await cloud.api.createPlan({ yaml, by: 'test' }, AbortSignal.timeout(10_000));
      return plan.held.find(({ holds }) => holds.some(({ kind }) => kind === 'no-taps'))?.systemId;
    });
    expect(holds).toBe('hv2');
  });
});
