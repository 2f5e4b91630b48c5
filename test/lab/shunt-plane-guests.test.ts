import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { run, until } from '../../lab/command.ts';
import { addGuest, currentLab } from '../../lab/guest/guest-lifecycle.ts';
import { execIn, scriptIn } from '../../lab/netns.ts';
import { pathsOf } from '../../lab/run-dir.ts';
import { type LabGuest, networkOf } from '../../lab/topology.ts';
import { startTraffic, type TrafficSession } from '../../lab/traffic/traffic.ts';
import { upLab } from '../../lab/up.ts';
import { gratuitousArp } from '../../platform/frames.ts';
import { inNetns } from '../../platform/native/netns.ts';
import { PacketSocket } from '../../platform/native/packet-socket.ts';
import { freshLabName } from './fixture/own-lab.ts';
import { PlaneLab } from './shunt-plane/plane-lab.ts';
import { broadcast, deliver, never, once, type Stand, send, Witness } from './shunt-plane/witness.ts';

/** An address that moves between two guests (VRRP, RFC 5798): neither of them owns it. */
const virtual = { mac: '00:00:5e:00:01:07', ip4: '10.100.0.77' };
const stranger = '52:54:00:99:99:99';
const vlan = 7;
/** Frames at 100 Hz: without its memberships a guest hears nothing for fifteen or for ever. */
const lostMax = 2;
/** What is sent next to a guest comes to it by OVN a moment later than by its legacy leg: what is between the two at the instant of a flip comes by both. */
const atInstantMax = 2;

/** Guests of every kind on one hypervisor, and their peers on another, which stays as it was. */
let lab: PlaneLab;
let kinds: Readonly<
  Record<'silent' | 'sender' | 'several' | 'open' | 'tagged' | 'otherOpen' | 'otherTagged', LabGuest>
>;
const member = 'g1-3';
const neighbour = 'g1-1';
const witnesses = new Map<string, Witness>();

beforeAll(async () => {
  const name = freshLabName();
  await upLab({
    ...{ name, hosts: 2, guests: 3, networks: 2, snooping: true, vlanTransparent: true },
    ...{ services: false, owner: 'process' },
  });
  const [hv1, hv2] = ['hv1', 'hv2'].map((hypervisor) => ({ hypervisor }));
  kinds = {
    silent: await addGuest(name, { ...hv1, behaviour: 'silent' }),
    sender: await addGuest(name, { ...hv1, behaviour: 'send-only' }),
    several: await addGuest(name, { ...hv1, macs: 2 }),
    open: await addGuest(name, { ...hv1, portSecurity: false }),
    tagged: await addGuest(name, { ...hv1, network: 'net2' }),
    otherOpen: await addGuest(name, { ...hv2, portSecurity: false }),
    otherTagged: await addGuest(name, { ...hv2, network: 'net2' }),
  };
  await scriptIn(kinds.tagged.netns, [
    `nft 'table netdev tags { chain in { type filter hook ingress device eth0 priority 0; vlan id ${vlan} counter; }; }'`,
  ]);
  lab = await PlaneLab.on(currentLab(name));
  const { bridge } = networkOf(lab.lab.topology, lab.guest(member));
  await scriptIn(lab.hypervisor.netns, [
    `ip link set ${bridge} type bridge mcast_snooping 0 mcast_query_response_interval 10`, // it floods for so long at first
    `ip link set ${bridge} type bridge mcast_snooping 1`,
  ]);
});
/** Also after a test that has failed half-way. */
afterEach(() => {
  const { silent, sender, several, open, tagged } = kinds;
  return lab.to(
    'legacy',
    [member, silent.name, sender.name, several.name, open.name, tagged.name].map((name) => lab.move(name)),
  );
});
afterAll(async () => {
  for (const witness of witnesses.values()) await witness[Symbol.asyncDispose]();
  await lab?.[Symbol.asyncDispose]();
});

const ext = () => networkOf(lab.lab.topology, kinds.silent).ext;

function at({ netns }: { readonly netns: string }): Witness {
  const witness = witnesses.get(netns) ?? new Witness({ netns, nic: 'eth0' });
  witnesses.set(netns, witness);
  return witness;
}

