import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../lab/command.ts';
import { downLab } from '../../lab/down.ts';
import { guestNicDown } from '../../lab/faults/guest-nic-down.ts';
import { startPinger } from '../../lab/pinger.ts';
import type { LabState } from '../../lab/state.ts';
import { upLab } from '../../lab/up.ts';
import { freshLabName } from './fixture/own-lab.ts';

describe('the ground-truth pinger', () => {
  const name = freshLabName();
  let lab: LabState;
  beforeAll(async () => {
    lab = await upLab({ name, hosts: 3, guests: 1, networks: 1, services: false, owner: 'process' });
  });
  afterAll(() => downLab(name));
  const targets = () => lab.topology.guests.map((g) => ({ id: g.name, ip: g.ip4, hz: 100 }));
  const ext = () => lab.topology.networks[0]?.ext.netns ?? '';

  it('loses nothing by itself', async () => {
    await using pinger = startPinger({ netns: ext(), targets: targets() });
    await pinger.ready;
    const report = await pinger.nullRun(2000);
    expect(report.targets.map((t) => t.lost)).toEqual([0, 0, 0]);
    expect(report.sent).toBeGreaterThan(300);
  });

  it('sees a NIC that is down as lost sequence numbers, of that guest and for as long as it is down', async () => {
    await using pinger = startPinger({ netns: ext(), targets: targets() });
    await pinger.ready;
    const fault = await guestNicDown(lab, 'g2-1');
    const during = await pinger.nullRun(300);
    await fault.remove();
    await until('g2-1 to answer again', async () => {
      const [, again] = (await pinger.nullRun(100)).targets;
      return again && again.received > 0 ? true : undefined;
    });
    const [first, second, third] = (await pinger.stop()).targets;
    expect(during.targets.map((t) => t.received === 0)).toEqual([false, true, false]);
    expect([first?.lost, third?.lost]).toEqual([0, 0]);
    expect(second?.lostRuns).toHaveLength(1);
    expect(second?.longestLostMs).toBeGreaterThanOrEqual(300);
    expect(second?.lost).toBe(second?.lostRuns[0]?.count);
  });

  it('stands in a guest as well, and asks a guest of another hypervisor', async () => {
    const [from, to] = lab.topology.guests;
    if (!from || !to) throw new Error('the lab has no guests');
    await using pinger = startPinger({ netns: from.netns, targets: [{ id: to.name, ip: to.ip4, hz: 1000 }] });
    await pinger.ready;
    expect(await pinger.nullRun(500)).toMatchObject({ lost: 0 });
  });

  it('says so when a target never answers', async () => {
    await using pinger = startPinger({
      netns: ext(),
      targets: [{ id: 'nobody', ip: '10.100.0.230', hz: 100 }],
      readyMs: 500,
    });
    await expect(pinger.ready).rejects.toThrow(/every target to answer/);
  });
});
