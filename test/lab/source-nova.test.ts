import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execIn } from '../../lab/netns.ts';
import { novaGateway } from '../../lab/sources/nova-network.ts';
import { networkOf } from '../../lab/topology.ts';
import { AgentHost } from './agent/agent-host.ts';
import { Cloud } from './fixture/cloud.ts';
import { freshLabName } from './fixture/own-lab.ts';

const jumbo = 4000;

describe("nova-network's taps, each hypervisor the gateway of its guests", () => {
  let host: AgentHost;
  beforeAll(async () => {
    host = await AgentHost.up({ source: 'nova-multi-host', mtu: jumbo });
  });
  afterAll(() => host?.[Symbol.asyncDispose]());

  it('are seen in brN and br100 under names that other hypervisors use too, with the way to the wire', async () => {
    const inventory = await host.until('its inventory', () => host.inventory);
    expect(inventory.taps.map(({ tap, plug }) => [tap, plug])).toEqual(
      host.guests.map((guest, n) => [`vnet${n}`, { kind: 'legacy', bridge: bridgeOf(host, guest.name) }]),
    );
    expect(inventory.bridges.toSorted((a, b) => (a.bridge < b.bridge ? -1 : 1))).toMatchObject([
      { bridge: 'br100', provider: { bridge: 'br-ex' } },
      { bridge: 'br101', uplink: 'vlan101', provider: { bridge: 'br-ex', tag: 101 } },
    ]);
    const elsewhere = host.lab.topology.guests.filter((guest) => guest.hypervisor === 'hv2').map((guest) => guest.tap);
    expect(elsewhere).toEqual(host.guests.map((guest) => guest.tap));
  });

  it('are held: the hypervisor has its own address on their bridges, and serves DHCP there', async () => {
    const inventory = await host.until('its inventory', () => host.inventory);
    const own = inventory.findings.filter((finding) => finding.kind === 'own-address');
    expect(own.map(({ severity }) => severity)).toEqual(['error', 'error']);
    expect(own.map(({ message }) => message).join('\n')).toMatch(/10\.100\.0\.11\/24 on br101, and it serves DHCP/);
  });

  it('are cut, and reach their gateway and the guests that stayed; no bridge changes its address or MTU', async () => {
    const before = await bridges(host);
    expect(before).toEqual([
      ['br100', 'fa:16:3f:01:00:02', jumbo],
      ['br101', 'fa:16:3f:01:00:01', jumbo],
    ]);
    expect(await host.prepare(1)).toMatchObject({ kind: 'accepted' });
    expect(await bridges(host)).toEqual(before);
    expect(await members(host)).toContain('shl'); // a leg of ours did join
    await host.cut(1);
    await host.phase(1, 'committing');
    await host.commit(1);
    await host.phase(1, 'committed');
    expect(await host.plugs()).toEqual(host.guests.map(() => 'target'));
    expect(await host.allAnswer()).toBe(true);
    expect(await gatewaysAnswer(host)).toBe(true);
    expect(await bridges(host)).toEqual(before);
  });

  it('go back, each into its own bridge', async () => {
    const before = await bridges(host);
    expect(await host.prepare(2, { direction: 'back' })).toMatchObject({ kind: 'accepted' });
    await host.cut(2, { direction: 'back' });
    await host.phase(2, 'committing');
    await host.commit(2);
    await host.phase(2, 'committed');
    expect(await host.plugs()).toEqual(host.guests.map(() => 'legacy'));
    expect(await host.allAnswer()).toBe(true);
    expect(await gatewaysAnswer(host)).toBe(true);
    expect(await bridges(host)).toEqual(before);
  });

  it('that a cut cannot prove come back by themselves', async () => {
    const [guest] = host.guests;
    if (guest === undefined) throw new Error('a lab without guests');
    expect(await host.prepare(3)).toMatchObject({ kind: 'accepted' });
    await host.cut(3, { deadlineMs: 2_000 }); // nobody says commit
    await host.phase(3, 'reverted');
    expect(await host.plugs()).toEqual(host.guests.map(() => 'legacy'));
    expect(await host.allAnswer()).toBe(true);
  });
});

function bridgeOf(host: AgentHost, name: string): string | undefined {
  const guest = host.guests.find((candidate) => candidate.name === name);
  return guest && networkOf(host.lab.topology, guest).bridge;
}

/** Address and MTU of every bridge: what neighbours of nova-network's gateway know. */
async function bridges(host: AgentHost): Promise<readonly (readonly [string, string, number])[]> {
  const links = JSON.parse(await host.inHost('ip', '-j', 'link', 'show', 'type', 'bridge')) as {
    readonly ifname: string;
    readonly address: string;
    readonly mtu: number;
  }[]; // ip's own JSON
  return links.map((link) => [link.ifname, link.address, link.mtu] as const).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

async function members(host: AgentHost): Promise<string> {
  return host.inHost('bridge', 'link');
}

/** Every guest reaches the hypervisor as its gateway, wherever it is plugged. */
async function gatewaysAnswer(host: AgentHost): Promise<boolean> {
  const hypervisor = host.lab.topology.hypervisors[0];
  if (hypervisor === undefined) throw new Error('a lab without hypervisors');
  const answers = await Promise.all(
    host.guests.map(async (guest) => {
      const gateway = novaGateway(networkOf(host.lab.topology, guest), hypervisor);
      return execIn(guest.netns, ['ping', '-n', '-q', '-c', '3', '-i', '0.2', '-W', '2', gateway]);
    }),
  );
  return answers.every(({ exitCode }) => exitCode === 0);
}

describe('a cloud on nova-network, its gateway elsewhere', () => {
  let cloud: Cloud;
  beforeAll(async () => {
    cloud = await Cloud.up({ name: freshLabName(), hosts: 2, guests: 2, source: 'nova-network', prometheus: false });
  });
  afterAll(() => cloud?.[Symbol.asyncDispose]());

  it('is moved a hypervisor at a time, each bridge known by the VLAN of its wire, and back', async () => {
    const run = await cloud.startRun({ hosts: ['hv1'] });
    await cloud.untilRun(run, ['done']);
    await cloud.untilPlug('hv1', 'target');
    expect((await cloud.host('hv2')).plug).toBe('legacy');
    expect(await cloud.silentGuests()).toEqual([]);
    await cloud.back('hv1');
    await cloud.untilPlug('hv1', 'legacy');
    expect(await cloud.silentGuests()).toEqual([]);
  });
});
