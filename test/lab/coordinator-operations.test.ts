import { afterEach, describe, expect, it } from 'vitest';
import type { Order } from '../../domain/orders.ts';
import { CoordinatorCloud, signal } from './coordinator/cloud.ts';

let cloud: CoordinatorCloud;
afterEach(() => cloud[Symbol.asyncDispose]());

const hosts = 8;
const shunt = { method: 'shunt' };
const done = () => cloud.until(async () => (await cloud.run()).state === 'done');

function grants(orders: readonly Order[]): readonly string[] {
  return orders.flatMap((order) => (order.type === 'cut' ? [order.grant.operation ?? 'cut'] : []));
}

describe('an overlay', () => {
  it('is staged host by host, then flipped everywhere in one fan-out, and finished in another', async () => {
    cloud = await CoordinatorCloud.start(hosts, 'overlay');
    await cloud.startRun({ ...shunt, maxOpen: 2, goal: 'finished' });
    await done();
    for (const agent of cloud.agents) {
      expect(grants(agent.orders)).toEqual(['stage', 'cut', 'finish']);
      expect(agent.places).toEqual(['hybrid', 'hybrid']);
    }
    const spreadMs = (nth: number) => {
      const at = cloud.agents.map((agent) => agent.cutAtMs[nth] ?? Number.NaN);
      return Math.max(...at) - Math.min(...at);
    };
    console.log(
      `orders to flip ${hosts} hypervisors left within ${spreadMs(1).toFixed(1)} ms, to finish within ${spreadMs(2).toFixed(1)} ms`,
    );
    const flips = cloud.agents.flatMap((agent) => agent.orders.filter((order) => order.type === 'cut')[1] ?? []);
    expect(flips.map(({ grant }) => grant.networks[0]?.barrier)).toEqual(Array(hosts).fill('met'));
  });

  it('is flipped once at each host although the coordinator is killed between grant and order', async () => {
    cloud = await CoordinatorCloud.start(3, 'overlay');
    let killed: Promise<void> | undefined;
    cloud.onOrder = (_systemId, order) => {
      if (order.type !== 'cut' || order.grant.operation !== undefined || killed) return;
      killed = cloud.coordinator.stop('SIGKILL').then(() => cloud.coordinator.start());
    };
    await cloud.startRun(shunt);
    await done();
    await killed;
    expect(cloud.agents.map((agent) => [agent.begun, agent.places])).toEqual(
      Array(3).fill([
        [1, 2],
        ['shunted', 'shunted'],
      ]),
    );
  });

  it('keeps a member that went back staged, the others flipped, and refuses to unstage it alone', async () => {
    cloud = await CoordinatorCloud.start(3, 'overlay');
    await cloud.startRun({ ...shunt, goal: 'staged' });
    await done();
    const { api } = cloud.coordinator;
    expect((await api.getHost({ host: 'hv2' }, signal())).plug).toBe('staged');
    cloud.agents[1]!.failNext = true; // three were started
    await cloud.startRun(shunt);
    await cloud.until(async () => (await cloud.run()).state === 'paused');
    expect(cloud.agents.map((agent) => agent.places[0])).toEqual(['shunted', 'staged', 'shunted']);
    const unstage = api.operateHost({ host: 'hv2', verb: 'unstage', by: 'ada', why: 'x' }, signal());
    await expect(unstage).rejects.toMatchObject({ code: 'held', message: expect.stringContaining('goal: legacy') });
    await api.retryHost({ host: 'hv2', by: 'ada' }, signal());
    await api.resumeRun({ by: 'ada' }, signal());
    await done();
    expect(cloud.agents.map((agent) => agent.places[0])).toEqual(['shunted', 'shunted', 'shunted']);
  });
});
