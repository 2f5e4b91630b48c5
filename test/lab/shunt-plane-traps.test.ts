import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { flip } from '../../agent/shunt/flip.ts';
import { ProviderKeeper } from '../../agent/shunt/provider-keeper.ts';
import { shuntMoves } from '../../agent/shunt/shunt-moves.ts';
import { guarded } from '../../agent/shunt/storm-guard.ts';
import { until } from '../../lab/command.ts';
import { execIn, scriptIn } from '../../lab/netns.ts';
import { restartProgram } from '../../lab/programs.ts';
import { networkOf } from '../../lab/topology.ts';
import { startTraffic } from '../../lab/traffic/traffic.ts';
import { gratuitousArp } from '../../platform/frames.ts';
import { PacketSocket } from '../../platform/native/packet-socket.ts';
import { PlaneLab } from './shunt-plane/plane-lab.ts';
import { broadcast, deliver, never, once, send, Witness } from './shunt-plane/witness.ts';

/** Each trap twice: with its cure, and with the cure taken away by hand, when the harm must show. */
let lab: PlaneLab;
let guest: Witness;
let peer: Witness;
const name = 'g1-1';
const neighbour = 'g1-3';
beforeAll(async () => {
  lab = await PlaneLab.up({ networks: 1, guests: 3 });
  guest = new Witness({ netns: lab.guest(name).netns, nic: 'eth0' });
  peer = new Witness({ netns: lab.guest(neighbour).netns, nic: 'eth0' });
});
afterEach(async () => {
  const move = lab.move(name);
  if (lab.netlink.link(move.shunt.bridge) !== undefined) await lab.perform(['make-shunt'], [move]); // all cures again
  await lab.to('legacy', [move]);
});
afterAll(async () => {
  await guest?.[Symbol.asyncDispose]();
  await peer?.[Symbol.asyncDispose]();
  await lab?.[Symbol.asyncDispose]();
});
const nft = (command: string) => lab.host('nft', command);
/** Whether a refusal comes back to the guest: there is nobody at that port. */
const answered = async () => {
  const connect = ['timeout', '2', 'bash', '-c', `</dev/tcp/${ext().ip4}/9`];
  return (await execIn(lab.guest(name).netns, connect)).exitCode !== 124;
};
const ext = () => networkOf(lab.lab.topology, lab.guest(name)).ext;

it('broadcasts come twice where the passive leg is not shut', async () => {
  const move = lab.move(name);
  await lab.to('staged', [move]);
  expect(await deliver({ from: ext(), to: broadcast, at: guest })).toEqual(once);
  await nft(`delete element bridge shunt passive { "${move.shunt.targetLeg.inner}" }`);
  expect(Math.max(...(await deliver({ from: ext(), to: broadcast, at: guest })))).toBe(2);
});

it('a guest hears itself where its own frames may come back', async () => {
  const move = lab.move(name);
  await lab.to('staged', [move]);
  const { inner } = move.shunt.targetLeg;
  const echoes = async () => {
    const trial = await send(lab.guest(name), broadcast);
    await deliver({ from: ext(), to: broadcast, at: guest }); // by then an echo has come
    return guest.counts(trial);
  };
  expect(await echoes()).toEqual(never);
  await nft(`delete element bridge shunt passive { "${inner}" }`);
  expect(await echoes()).toEqual(never); // the second line holds alone
  await nft(`delete element bridge shunt own { "${inner}" . ${move.mac} }`);
  expect(await echoes()).toEqual(once);
});

it('an announcement by OVN pulls the guest out of its place where the provider bridge believes it', async () => {
  const move = lab.move(name);
  await lab.to('staged', [move]);
  const ofport = lab.ovs.interface(move.shunt.targetLeg.outer)?.ofport ?? 0;
  const announce = () => lab.integration.inject(ofport, gratuitousArp({ mac: move.mac, ip: lab.guest(name).ip4 }));
  await lab.integration.ready(AbortSignal.timeout(5_000));
  announce();
  expect(await deliver({ from: ext(), to: move.mac, at: guest })).toEqual(once);
  expect(await lab.providerPort(move)).toBe(move.legacy.provider?.port);
  await lab.perform(['make-shunt'], [move]);
  await lab.appctl('fdb/del', 'br-ex', '100', move.mac);
  await lab.host('ovs-ofctl', 'del-flows', lab.management('br-ex'), 'cookie=0x5348554e00000000/0xffffffff00000000');
  const pulled = async () => {
    announce();
    const port = await lab.providerPort(move);
    return port?.startsWith('patch-') ? port : undefined;
  };
  expect(await until('the provider bridge to believe it', pulled)).toMatch(/^patch-/);
});

