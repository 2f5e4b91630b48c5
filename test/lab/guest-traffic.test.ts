import { afterAll, beforeAll, expect, it } from 'vitest';
import { run, until } from '../../lab/command.ts';
import { downLab } from '../../lab/down.ts';
import { inNetns } from '../../lab/netns.ts';
import type { LabGuest, LabNetwork, Topology } from '../../lab/topology.ts';
import { detectDuplicate } from '../../lab/traffic/duplicate-address.ts';
import type { FlowFigures } from '../../lab/traffic/flow.ts';
import { startTraffic } from '../../lab/traffic/traffic.ts';
import { upLab } from '../../lab/up.ts';
import { freshLabName } from './fixture/own-lab.ts';

const name = freshLabName();
let topology: Topology;

beforeAll(async () => {
  ({ topology } = await upLab({ name, hosts: 2, guests: 2, networks: 1, services: false, owner: 'process' }));
});
afterAll(() => downLab(name));

it('carries streams, datagrams, multicast and broadcast at the same time, by IPv4 and IPv6, and sees what a cut does to them', async () => {
  await using session = await startTraffic(name, [
    { kind: 'tcp', id: 'tcp', from: 'g1-1', to: 'g2-1', bytesPerSecond: 200_000 },
    { kind: 'tcp', id: 'tcp6', from: 'g1-1', to: 'ext', family: 6, bytesPerSecond: 200_000 },
    { kind: 'udp', id: 'udp6', from: 'g2-1', to: 'g1-1', family: 6 },
    { kind: 'multicast', id: 'multicast', from: 'g1-1', to: ['g2-1', 'g2-2'] },
    { kind: 'multicast', id: 'multicast6', from: 'g2-1', to: ['g1-1'], family: 6 },
    { kind: 'broadcast', id: 'broadcast', from: 'g2-2', to: ['g1-1', 'g1-2', 'g2-1'] },
  ]);
  const enough = (flow: FlowFigures) =>
    flow.kind === 'tcp' ? flow.bytes > 20_000 : flow.kind === 'idle' || flow.received > 20;
  const flowing = async () => {
    const { flows } = await session.report();
    return flows.every(enough) ? flows : undefined;
  };
  const before = await until('every flow to flow', flowing);
  expect(before.map((f) => `${f.id} ${f.to}`)).toEqual([
    ...['tcp g2-1', 'tcp6 ext', 'udp6 g1-1', 'multicast g2-1', 'multicast g2-2', 'multicast6 g1-1'],
    ...['broadcast g1-1', 'broadcast g1-2', 'broadcast g2-1'],
  ]);
  for (const flow of before) {
    if (flow.kind === 'tcp') expect(flow).toMatchObject({ connected: true });
    else expect(flow).toMatchObject({ duplicates: 0 });
  }

  const tap = guest('g1-1').tap;
  const hypervisor = `${name}-hv1`;
  await session.mark();
  await run(['ip', '-n', hypervisor, 'link', 'set', tap, 'nomaster']);
  const lost = (flow: FlowFigures | undefined) => (flow && 'lost' in flow ? flow.lost : 0);
  const cut = await until('datagrams to be lost', async () => {
    const { flows } = await session.report();
    return lost(flows.find((f) => f.id === 'udp6')) > 20 && retransmissions(flows, 'tcp') > 0 ? flows : undefined;
  });
  expect(lost(cut.find((f) => f.id === 'broadcast' && f.to === 'g1-1'))).toBeGreaterThan(20);
  expect(lost(cut.find((f) => f.id === 'broadcast' && f.to === 'g1-2'))).toBeLessThan(20); // the neighbour has not been cut
  await run(['ip', '-n', hypervisor, 'link', 'set', tap, 'master', network().bridge]);
  await session.mark();
  await until('every flow to flow again', flowing);
});

it('counts a datagram twice that comes twice', async () => {
  await using session = await startTraffic(name, [{ kind: 'broadcast', id: 'b', from: 'g2-1', to: ['g1-1', 'g1-2'] }]);
  const netns = `${name}-hv1`;
  await run(inNetns(netns, ['nft', '-f', '-']), {
    input: [
      'add table netdev twice',
      `add chain netdev twice out { type filter hook egress device "${guest('g1-1').tap}" priority 0; }`,
      `add rule netdev twice out udp dport 20000-32767 dup to "${guest('g1-2').tap}"`,
      '',
    ].join('\n'),
  });
  const report = await until('duplicates', async () => {
    const { flows } = await session.report();
    return flows.some((f) => 'duplicates' in f && f.to === 'g1-2' && f.duplicates > 0) ? flows : undefined;
  });
  expect(report.find((f) => f.to === 'g1-1')).toMatchObject({ duplicates: 0 });
  await run(inNetns(netns, ['nft', 'delete', 'table', 'netdev', 'twice']));
});

it('lets the far side of an idle connection speak first', async () => {
  await using session = await startTraffic(name, [{ kind: 'idle', id: 'i', from: 'g1-1', to: 'ext' }]);
  expect(await session.speak('i')).toBe(true);
  await run(['ip', '-n', `${name}-hv1`, 'link', 'set', guest('g1-1').tap, 'nomaster']);
  expect(await session.speak('i', 300)).toBe(false);
  await run(['ip', '-n', `${name}-hv1`, 'link', 'set', guest('g1-1').tap, 'master', network().bridge]);
  await until('it to be heard at last', async () => ((await session.speak('i')) ? true : undefined));
  expect((await session.report()).flows).toEqual([expect.objectContaining({ kind: 'idle', connected: true })]);
});

it('detects a duplicate address as the kernel does, and finds none where there is none', async () => {
  expect(await detectDuplicate(guest('g1-1'), 'fd00:51:1::d00')).toBe('unique');
  expect(await detectDuplicate(guest('g1-1'), guest('g2-1').ip6)).toBe('duplicate');
});

it('says why a flow does not start', async () => {
  const refused = startTraffic(name, [{ kind: 'udp', id: 'u', from: 'ext', to: 'g1-1' }], { readyMs: 300 });
  await expect(refused).rejects.toThrow('nothing comes by u at g1-1'); // the group lets only members in
});

function guest(which: string): LabGuest {
  return topology.guests.find((g) => g.name === which) as LabGuest; // the test knows its lab
}

function network(): LabNetwork {
  return topology.networks[0] as LabNetwork; // as above
}

function retransmissions(flows: readonly FlowFigures[], id: string): number {
  const flow = flows.find((f) => f.id === id);
  return flow?.kind === 'tcp' ? flow.retransmissions : 0;
}
