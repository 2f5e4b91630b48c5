import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAttempt, readReverts } from '../../agent/journal/attempt-journal.ts';
import { cutManagement } from '../../lab/faults/management-cut.ts';
import { hypervisorDir } from '../../lab/run-dir.ts';
import { Cloud } from '../lab/fixture/cloud.ts';
import { eventAtMs, stepsOf } from './fixture/journal-times.ts';
import { titleOf } from './rows.ts';

describe(titleOf(6), () => {
  let cloud: Cloud;
  beforeAll(async () => {
    cloud = await Cloud.up({ name: `fm${process.pid % 10_000}`, hosts: 2, guests: 2, networks: 2 });
  });
  afterAll(() => cloud?.[Symbol.asyncDispose]());

  it('is what the agent cures alone, by going back', async () => {
    const stateDir = join(hypervisorDir(cloud.lab.topology.name, 'hv1'), 'agent');
    await cloud.startRun({ hosts: ['hv1'], soak: '1s', deadline: '8s' });
    const { epoch } = await cloud.untilPhase('hv1', ['prepared', 'arming', 'cutting', 'verifying', 'soaking']);
    // The first tap on the target takes the way to the coordinator, OVN and NATS with it; they come back when the taps do.
    await cloud.until('a tap to have moved', async () => stepsOf(stateDir, epoch).includes('checkpoint') || undefined);
    await using lost = await cutManagement(cloud.lab, 'hv1');
    await cloud.until(
      'the agent to be back',
      async () => stepsOf(stateDir, epoch).includes('event/restored') || undefined,
    );
    await lost.remove();

    const replayed = readAttempt(stateDir, epoch);
    expect(replayed?.attempt).toMatchObject({ phase: 'reverted', code: 'timed-out' });
    expect(eventAtMs(stateDir, epoch, 'deadline')).toBeGreaterThanOrEqual(replayed?.deadline.monotonicMs ?? Number.NaN);
    expect(stepsOf(stateDir, epoch)).not.toContain('event/revert-word');
    // The dead man may have looked in 1.5 s later; it was done by then, or by both.
    expect(readReverts(stateDir, epoch).map(({ type }) => type)).not.toContain('revert-failed');

    expect(await cloud.untilClosed('hv1')).toMatchObject({ epoch, outcome: 'reverted' });
    await cloud.untilPlug('hv1', 'legacy');
    expect(await cloud.silentGuests()).toEqual([]);
  });
});
