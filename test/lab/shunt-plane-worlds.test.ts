import { afterAll, beforeAll, expect, it } from 'vitest';
import { execIn } from '../../lab/netns.ts';
import { startTraffic } from '../../lab/traffic/traffic.ts';
import { PlaneLab } from './shunt-plane/plane-lab.ts';
import { broadcast, deliver, never, once, send, Witness } from './shunt-plane/witness.ts';

let lab: PlaneLab;
beforeAll(async () => {
  lab = await PlaneLab.up({ networks: 1, overlays: 1, guests: 2, mtu: 9_000 });
});
afterAll(() => lab?.[Symbol.asyncDispose]());

/** g1-1 and g2-1 are on a VLAN, g1-2 and g2-2 on an overlay; the second hypervisor stays as it was. */
it('an overlay guest hears its world once, staged and back, and loses nothing while its peer stays on VXLAN', async () => {
  const move = lab.move('g1-2');
  expect(move.shunt.disjoint).toBe(true);
  await using guest = new Witness({ netns: lab.guest('g1-2').netns, nic: 'eth0' });
  await lab.to('staged', [move]);
  await using traffic = await startTraffic(lab.lab.topology.name, [
    { id: 'in', kind: 'udp', from: 'g2-2', to: 'g1-2', hz: 1_000 },
    { id: 'out', kind: 'udp', from: 'g1-2', to: 'g2-2', hz: 1_000 },
  ]);
  for (const place of ['shunted', 'staged'] as const) {
    await lab.to(place, [move]);
    expect(await deliver({ from: lab.guest('g2-2'), to: broadcast, at: guest }), place).toEqual(once);
    expect(guest.counts(await send(lab.guest('g1-2'), broadcast)), place).toEqual(never);
  }
  const { flows } = await traffic.stop();
  expect(flows.map((flow) => (flow.kind === 'udp' ? [flow.id, flow.lost, flow.duplicates] : []))).toEqual([
    ['in', 0, 0],
    ['out', 0, 0],
  ]);
  await lab.to('legacy', [move]);
});

it.each(['g1-1', 'g1-2'])('%s gets full frames of a network with jumbo frames, staged', async (name) => {
  const move = lab.move(name);
  await lab.to('staged', [move]);
  const { mtu } = move.shunt;
  const peer = lab.guest(name.replace('g1', 'g2'));
  const ping = ['ping', '-c', '3', '-i', '0.2', '-M', 'do', '-s', String(mtu - 28), peer.ip4];
  expect((await execIn(lab.guest(name).netns, ping)).exitCode).toBe(0);
  expect(lab.netlink.link(move.legacy.bridge)?.mtu).toBe(mtu);
  await lab.to('legacy', [move]);
  expect(lab.netlink.link(move.legacy.bridge)?.mtu).toBe(mtu);
});