it('the legacy bridge sends frames back to the wire where it believes what comes from there', async () => {
  const move = lab.move(name);
  await lab.to('staged', [move]);
  const { bridge, provider, uplink } = move.legacy;
  using wire = PacketSocket.open({ interface: provider?.port ?? '' }); // what is sent out of the leg's end comes in at the uplink
  const reflect = () => wire.send(gratuitousArp({ mac: move.mac, ip: lab.guest(name).ip4 }));
  reflect();
  expect(await deliver({ from: lab.guest(neighbour), to: move.mac, at: guest })).toEqual(once);
  expect(lab.fdb(bridge, move.mac)).toBe(move.shunt.legacyLeg.outer);
  await nft(`delete element bridge shunt wire { "${uplink}" . ${move.mac} }`);
  reflect();
  expect(lab.fdb(bridge, move.mac)).toBe(move.shunt.legacyLeg.outer); // sticky: the second line holds alone
  lab.netlink.applyAll([{ kind: 'fdb-replace', link: move.shunt.legacyLeg.outer, mac: move.mac, state: 'static' }]);
  const moved = () => {
    reflect();
    return lab.fdb(bridge, move.mac) === uplink ? uplink : undefined;
  };
  expect(await until('the bridge to believe it', moved)).toBe(uplink);
});

it.each(['staged', 'shunted'] as const)(
  "a silent guest's frames go into another's tap where L has no lasting entry: %s",
  async (place) => {
    const move = lab.move(name);
    await lab.to(place, [move]);
    const at =
      lab.netlink.link(place === 'staged' ? move.shunt.legacyLeg.outer : (move.legacy.uplink ?? ''))?.ifindex ?? 0;
    await lab.forget(move);
    expect(await flooded()).toEqual(never);
    lab.netlink.applyAll([{ kind: 'fdb-delete', link: at, mac: move.mac }]);
    await lab.forget(move);
    expect(Math.max(...(await flooded()))).toBe(1);

    /** The first of them: its answer teaches the bridge. */
    async function flooded(): Promise<readonly number[]> {
      const trial = await send(lab.guest('g1-2'), move.mac);
      await deliver({ from: ext(), to: broadcast, at: peer });
      return peer.counts(trial);
    }
  },
);

it('answers to a guest behind a stateful firewall are dropped where B has no zone', async () => {
  const move = lab.move(name);
  await lab.to('staged', [move]);
  expect(await answered()).toBe(true);
  await nft(`delete element inet shunt zones { "${move.shunt.bridge}" }`);
  expect(await answered()).toBe(false);
});

it('a refusal does not reach the guest where conntrack sees it twice', async () => {
  const move = lab.move(name);
  await lab.to('staged', [move]);
  expect(await answered()).toBe(true);
  await nft(`delete element inet shunt twice { "${move.legacy.bridge}" . ${move.mac} }`);
  expect(await answered()).toBe(false);
});

it('a guest is cut off where the host drops what it does not know, and our legs are not known', async () => {
  const move = lab.move(name);
  await lab.host('iptables', '-P', 'FORWARD', 'DROP');
  const before = await deliver({ from: ext(), to: move.mac, at: guest });
  await lab.to('staged', [move]);
  const staged = await deliver({ from: ext(), to: move.mac, at: guest });
  for (const way of ['in', 'out'])
    await lab.host(
      'iptables',
      '-D',
      'FORWARD',
      ...`-m physdev --physdev-is-bridged --physdev-${way} sha+ -m comment --comment shunt -j ACCEPT`.split(' '),
    );
  const unknown = await deliver({ from: ext(), to: move.mac, at: guest });
  await lab.host('iptables', '-P', 'FORWARD', 'ACCEPT');
  expect([before, staged, unknown]).toEqual([once, once, never]);
});

it('a loop is seen at once, and ends with the shunt', async () => {
  const move = lab.move(name);
  await lab.to('staged', [move]);
  const [shunted] = shuntMoves([move]);
  const loop = async () => {
    await nft('flush chain bridge shunt enters');
    const flags = { isolated: false, learning: true, flood: true, multicastFlood: true, broadcastFlood: true };
    const legs = [move.shunt.legacyLeg.inner, move.shunt.targetLeg.inner];
    lab.netlink.applyAll(legs.map((link) => ({ kind: 'set-bridge-port', link, ...flags })));
    for (let frames = 0; frames < 5; frames += 1) await send(ext(), broadcast);
  };
  const storm = lab.withExecution([move], async (run) => {
    await guarded(shunted === undefined ? [] : [shunted], run, loop);
  });
  await expect(storm).rejects.toMatchObject({ code: 'verdict-failed', detail: { kind: 'storm' } });
  await lab.perform(['make-shunt'], [move]);
});

it('a loop by somebody else ends a flip before it begins; without the loop it is done', async () => {
  const move = lab.move(name);
  await lab.to('staged', [move]);
  await scriptIn(lab.hypervisor.netns, [
    'ip link add loop0 type veth peer name loop1',
    `ip link set loop0 up master ${move.legacy.bridge}`,
    `ip link set loop1 up master ${move.shunt.bridge}`,
  ]);
  await send(ext(), broadcast);
  try {
    const flipped = lab.withExecution([move], (run) => flip({ kind: 'flip', batch: 0, moves: [move] }, run));
    await expect(flipped).rejects.toMatchObject({
      code: 'verdict-failed',
      detail: { kind: 'storm', link: move.shunt.bridge },
    });
    expect(lab.netlink.link(move.shunt.targetLeg.inner)?.bridgePort?.flood).toBe(false);
  } finally {
    await lab.host('ip', 'link', 'del', 'loop0');
  }
  await lab.perform(['unflip'], [move]);
  await lab.to('shunted', [move]);
  expect(await deliver({ from: ext(), to: broadcast, at: guest })).toEqual(once);
});

