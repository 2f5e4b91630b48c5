import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../lab/command.ts';
import { networkOf } from '../../lab/topology.ts';
import { detectDuplicate } from '../../lab/traffic/duplicate-address.ts';
import { startTraffic } from '../../lab/traffic/traffic.ts';
import { PlaneLab, staging, unstaging } from './shunt-plane/plane-lab.ts';
import { broadcast, deliver, never, once, send, Witness } from './shunt-plane/witness.ts';

type Place = 'staged' | 'shunted';
/** A machine that stops for so long loses frames by itself. */
const stallMs = 25;
const triesMax = 8;

/** g1-1, g1-3 and g2-1 on a VLAN; g1-2, g1-4 and g2-2 on a flat network. */
describe.each([
  { kind: 'VLAN', name: 'g1-1', neighbour: 'g1-3', far: 'g2-1', other: 'g1-2' },
  { kind: 'flat', name: 'g1-2', neighbour: 'g1-4', far: 'g2-2', other: 'g1-1' },
])('a guest on a $kind network, on its way along its shunt', ({ kind, name, neighbour, far, other }) => {
  let lab: PlaneLab;
  beforeAll(async () => {
    lab = shared ??= await PlaneLab.up();
  });
  const placed = ['staged', 'shunted', 'hybrid'] as const;
  afterEach(() => lab.to('legacy', [lab.move(name)])); // also after a test that failed half-way

  it('gets each broadcast once, and none of its own, wherever it is', async () => {
    const move = lab.move(name);
    const ext = networkOf(lab.lab.topology, lab.guest(name)).ext;
    await using guest = new Witness({ netns: lab.guest(name).netns, nic: 'eth0' });
    await using peer = new Witness({ netns: lab.guest(neighbour).netns, nic: 'eth0' });
    for (const place of placed) {
      await lab.to(place, [move]);
      expect(await deliver({ from: ext, to: broadcast, at: guest }), `from the wire, ${place}`).toEqual(once);
      expect(await deliver({ from: lab.guest(neighbour), to: broadcast, at: guest }), `from L, ${place}`).toEqual(once);
      const own = await send(lab.guest(name), broadcast);
      expect(await deliver({ from: lab.guest(name), to: broadcast, at: peer }), `to L, ${place}`).toEqual(once);
      expect(guest.counts(own), `its own, ${place}`).toEqual(never);
      expect(await detectDuplicate(lab.guest(name), 'fd00:77::7'), `its address, ${place}`).toBe('unique');
    }
    await lab.to('legacy', [move]);
  });

  it('gets each frame once and nobody else gets one, also when every bridge has forgotten it', async () => {
    const move = lab.move(name);
    const ext = networkOf(lab.lab.topology, lab.guest(name)).ext;
    await using guest = new Witness({ netns: lab.guest(name).netns, nic: 'eth0' });
    await using peer = new Witness({ netns: lab.guest(neighbour).netns, nic: 'eth0' });
    for (const place of ['staged', 'shunted'] as const) {
      await lab.to(place, [move]);
      await lab.forget(move);
      for (const from of [ext, lab.guest(neighbour)]) {
        const trial = await deliver({ from, to: move.mac, at: guest });
        expect(trial, `from ${from.netns}, ${place}`).toEqual(once);
      }
      const seen = await send(ext, move.mac);
      expect(await deliver({ from: ext, to: broadcast, at: peer })).toEqual(once);
      expect(peer.counts(seen), `in another's tap, ${place}`).toEqual(never);
    }
    await lab.to('legacy', [move]);
  });

  it(`is where every table says it is, at each place (${kind})`, async () => {
    const move = lab.move(name);
    const { bridge, legacyLeg } = move.shunt;
    const provider = async () => (await lab.providerPort(move)) ?? 'unknown';
    await lab.to('staged', [move]);
    expect([lab.fdb(move.legacy.bridge, move.mac), lab.fdb(bridge, move.mac)]).toEqual([legacyLeg.outer, move.tap]);
    expect(await provider()).toBe(move.legacy.provider?.port);
    await lab.to('shunted', [move]);
    expect([lab.fdb(move.legacy.bridge, move.mac), lab.fdb(bridge, move.mac)]).toEqual([move.legacy.uplink, move.tap]);
    expect(await until('the provider bridge to learn', provider)).toMatch(/^patch-/);
    await lab.to('staged', [move]);
    expect(lab.fdb(move.legacy.bridge, move.mac)).toBe(legacyLeg.outer);
    expect(await provider()).toBe(move.legacy.provider?.port);
    await lab.to('legacy', [move]);
    expect(lab.fdb(move.legacy.bridge, move.mac)).toBe(move.tap);
  });

  // Once more where it lost: beside whole labs on two processors a frame of one flow may be lost for which the control has none.
  it('loses nothing at a flip and a flip back, at 1 kHz both ways, also where another network leads to OVN by the same bridge', {
    retry: 1,
  }, async () => {
    const move = lab.move(name);
    await lab.perform([...staging], [lab.move(other)]);
    await lab.to('staged', [move]);
    const patches = (await lab.vsctl('list-ports', 'br-ex')).split('\n').filter((port) => port.startsWith('patch-'));
    expect(patches).toHaveLength(2);
    await using traffic = await startTraffic(lab.lab.topology.name, [
      { id: 'control', kind: 'udp', from: far, to: neighbour, hz: 1_000 },
      { id: 'in', kind: 'udp', from: far, to: name, hz: 1_000 },
      { id: 'out', kind: 'udp', from: name, to: far, hz: 1_000 },
    ]);
    /** What a flip loses, in a run in which those who are not moved lose nothing: else it was the machine. */
    const turn = async (there: Place, again: Place): Promise<unknown> => {
      for (let tries = 0; ; tries += 1) {
        await traffic.mark();
        await lab.to(there, [move]);
        const figures = (await traffic.report()).flows.flatMap((flow) => (flow.kind === 'udp' ? [flow] : []));
        const [control, ...own] = figures;
        const isVoid = (control?.lost ?? 0) > 0 || (control?.longestGapMs ?? 0) > stallMs;
        const losses = own.map(({ id, lost, duplicates }) => [id, lost, duplicates]);
        if (!isVoid || tries >= triesMax) return losses;
        await lab.to(again, [move]);
      }
    };
    const nothing = [
      ['in', 0, 0],
      ['out', 0, 0],
    ];
    expect(await turn('shunted', 'staged')).toEqual(nothing);
    expect(await turn('staged', 'shunted')).toEqual(nothing);
    await lab.perform([...unstaging], [lab.move(other)]);
  });

  it('goes all the way to the integration bridge and back, each step done twice, and nothing stays behind', async () => {
    const move = lab.move(name);
    const twice = (kinds: Parameters<PlaneLab['perform']>[0]) => kinds.flatMap((step) => [step, step]);
    const ext = networkOf(lab.lab.topology, lab.guest(name)).ext;
    await using guest = new Witness({ netns: lab.guest(name).netns, nic: 'eth0' });
    const before = await lab.traces();
    await lab.perform(twice([...staging, 'flip', 'drop-legacy-leg', 'collapse']), [move]);
    expect(await deliver({ from: ext, to: move.mac, at: guest })).toEqual(once);
    expect((await lab.vsctl('list-ports', 'br-int')).split('\n')).toContain(move.tap);
    expect(await lab.traces()).toEqual(before);
    await lab.perform(twice(['uncollapse', 'restore-legacy-leg', 'unflip', ...unstaging]), [move]);
    expect(await deliver({ from: ext, to: move.mac, at: guest })).toEqual(once);
    expect(await lab.traces()).toEqual(before);
  });
});

let shared: PlaneLab | undefined;
afterAll(() => shared?.[Symbol.asyncDispose]());
