import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HoldReason } from '../../domain/findings.ts';
import type { RunView } from '../../domain/run-state.ts';
import { loseHypervisor } from '../../lab/faults/lost-hypervisor.ts';
import { hypervisorDir } from '../../lab/run-dir.ts';
import { Cloud } from '../lab/fixture/cloud.ts';
import { freshLabName } from '../lab/fixture/own-lab.ts';
import { expectAtRest } from './cloud-at-rest.ts';
import { stepsOf } from './fixture/journal-times.ts';
import { moments } from './moments.ts';
import { titleOf } from './rows.ts';

const hosts = ['hv1', 'hv2', 'hv3'] as const;
const [others, lost] = [['hv1', 'hv2'], 'hv3'] as const;
/** The canary's, and that of the others; what comes after them moves as one. */
const stageWaves = 2;
const bound = () => AbortSignal.timeout(60_000);

describe(titleOf(21), () => {
  let cloud: Cloud;
  beforeAll(async () => {
    const guests = { hosts: hosts.length, guests: 1, networks: 0, overlays: 1 };
    cloud = await Cloud.up({ name: freshLabName(), ...guests, prometheus: false });
  });
  afterAll(() => cloud?.[Symbol.asyncDispose]());

  const cases = [
    { moment: 'staged', strikes: whileStaged },
    { moment: 'half flipped', strikes: whileFlipping },
    { moment: 'finishing', strikes: whileFinishing },
  ] as const;

  it.each(moments(cases, ({ moment }) => moment === 'staged'))(
    '$moment: the others are at rest and reach each other, nobody crosses the barrier, `why` names what holds, and with the peer back the move goes on to its end',
    ({ strikes }) => strikes(),
  );

  async function whileStaged(): Promise<void> {
    const run = await startRun('target', stageWaves);
    await cloud.untilRun(run, ['pending', 'paused', 'done']);
    await allAt('staged');
    await using away = await loseHypervisor(cloud.lab, lost);
    await cloud.until(`${lost} to be missed`, async () => (await cloud.host(lost)).connected === false || undefined);
    await cloud.startWave(run.planId);
    await held(lost, 'agent-not-connected', lost);
    for (const host of others) await held(host, 'wave-together', lost);
    await expectAtRest(cloud, { plugs: { hv1: 'staged', hv2: 'staged' } });

    await away.remove();
    await cloud.untilRun(run, ['done']);
    await allAt('shunted');
  }

  async function whileFlipping(): Promise<void> {
    await toStaged();
    const { run, away } = await lostIn('target');
    await using gone = away;
    await expectAtRest(cloud, { plugs: { hv1: 'shunted', hv2: 'shunted' } });
    // The one that is lost may need the world that they would leave.
    for (const host of others)
      await expect(operate(host, 'finish')).rejects.toMatchObject({ code: 'held', message: namesLost });

    await gone.remove();
    await goesOn(run);
    await allAt('shunted');
  }

  async function whileFinishing(): Promise<void> {
    const { run, away } = await lostIn('finished');
    await using gone = away;
    await expectAtRest(cloud, { plugs: { hv1: 'hybrid', hv2: 'hybrid' } });
    await gone.remove();
    await goesOn(run);
    await allAt('hybrid');
  }

  const namesLost = expect.stringContaining(lost);

  const operate = (host: string, verb: 'finish' | 'unstage') =>
    cloud.api.operateHost({ host, verb, by: 'test', why: 'the test tries' }, bound());

  /** Lost as soon as it may touch traffic on its way there; the others are at rest. */
  async function lostIn(goal: 'target' | 'finished') {
    const after = (await cloud.host(lost)).attempt?.epoch ?? 0;
    const run = await startRun(goal);
    const stateDir = join(hypervisorDir(cloud.lab.topology.name, lost), 'agent');
    const isArmed = async () => stepsOf(stateDir, after + 1).includes('event/armed') || undefined;
    await cloud.until(`${lost} to begin`, isArmed);
    const away = await loseHypervisor(cloud.lab, lost);
    for (const host of others) await cloud.untilClosed(host);
    return { run, away };
  }

  function startRun(goal: string, throughWave?: number): Promise<RunView> {
    const wishes = { hosts, method: 'shunt', goal, soak: '1s', deadline: '20s' } as const;
    return cloud.startRun({ ...wishes, ...(throughWave === undefined ? {} : { throughWave }) });
  }

  /** As an operator would: retry what failed, resume. */
  async function goesOn(run: RunView): Promise<void> {
    await cloud.untilAgentsReady();
    await cloud.untilClosed(lost);
    await cloud.untilRun(run, ['paused']);
    for (const host of hosts) {
      const { attempt } = await cloud.host(host);
      if (attempt?.outcome !== 'committed') await cloud.api.retryHost({ host, by: 'test' }, bound());
    }
    await cloud.api.resumeRun({ runId: run.id, by: 'test' }, bound());
    await cloud.untilRun(run, ['done']);
  }

  async function toStaged(): Promise<void> {
    for (const host of hosts) if ((await cloud.host(host)).plug === 'shunted') await cloud.back(host);
    if ((await cloud.host(lost)).plug === 'legacy') await cloud.untilRun(await startRun('staged'), ['done']);
    await allAt('staged');
  }

  function allAt(plug: 'staged' | 'shunted' | 'hybrid'): Promise<void> {
    return expectAtRest(cloud, { plugs: Object.fromEntries(hosts.map((host) => [host, plug])) });
  }

  async function held(host: string, kind: HoldReason['kind'], names: string): Promise<void> {
    const found = await cloud.until(`${host} to be held by ${kind}`, async () => {
      const why = await cloud.api.why({ target: { kind: 'host', host } }, bound());
      return why.find((one) => one.kind === kind);
    });
    if (host !== names) expect(found.message).toContain(names);
  }
});
