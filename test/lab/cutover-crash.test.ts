import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Phase } from '../../domain/phases.ts';
import { killProgram, type ProgramName, restartProgram } from '../../lab/programs.ts';
import { Cloud } from './fixture/cloud.ts';

/** From granting to the end of the soak: three moments in the middle of a wave. */
const moments: readonly { readonly moment: string; readonly phases: readonly Phase[] }[] = [
  {
    moment: 'while hypervisors prepare',
    phases: ['preparing', 'prepared', 'arming', 'cutting', 'verifying', 'soaking'],
  },
  { moment: 'while taps move', phases: ['cutting', 'verifying', 'soaking'] },
  { moment: 'while the cut soaks', phases: ['soaking'] },
];
const programs: readonly { readonly name: string; readonly program: ProgramName }[] = [
  { name: 'the agent', program: 'agent-hv1' },
  { name: 'the coordinator', program: 'coordinator' },
  { name: 'nats-server', program: 'nats' },
];
const cases = programs.flatMap((program) => moments.map((moment) => ({ ...program, ...moment })));

describe('kill -9 in the middle of a wave', () => {
  let cloud: Cloud;

  beforeAll(async () => {
    cloud = await Cloud.up({ name: `kill${process.pid % 10_000}`, hosts: 3, guests: 4, networks: 2 });
  });

  afterAll(async () => {
    await cloud?.[Symbol.asyncDispose]();
  });

  // The next moment begins from legacy, whatever became of this one.
  afterEach(async () => {
    await cloud.backToLegacy();
    expect(await cloud.silentGuests()).toEqual([]);
  });

  it.each(cases)('of $name $moment loses no guest and no state', async ({ program, phases }) => {
    const before = new Map(
      (await cloud.api.listHosts(AbortSignal.timeout(10_000))).map((host) => [host.systemId, host.attempt?.epoch ?? 0]),
    );
    const run = await cloud.startRun({ hosts: ['hv1', 'hv2'], soak: '2s', deadline: '12s' });
    await cloud.untilPhase('hv1', phases, before.get('hv1'));

    killProgram(cloud.lab.topology.name, program);
    await restartProgram(cloud.lab.topology.name, program);
    await cloud.untilAgentsReady();
    let view = await cloud.untilRun(run, ['done', 'paused']);

    // Whoever went back is retried once; nothing else may be needed.
    if (view.state === 'paused') {
      const attempts = view.waves.flatMap((wave) => wave.hosts).flatMap((host) => host.attempt ?? []);
      const ended = await Promise.all(attempts.map(({ systemId, epoch }) => cloud.untilClosed(systemId, epoch - 1)));
      const away = ended.filter((attempt) => attempt.outcome !== 'committed');
      expect(away.map((attempt) => attempt.outcome)).toEqual(
        away.map(() => expect.stringMatching(/^(reverted|blocked)$/)),
      );
      expect(await cloud.silentGuests()).toEqual([]);
      for (const { systemId } of away)
        await cloud.api.retryHost({ host: systemId, by: 'test' }, AbortSignal.timeout(10_000));
      await cloud.api.resumeRun({ runId: run.id, by: 'test' }, AbortSignal.timeout(10_000));
      view = await cloud.untilRun(run, ['done']);
    }

    expect(await cloud.silentGuests()).toEqual([]);
    for (const hypervisor of ['hv1', 'hv2']) {
      await cloud.untilPlug(hypervisor, 'target');
      const host = await cloud.host(hypervisor);
      expect(host).toMatchObject({ attempt: { outcome: 'committed' } });
      expect(host.attempt?.epoch).toBeGreaterThan(before.get(hypervisor) ?? 0);
    }
    await everyAttemptOpenedOnce(cloud);
  });
});

/** The ledger: no epoch of a hypervisor was opened, granted or closed twice. */
async function everyAttemptOpenedOnce(cloud: Cloud): Promise<void> {
  const seen: string[] = [];
  for await (const event of cloud.api.events({ sinceSeq: 0, follow: false }, AbortSignal.timeout(10_000))) {
    const { epoch } = JSON.parse(event.json) as { epoch?: number };
    if (['attempt-opened', 'attempt-granted', 'attempt-closed'].includes(event.type))
      seen.push(`${event.type} ${event.host} ${epoch}`);
  }
  expect(seen.length).toBeGreaterThan(0);
  expect(seen.filter((entry, index) => seen.indexOf(entry) !== index)).toEqual([]);
}
