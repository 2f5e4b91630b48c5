import { afterAll, beforeAll, expect, it } from 'vitest';
import { Cloud } from './fixture/cloud.ts';
import { graceIsOver } from './fixture/grace.ts';
import { freshLabName } from './fixture/own-lab.ts';
import { CliMover } from './fixture/shunt-mover.ts';

let cloud: Cloud;
const hosts = ['hv1', 'hv2'];

beforeAll(async () => {
  cloud = await Cloud.up({ name: freshLabName(), hosts: hosts.length, guests: 4, networks: 1, prometheus: false });
});
afterAll(() => cloud?.[Symbol.asyncDispose]());

const bound = () => AbortSignal.timeout(90_000);

async function runs(wishes: Parameters<Cloud['startRun']>[0]): Promise<void> {
  const view = await cloud.untilRun(await cloud.startRun({ ...wishes, soak: '0ms' }), ['done', 'paused']);
  const attempts = view.waves.flatMap((wave) => wave.hosts.map((host) => host.attempt));
  expect({ state: view.state, why: view.pausedWhy, attempts }).toMatchObject({ state: 'done' });
}

async function plugsAre(plug: 'shunted' | 'hybrid'): Promise<void> {
  for (const host of hosts) await cloud.untilPlug(host, plug);
  expect(await cloud.silentGuests()).toEqual([]);
}

it('stages and flips every hypervisor of a VLAN in its own wave, with every guest in reach', async () => {
  await runs({ hosts, method: 'shunt' });
  await plugsAre('shunted');
  const host = await cloud.host('hv1');
  expect(host.attempt).toMatchObject({ method: 'shunt', outcome: 'committed' });
  expect(host.taps.map((tap) => [tap.plug, tap.installed])).toEqual(host.taps.map(() => ['shunted', true]));
});

it('says in why that grace rules stand for what was flipped, and takes them away at a word', async () => {
  const grace = async () => {
    const why = await cloud.api.why({ target: { kind: 'host', host: 'hv1' } }, bound());
    return why.filter(({ kind }) => kind === 'grace').length;
  };
  expect(await grace()).toBeGreaterThan(0);
  using operator = new CliMover(cloud.status.coordinator);
  await operator.sweep();
  expect(await grace()).toBe(0);
  await graceIsOver(cloud.status.name);
});

it('takes one operation back at a word: from the target to staged, from staged to legacy', async () => {
  await cloud.back('hv1');
  await cloud.untilPlug('hv1', 'staged');
  await cloud.back('hv1');
  await cloud.untilPlug('hv1', 'legacy');
  expect(await cloud.silentGuests()).toEqual([]);
});

it('takes a fleet of which one is on legacy and one on the target to the finish, so that no legacy leg is left', async () => {
  await runs({ hosts, method: 'shunt', goal: 'finished' });
  await plugsAre('hybrid');
  const unstage = cloud.api.operateHost({ host: 'hv1', verb: 'unstage', by: 'test', why: 'x' }, bound());
  await expect(unstage).rejects.toMatchObject({ code: 'wrong-state' });
});

it('goes all the way back by a plan, one of two: guests of both worlds stay in reach', async () => {
  await runs({ hosts: ['hv2'], method: 'shunt', goal: 'legacy' });
  await cloud.untilPlug('hv2', 'legacy');
  expect(await cloud.silentGuests()).toEqual([]);
});
