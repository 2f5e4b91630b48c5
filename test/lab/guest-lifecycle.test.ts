import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, until } from '../../lab/command.ts';
import { downLab } from '../../lab/down.ts';
import { addGuest, currentLab, rebootGuest, removeGuest } from '../../lab/guest/guest-lifecycle.ts';
import { guestRows } from '../../lab/guest/guest-list.ts';
import { migrateGuest } from '../../lab/guest/migrate-guest.ts';
import { hypervisorPlace } from '../../lab/hypervisor.ts';
import { execIn, listNamespaces } from '../../lab/netns.ts';
import { vsctl } from '../../lab/open-vswitch.ts';
import { pathsOf } from '../../lab/run-dir.ts';
import type { LabGuest, LabHypervisor, LabNetwork } from '../../lab/topology.ts';
import { startTraffic, type TrafficSession } from '../../lab/traffic/traffic.ts';
import { upLab } from '../../lab/up.ts';
import { freshLabName } from './fixture/own-lab.ts';

/** One lab for the file: hv1 stays on Linux bridges, the guests of net1 on hv2 are moved to br-int in between. */
const name = freshLabName();
let network: LabNetwork;

beforeAll(async () => {
  const lab = await upLab({ name, hosts: 2, guests: 1, networks: 1, services: false, owner: 'process' });
  network = lab.topology.networks[0] as LabNetwork; // one was asked for
});
afterAll(() => downLab(name));

describe('while all is on Linux bridges', () => {
  it('starts a guest as Neutron and Nova would, and deletes it without a trace', async () => {
    const guest = await addGuest(name, { hypervisor: 'hv1', macs: 2, nic: 'veth' });
    expect(await row(guest.name)).toMatchObject({ bridges: [network.bridge], xml: 'legacy', hypervisor: 'hv1' });
    expect(await nb(['get', 'Logical_Switch_Port', guest.portId, 'options:requested-chassis'])).toBe(`hv1.${name}.lab`);
    const more = guest.extra?.moreNics[0];
    const addresses = [guest.ip4, guest.ip6, more?.ip4, more?.ip6];
    expect(await Promise.all(addresses.map((ip) => answers(network.ext.netns, ip)))).toEqual([true, true, true, true]);
    expect(await firewall('hv1')).toContain(more?.mac);

    await removeGuest(name, guest.name);
    expect(listNamespaces(name)).not.toContain(guest.netns);
    expect(await links('hv1')).not.toContain(guest.tap);
    expect(await nb(['--columns=name', 'find', 'Logical_Switch_Port', `name="${guest.portId}"`])).toBe('');
    expect(await firewall('hv1')).not.toContain(guest.portId.slice(0, 10));
    expect(currentLab(name).topology.guests.map((g) => g.name)).toEqual(['g1-1', 'g2-1']);
  });

  it('has guests that never answer, one of which speaks all the same', async () => {
    const silent = await addGuest(name, { hypervisor: 'hv1', behaviour: 'silent' });
    const speaker = await addGuest(name, { hypervisor: 'hv1', behaviour: 'send-only' });
    expect(await answers(network.ext.netns, silent.ip4)).toBe(false);
    expect(await answers(network.ext.netns, speaker.ip4)).toBe(false);
    const learnt = () => run(['bridge', '-n', hypervisor('hv1').netns, 'fdb', 'show', 'dev', speaker.tap, 'dynamic']);
    await until(
      'the bridge to learn the one that speaks',
      async () => (await learnt()).includes(speaker.mac) || undefined,
    );
    for (const guest of [silent, speaker]) await removeGuest(name, guest.name);
  });

  it('leaves nothing of a guest that cannot be made', async () => {
    await expect(addGuest(name, { hypervisor: 'hv1', ip: '10.100.0.1' })).rejects.toThrow('10.100.0.1');
    await run(['ip', '-n', hypervisor('hv1').netns, 'link', 'set', network.bridge, 'name', 'elsewhere']);
    await expect(addGuest(name, { hypervisor: 'hv1' })).rejects.toThrow(network.bridge);
    await run(['ip', '-n', hypervisor('hv1').netns, 'link', 'set', 'elsewhere', 'name', network.bridge]);
    expect(currentLab(name).topology.guests.map((g) => g.name)).toEqual(['g1-1', 'g2-1']);
    expect(listNamespaces(name).filter((netns) => /-g\d/.test(netns))).toEqual([`${name}-g1-1`, `${name}-g2-1`]);
    expect((await links('hv1')).filter((link) => link.startsWith('tap'))).toEqual([guestNamed('g1-1').tap]);
  });

  it('reboots a guest: the device is another, the address the same', async () => {
    const before = await ifindex('hv1', 'g1-1');
    const guest = await rebootGuest(name, 'g1-1', { bootMs: 0 });
    expect(await ifindex('hv1', 'g1-1')).not.toBe(before);
    expect(await answers(network.ext.netns, guest.ip4)).toBe(true);
  });
});

