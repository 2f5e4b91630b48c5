import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkLab } from '../../lab/check.ts';
import { run, until } from '../../lab/command.ts';
import { downLab } from '../../lab/down.ts';
import { addGuest } from '../../lab/guest/guest-lifecycle.ts';
import { migrateGuest } from '../../lab/guest/migrate-guest.ts';
import { execIn, inNetns } from '../../lab/netns.ts';
import type { LabState } from '../../lab/state.ts';
import type { LabGuest } from '../../lab/topology.ts';
import { watchOwnFrames } from '../../lab/traffic/own-frames.ts';
import { brokenPairs, TcpMesh } from '../../lab/traffic/tcp-mesh.ts';
import { startTraffic } from '../../lab/traffic/traffic.ts';
import { upLab } from '../../lab/up.ts';
import { freshLabName } from './fixture/own-lab.ts';

const name = freshLabName();
let lab: LabState;
let answering: LabGuest;

beforeAll(async () => {
  lab = await upLab({ name, hosts: 2, guests: 2, networks: 1, overlays: 1, services: false, owner: 'process' });
  answering = await addGuest(name, { hypervisor: 'hv1', network: 'net2', egress: false });
});
afterAll(() => downLab(name));

describe('an overlay of the lab', () => {
  it('carries IPv4 and IPv6 between hypervisors, beside a VLAN, and has no host on any wire', async () => {
    const results = await checkLab(lab);
    expect(results.filter((r) => !r.ok)).toEqual([]);
    expect(results.filter((r) => r.from === 'g1-2').map((r) => r.to)).toEqual(['g2-2', 'g2-2']);
    await expect(
      startTraffic(name, [{ kind: 'udp', id: 'u', from: 'g1-2', to: 'ext' }]),
      'its guests have no ext host',
    ).rejects.toThrow(RangeError);
  });

  it('takes new connections between every pair both ways with empty neighbour tables; a guest without egress only answers', async () => {
    const all = await meshRound(['g1-2', 'g2-2', answering.name], 4);
    expect(brokenPairs(all)).toEqual([]);
    expect(all.map((f) => f.from).toSorted()).toEqual(['g1-2', 'g1-2', 'g2-2', 'g2-2']);
    const speaking = await meshRound(['g1-2', 'g2-2'], 6); // without egress a guest may not tell its MAC by IPv6
    expect(brokenPairs(speaking)).toEqual([]);
    const outward = await execIn(answering.netns, ['ping', '-c', '1', '-W', '1', guest('g2-2').ip4]);
    expect(outward.exitCode, 'a group without egress lets nothing begin').not.toBe(0);
  });

  it('brings each broadcast once to everybody, and back to nobody', async () => {
    const guests = [guest('g1-2'), guest('g2-2'), answering];
    await using own = await watchOwnFrames(guests);
    await using traffic = await startTraffic(name, [
      { kind: 'broadcast', id: 'b', from: 'g1-2', to: ['g2-2', answering.name] },
    ]);
    await until('some to come', async () => {
      const { flows } = await traffic.report();
      return flows.every((flow) => 'received' in flow && flow.received > 50) || undefined;
    });
    const { flows } = await traffic.report();
    expect(flows.map((flow) => 'lost' in flow && [flow.lost, flow.duplicates])).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(await own.counted()).toEqual({ 'g1-2': 0, 'g2-2': 0, [answering.name]: 0 });
  });

  it('lets either side of an idle connection speak', async () => {
    await using traffic = await startTraffic(name, [{ kind: 'idle', id: 'i', from: 'g2-2', to: answering.name }]);
    expect(await traffic.speak('i')).toBe(true);
    expect(await traffic.speak('i', 1000, 'near')).toBe(true);
  });

  it('lets no guest speak ARP for another', async () => {
    const [spoofer, victim] = [guest('g1-2'), guest('g2-2')];
    await run(inNetns(spoofer.netns, ['ip', 'address', 'add', `${victim.ip4}/32`, 'dev', 'eth0']));
    await run(inNetns(spoofer.netns, ['ip', 'neigh', 'flush', 'dev', 'eth0']));
    const from = ['ping', '-c', '1', '-W', '1', '-I', victim.ip4, answering.ip4];
    expect((await execIn(spoofer.netns, from)).exitCode).not.toBe(0);
    await run(inNetns(spoofer.netns, ['ip', 'address', 'del', `${victim.ip4}/32`, 'dev', 'eth0']));
    const chain = inNetns(`${name}-hv1`, ['nft', 'list', 'chain', 'bridge', 'nat', `neutronARP-${spoofer.tap}`]);
    expect(await run(chain), 'its ARP was dropped').toMatch(/packets [1-9]\d* bytes \d+ drop/);
  });

  it('follows a guest that moves', async () => {
    await migrateGuest(name, 'g2-2', 'hv1');
    await using mesh = await TcpMesh.open(name, ['g1-2', 'g2-2', answering.name]);
    expect(brokenPairs(await mesh.round({ times: 3 }))).toEqual([]);
  });
});

async function meshRound(names: readonly string[], family: 4 | 6) {
  await using mesh = await TcpMesh.open(name, names);
  return await mesh.round({ times: 5, family });
}

function guest(wanted: string): LabGuest {
  const found = lab.topology.guests.find((g) => g.name === wanted);
  if (!found) throw new Error(`no guest ${wanted}`);
  return found;
}