it('a member of a group that has been silent hears nothing more where L snoops and was not told of the leg', async () => {
  const move = lab.move(name);
  await scriptIn(lab.hypervisor.netns, [
    `ip link set ${move.legacy.bridge} type bridge mcast_query_response_interval 10`,
    `ip link set ${move.legacy.bridge} type bridge mcast_snooping 1 mcast_querier 1`,
  ]);
  await using traffic = await startTraffic(lab.lab.topology.name, [
    { id: 'group', kind: 'multicast', from: 'g2-1', to: [name, neighbour], hz: 100 },
  ]);
  const known = () =>
    lab.netlink.groups(move.legacy.bridge).some(({ group }) => group.startsWith('239.77.')) ? true : undefined;
  await until('the bridge to know the group', known);
  await lab.to('staged', [move]);
  const lost = async () => {
    await traffic.mark();
    await new Promise((resolve) => setTimeout(resolve, 300)); // a window of measurement
    const { flows } = await traffic.report();
    return flows.map((flow) => (flow.kind === 'multicast' && flow.sent > 0 && flow.lost === flow.sent ? flow.to : ''));
  };
  expect(await lost()).toEqual(['', '']);
  const a = move.shunt.legacyLeg.outer;
  await lab.host('bridge', 'link', 'set', 'dev', a, 'mcast_router', '0');
  for (const { group } of lab.netlink
    .groups(move.legacy.bridge)
    .filter(({ ifindex }) => ifindex === lab.netlink.link(a)?.ifindex))
    await lab.host('bridge', 'mdb', 'del', 'dev', move.legacy.bridge, 'port', a, 'grp', group);
  expect(await lost()).toEqual([name, '']);
});

it.each(['staged', 'shunted'] as const)(
  'what vswitchd knew of a shunt is there again after vswitchd was restarted, and nothing comes twice: %s',
  async (place) => {
    const move = lab.move(name);
    await lab.to(place, [move]);
    const errors: unknown[] = [];
    const removed: string[] = [];
    const claims = new Map([[move.tap, { epoch: 1, bootId: '', move, place }]]);
    using keeper = new ProviderKeeper({
      host: lab,
      claims: () => claims,
      onRemoved: async (_claims, bridge) => void removed.push(bridge),
      onError: (error) => errors.push(error),
    });
    keeper.look();
    await keeper.settled();
    await restartProgram(lab.lab.topology.name, 'hv1-vswitchd');
    const traces = () => lab.traces().catch(() => []); // it does not listen yet
    const ours = async () => (await traces()).filter((line) => /cookie=|static/.test(line)).length;
    if (place === 'staged')
      await until('flows and entry to be there again', async () => (await ours()) === 3 || undefined);
    const { outer } = move.shunt.targetLeg;
    const port = `in_port=${lab.ovs.interface(outer)?.ofport}`;
    const listed = () => lab.host('ovs-ofctl', 'dump-flows', lab.management('br-int'), port).catch(() => '');
    const flows = async () => (await listed()).split('\n').length;
    await until('OVN to have its flows again', async () => (await flows()) > 2 || undefined);
    await lab.integration.ready(AbortSignal.timeout(5_000));
    const ofport = lab.ovs.interface(outer)?.ofport ?? 0;
    lab.integration.inject(ofport, gratuitousArp({ mac: move.mac, ip: lab.guest(name).ip4 })); // as OVN does
    for (const to of [move.mac, broadcast]) expect(await deliver({ from: ext(), to, at: guest }), to).toEqual(once);
    expect(await deliver({ from: lab.guest(neighbour), to: move.mac, at: guest })).toEqual(once);
    const believed = await lab.providerPort(move);
    expect(believed).toMatch(place === 'staged' ? (move.legacy.provider?.port ?? '') : /^patch-/);
    expect([errors, removed]).toEqual([[], []]);
  },
);

it('flows that somebody removes from a provider bridge are there again, and it is told', async () => {
  const move = lab.move(name);
  await lab.to('staged', [move]);
  const errors: unknown[] = [];
  const claims = new Map([[move.tap, { epoch: 1, bootId: '', move, place: 'staged' as const }]]);
  const told = Promise.withResolvers<readonly unknown[]>();
  using keeper = new ProviderKeeper({
    host: lab,
    claims: () => claims,
    onRemoved: async (...what) => told.resolve(what),
    onError: (error) => errors.push(error),
  });
  keeper.look();
  await keeper.settled();
  const ours = async () => (await lab.traces()).filter((line) => /cookie=|static/.test(line)).length;
  expect(await ours()).toBe(3);
  await lab.host('ovs-ofctl', 'del-flows', lab.management('br-ex'), 'cookie=0x5348554e00000000/0xffffffff00000000');
  expect(await told.promise).toEqual([[claims.get(move.tap)], 'br-ex']);
  expect(await ours()).toBe(3);
  expect(errors).toEqual([]);
});