describe('once the guests of a hypervisor are on br-int', () => {
  beforeAll(async () => {
    const guest = guestNamed('g2-1');
    await run(['ip', '-n', hypervisor('hv2').netns, 'link', 'set', guest.tap, 'nomaster']);
    await ovs('hv2', [
      'add-port',
      'br-int',
      guest.tap,
      '--',
      'set',
      'Interface',
      guest.tap,
      `external_ids:iface-id="${guest.portId}"`,
    ]);
    await untilInstalled('hv2', guest);
  });

  it('starts a new guest there, and still on the Linux bridge elsewhere', async () => {
    const [there, elsewhere] = [
      await addGuest(name, { hypervisor: 'hv2' }),
      await addGuest(name, { hypervisor: 'hv1' }),
    ];
    expect(await row(there.name)).toMatchObject({ bridges: ['br-int'], xml: 'target' });
    expect(await row(elsewhere.name)).toMatchObject({ bridges: [network.bridge], xml: 'legacy' });
    await untilInstalled('hv2', there);
    await untilAnswers(there);
    await removeGuest(name, there.name);
    expect(await ovs('hv2', ['list-ports', 'br-int'])).not.toContain(there.tap);
    await removeGuest(name, elsewhere.name);
  });

  it.each(['veth', 'tap'] as const)(
    'migrates a running guest with a %s from bridge to br-int and back, state and all',
    async (nic) => {
      const guest = await addGuest(name, { hypervisor: 'hv1', nic });
      await using traffic = await startTraffic(name, [
        { kind: 'tcp', id: 'held', from: guest.name, to: 'ext', bytesPerSecond: 20_000 },
      ]);

      const moved = await migrateGuest(name, guest.name, 'hv2');
      expect(await row(guest.name)).toMatchObject({ hypervisor: 'hv2', bridges: ['br-int'], xml: 'target' });
      expect(await links('hv1')).not.toContain(guest.tap);
      await untilInstalled('hv2', moved);
      expect(await nb(['get', 'Logical_Switch_Port', guest.portId, 'options'])).toMatch(
        new RegExp(`requested-chassis[=":]+hv2\\.${name}\\.lab"?}`),
      );
      await untilAnswers(moved);
      await untilStreams(traffic);

      await migrateGuest(name, guest.name, 'hv1');
      expect(await row(guest.name)).toMatchObject({ hypervisor: 'hv1', bridges: [network.bridge] });
      expect(await links('hv2')).not.toContain(guest.tap);
      expect(await ovs('hv2', ['list-ports', 'br-int'])).not.toContain(guest.tap);
      await untilAnswers(guest);
      await untilStreams(traffic);
      await removeGuest(name, guest.name);
    },
  );

  it('reboots a moved guest back to the bridge of its XML, with the row on br-int left behind; or where its hypervisor is', async () => {
    await rebootGuest(name, 'g2-1', { plug: 'xml', bootMs: 0 });
    expect((await row('g2-1')).bridges).toEqual([network.bridge, 'br-int']); // what an agent's guard has to repair
    await rebootGuest(name, 'g2-1', { plug: 'current', bootMs: 0 });
    expect(await row('g2-1')).toMatchObject({ bridges: ['br-int'], xml: 'target' });
    await untilAnswers(guestNamed('g2-1'));
  });
});

function guestNamed(guest: string): LabGuest {
  return currentLab(name).topology.guests.find((g) => g.name === guest) as LabGuest; // the test knows its lab
}

function hypervisor(which: string): LabHypervisor {
  return currentLab(name).topology.hypervisors.find((h) => h.name === which) as LabHypervisor; // as above
}

async function row(guest: string) {
  const rows = await guestRows(currentLab(name));
  return rows.find((r) => r.name === guest) ?? expect.fail(`no guest ${guest}`);
}

async function nb(args: readonly string[]): Promise<string> {
  const text = await run(['ovn-nbctl', `--db=unix:${pathsOf(name).nb}`, '--bare', ...args]);
  return text.trim().replace(/^"|"$/g, '');
}

function ovs(which: string, args: readonly string[]): Promise<string> {
  return vsctl(hypervisorPlace(name, hypervisor(which)), args);
}

function firewall(which: string): Promise<string> {
  return run(['nsenter', `--net=/run/netns/${hypervisor(which).netns}`, 'iptables-save']);
}

async function links(which: string): Promise<readonly string[]> {
  return (JSON.parse(await run(['ip', '-n', hypervisor(which).netns, '-j', 'link'])) as { ifname: string }[]).map(
    (l) => l.ifname,
  );
}

async function ifindex(which: string, guest: string): Promise<number> {
  const [link] = JSON.parse(
    await run(['ip', '-n', hypervisor(which).netns, '-j', 'link', 'show', guestNamed(guest).tap]),
  ) as [{ ifindex: number }];
  return link.ifindex;
}

async function answers(from: string, ip = ''): Promise<boolean> {
  return (await execIn(from, ['ping', '-n', '-q', '-c', '2', '-i', '0.2', '-W', '1', ip])).exitCode === 0;
}

function untilAnswers(guest: LabGuest): Promise<true> {
  return until(`${guest.name} to answer`, async () => (await answers(network.ext.netns, guest.ip4)) || undefined);
}

function untilInstalled(which: string, guest: LabGuest): Promise<true> {
  return until(`OVN to install ${guest.name} on ${which}`, async () => {
    const value = await ovs(which, ['--if-exists', 'get', 'Interface', guest.tap, 'external_ids:ovn-installed']).catch(
      () => '',
    );
    return value.includes('true') || undefined;
  });
}

/** The connection of before the move still carries what the guest sends. */
async function untilStreams(traffic: TrafficSession): Promise<void> {
  await traffic.mark();
  await until('the stream to go on', async () => {
    const [stream] = (await traffic.report()).flows;
    return stream?.kind === 'tcp' && stream.connected && stream.bytes > 0 ? true : undefined;
  });
}