it('guests of every kind are reached once and speak once at each place of their way there and back', async () => {
  const { silent, sender, several, open, tagged, otherOpen } = kinds;
  const moves = [silent, sender, several, tagged].map((guest) => lab.move(guest.name));
  const shared = lab.move(open.name);
  moves.push({ ...shared, shunt: { ...shared.shunt, sharedMacs: [virtual.mac] } });
  await forgetSoon(silent);
  for (const place of ['staged', 'shunted', 'staged', 'hybrid'] as const) {
    await lab.to(place, moves);
    await Promise.all([silent, sender, several, open].map((guest) => reached(guest, place)));
    for (const nic of several.extra?.moreNics ?? [])
      expect(await deliver({ from: ext(), to: nic.mac, at: at(several) }), `a macvlan, ${place}`).toEqual(once);
    for (const nic of [several, ...(several.extra?.moreNics ?? [])])
      expect(await pinged(ext(), nic.ip4), `${nic.ip4} of several, ${place}`).toBe(true);
    await tagsPass(place);
    await speaksForItself(sender, place);
    for (const holder of [open, otherOpen]) await holds(holder, place);
  }
  await lab.to('legacy', moves);
  expect(await lab.traces()).toEqual([]);
});

it('a silent member of groups goes on hearing them at flips both ways, from far and from its own bridge', async () => {
  const move = lab.move(member);
  const { bridge } = move.legacy;
  await using traffic = await startTraffic(lab.lab.topology.name, [
    { id: 'group', kind: 'multicast', from: 'g2-1', to: [member], hz: 100 },
    { id: 'group6', kind: 'multicast', from: 'g2-1', to: [member], hz: 100, family: 6 },
    { id: 'near', kind: 'multicast', from: neighbour, to: [member], hz: 100 },
  ]);
  const known = () => lab.netlink.groups(bridge).filter(({ group }) => appGroup.test(group)).length >= 3 || undefined;
  await until('the bridge to know the groups', known);
  await lab.to('staged', [move]);
  for (const [flips, place] of (['shunted', 'staged', 'shunted'] as const).entries()) {
    await traffic.mark(); // what entering and the last flip cost is counted elsewhere
    await heard(traffic, `after ${flips} flips, before ${place}`);
    await traffic.mark();
    await lab.to(place, [move]);
    await heard(traffic, place, { twiceMax: atInstantMax });
    if (place === 'staged')
      await until('OVN to forget that it is a member', async () => !(await ovnKnows(move.portId)) || undefined);
  }
  await lab.to('legacy', [move]);
  await traffic.mark();
  await heard(traffic, 'legacy');
});

it('a guest that has been silent for longer than any table remembers gets its frames, and nobody else does', async () => {
  const { silent } = kinds;
  const move = lab.move(silent.name);
  await lab.to('staged', [move]);
  await deliver({ from: ext(), to: move.mac, at: at(silent) });
  await until('the bridge to forget who sent', () =>
    lab.fdb(move.legacy.bridge, ext().mac) === undefined ? true : undefined,
  );
  await lab.appctl('fdb/flush', 'br-ex'); // what ages there takes 15 s at least, and goes the same way
  const trial = await send(ext(), move.mac);
  expect(await deliver({ from: ext(), to: move.mac, at: at(silent) })).toEqual(once);
  expect(at(silent).counts(trial)).toEqual(once);
  expect(at(lab.guest(neighbour)).counts(trial)).toEqual(never);
  await lab.to('legacy', [move]);
});

/** Its bridge's table ages while a test runs. */
async function forgetSoon(guest: LabGuest): Promise<void> {
  at(lab.guest(neighbour));
  await lab.host(
    'ip',
    'link',
    'set',
    networkOf(lab.lab.topology, guest).bridge,
    'type',
    'bridge',
    'ageing_time',
    '100',
  );
}

async function reached(guest: LabGuest, place: string): Promise<void> {
  for (const to of [guest.mac, broadcast])
    expect(await deliver({ from: ext(), to, at: at(guest) }), `${to} to ${guest.name}, ${place}`).toEqual(once);
  const own = await deliver({ from: guest, to: broadcast, at: at(ext()) });
  expect(own, `from ${guest.name}, ${place}`).toEqual(once);
}

/** Neutron's protection against spoofing, at first; OVN's after the flip. */
async function speaksForItself(guest: LabGuest, place: string): Promise<void> {
  const spoofed = await send({ ...guest, mac: stranger }, broadcast);
  expect(await deliver({ from: guest, to: broadcast, at: at(ext()) }), `its own, ${place}`).toEqual(once);
  expect(at(ext()).counts(spoofed), `another's, ${place}`).toEqual(never);
}

/** Takes the virtual address over, as VRRP does, and is the one who gets its frames. */
async function holds(guest: LabGuest, place: string): Promise<void> {
  const holder: Stand = { netns: guest.netns, ...virtual };
  const advertise = () => {
    using socket = inNetns(guest.netns, () => PacketSocket.open({ interface: 'eth0' }));
    socket.send(gratuitousArp({ mac: virtual.mac, ip: virtual.ip4 }));
  };
  advertise();
  expect(await deliver({ from: holder, to: broadcast, at: at(ext()) }), `${guest.name} speaks, ${place}`).toEqual(once);
  const got = () => deliver({ from: ext(), to: virtual.mac, at: at(guest) });
  // A switch that forwards by its cache learns when it next looks through that, from frames of the old holder too: a master goes on speaking.
  const all = async () => {
    advertise();
    return (await got()).every((count) => count > 0) ? true : undefined;
  };
  await until(`the virtual address to be at ${guest.name}, ${place}`, all);
  expect(await got(), `the virtual address at ${guest.name}, ${place}`).toEqual(once);
}

/** Frames that the guests tag themselves, both ways; the tag is still there when they arrive. */
async function tagsPass(place: string): Promise<void> {
  const { tagged, otherTagged } = kinds;
  const before = await tags();
  const came = await deliver({ from: { ...otherTagged, vlan }, to: tagged.mac, at: at(tagged) });
  expect(came, `tagged, ${place}`).toEqual(once);
  const left = await deliver({ from: { ...tagged, vlan }, to: otherTagged.mac, at: at(otherTagged) });
  expect(left, `tagged, out, ${place}`).toEqual(once);
  expect((await tags()) - before, `tags, ${place}`).toBeGreaterThanOrEqual(once.length);
}

async function tags(): Promise<number> {
  const { stdout } = await execIn(kinds.tagged.netns, ['nft', 'list', 'chain', 'netdev', 'tags', 'in']);
  return Number(/packets (\d+)/.exec(stdout)?.[1]);
}

async function pinged(from: { readonly netns: string }, ip: string): Promise<boolean> {
  return (await execIn(from.netns, ['ping', '-c', '2', '-i', '0.1', '-W', '1', ip])).exitCode === 0;
}

/** Groups of the lab's traffic. */
const appGroup = /239\.77\.|ff15:/;

/** Whether OVN has any of them at this port. At the network's way to the wire it may: there it hears what the guest says by its legacy leg. */
async function ovnKnows(portId: string): Promise<boolean> {
  const ask = (...words: readonly string[]) =>
    run(['ovn-sbctl', `--db=unix:${pathsOf(lab.lab.topology.name).sb}`, '--bare', ...words]);
  const binding = (await ask('--columns=_uuid', 'find', 'Port_Binding', `logical_port=${portId}`)).trim();
  const groups = (await ask('--columns=address,ports', 'list', 'IGMP_Group')).split('\n\n');
  return groups.some((group) => appGroup.test(group) && group.includes(binding));
}

/** Since the last mark; it waits until there is enough to judge by. */
async function heard(traffic: TrafficSession, when: string, { twiceMax } = { twiceMax: 0 }): Promise<void> {
  const flows = async () => (await traffic.report()).flows.flatMap((flow) => (flow.kind === 'multicast' ? [flow] : []));
  const enough = async () => ((await flows()).every(({ sent }) => sent >= 50) ? true : undefined);
  await until(`groups to be sent to, ${when}`, enough);
  for (const { id, sent, lost, duplicates, longestLostMs, longestGapMs } of await flows()) {
    const told = `of ${sent}, ${longestLostMs} ms on end, silence ${Math.round(longestGapMs)} ms, ${when}`;
    expect(duplicates, `${id} twice, ${told}`).toBeLessThanOrEqual(twiceMax);
    expect(lost, `${id} lost, ${told}`).toBeLessThanOrEqual(lostMax);
  }
}
