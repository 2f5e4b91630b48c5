import { describe, expect, it } from 'vitest';
import { arpFrame } from '../../../lab/guest/announce.ts';
import { eui64Address, planGuest } from '../../../lab/guest/plan-guest.ts';
import { worldOf } from '../../../lab/guest/plug-world.ts';
import { guestScript } from '../../../lab/guests.ts';
import { firewallUpdate } from '../../../lab/neutron-firewall.ts';
import {
  type LabGuest,
  type LabHypervisor,
  type LabNetwork,
  planTopology,
  type Topology,
} from '../../../lab/topology.ts';

const topology = planTopology({ name: 'lab', hosts: 2, guests: 2, networks: 2, tap: 'veth' });
const [net1] = topology.networks as [LabNetwork];
const [hv1] = topology.hypervisors as [LabHypervisor];

describe('the plan of a guest that comes later', () => {
  it('gives it a name, addresses and ids that nobody has, in any order of coming and going', () => {
    let grown: Topology = topology;
    for (const request of [{}, { hypervisor: 'hv1', macs: 3 }, { network: 'net2' }, { hypervisor: 'hv1' }]) {
      grown = { ...grown, guests: [...grown.guests, planGuest(grown, request, 'legacy')] };
    }
    grown = { ...grown, guests: grown.guests.filter((g) => g.name !== 'g1-3') };
    grown = { ...grown, guests: [...grown.guests, planGuest(grown, { hypervisor: 'hv1' }, 'legacy')] };
    const nics = grown.guests.flatMap((g) => [g, ...(g.extra?.moreNics ?? [])]);
    for (const key of ['mac', 'ip4', 'ip6'] as const) expect(new Set(nics.map((n) => n[key])).size).toBe(nics.length);
    for (const key of ['name', 'netns', 'tap', 'portId'] as const) {
      expect(new Set(grown.guests.map((g) => g[key])).size).toBe(grown.guests.length);
    }
  });

  it('goes to the emptiest hypervisor and the first network when nothing else is said', () => {
    const guests = topology.guests.filter((g) => g.name !== 'g2-1');
    expect(planGuest({ ...topology, guests }, {}, 'legacy')).toMatchObject({ hypervisor: 'hv2', network: 'net1' });
  });

  it('takes the address that is asked for', () => {
    expect(planGuest(topology, { ip: '10.100.0.77' }, 'legacy')).toMatchObject({
      ip4: '10.100.0.77',
      ip6: 'fd00:51:1::4d',
    });
  });

  it.each([
    [{ ip: '10.100.0.20' }, /taken/],
    [{ ip: '10.9.0.20' }, /not an address of/],
    [{ hypervisor: 'hv9' }, /no hypervisor 'hv9'/],
    [{ network: 'net9' }, /no network 'net9'/],
    [{ macs: 0 }, /1 to 8/],
    [{ vlans: [4095] }, /1 to 4094/],
    [{ nic: 'qemu', macs: 2 }, /QEMU/],
  ] as const)('refuses %o', (request, why) => {
    expect(() => planGuest(topology, request, 'legacy')).toThrow(why);
  });

  it('expects of a dynamic guest the address that it will make of its MAC', () => {
    expect(eui64Address(net1, 'fa:16:3e:01:00:02')).toBe('fd00:51:1:0:f816:3eff:fe01:2');
    const guest = planGuest(topology, { addressing: 'dynamic' }, 'legacy');
    expect(guest.ip6).toBe(eui64Address(net1, guest.mac));
    const script = guestScript(topology, guest).join('\n');
    expect(script).not.toContain(guest.ip4);
    expect(script).toContain('echo 2 > /proc/sys/net/ipv6/conf/eth0/accept_ra');
  });
});

describe('the world of a guest that starts', () => {
  const facts = (networkTaps: string[], taps: string[], onOvs: string[]) =>
    worldOf({ networkTaps, taps, onIntegrationBridge: new Set(onOvs) });
  it.each([
    ['nobody is there', [], [], [], 'legacy'],
    ['all of its network have moved', ['a'], ['a', 'b'], ['a'], 'target'],
    ['its network is half-way', ['a', 'b'], ['a', 'b'], ['a'], 'legacy'],
    ['its network has nobody there, the rest have moved', [], ['b'], ['b'], 'target'],
  ] as const)('when %s', (_, networkTaps, taps, onOvs, world) => {
    expect(facts([...networkTaps], [...taps], [...onOvs])).toBe(world);
  });
});

describe('the firewall when guests come and go', () => {
  const [guest] = topology.guests as [LabGuest];
  const without = { ...topology, guests: topology.guests.slice(1) };
  const update = firewallUpdate(without, { hypervisor: hv1, family: 4, gone: [guest] }).split('\n');

  it('leaves the built-in chains and their jumps alone', () => {
    expect(update.filter((line) => /^(-A|:)\s*(PREROUTING|INPUT|FORWARD|OUTPUT)\b/.test(line))).toEqual([]);
  });

  it('removes the chains of a tap that is gone, after the last jump to them', () => {
    const chains = ['i', 'o', 's'].map((d) => `neutron-linuxbri-${d}${guest.portId.slice(0, 10)}`);
    expect(update.slice(-5, -2)).toEqual(chains.map((chain) => `-X ${chain}`));
    expect(update.filter((line) => line.startsWith('-A') && chains.some((chain) => line.includes(chain)))).toEqual([]);
  });

  it('lets a port without port security through, and each address only from its own MAC', () => {
    const open = planGuest(topology, { hypervisor: 'hv1', portSecurity: false }, 'legacy');
    const pair = planGuest(
      { ...topology, guests: [...topology.guests, open] },
      { hypervisor: 'hv1', macs: 2 },
      'legacy',
    );
    const rules = firewallUpdate(
      { ...topology, guests: [...topology.guests, open, pair] },
      { hypervisor: hv1, family: 4, gone: [] },
    );
    expect(rules).toContain(`--physdev-out ${open.tap} --physdev-is-bridged -m comment --comment "Accept all`);
    expect(rules).not.toContain(`neutron-linuxbri-i${open.portId.slice(0, 10)}`);
    const more = pair.extra?.moreNics[0];
    expect(rules).toContain(`-s ${more?.ip4}/32 -m mac --mac-source ${more?.mac} -j RETURN`);
    expect(rules).not.toContain(`-s ${more?.ip4}/32 -m mac --mac-source ${pair.mac} -j RETURN`);
  });
});

it('announces a guest as QEMU does: a RARP request for its own MAC, to all', () => {
  const frame = Buffer.from(arpFrame({ mac: 'fa:16:3e:01:00:02', ip4: '0.0.0.0', etherType: 0x8035, operation: 3 }));
  expect(frame.toString('hex')).toBe(
    `ffffffffffff${'fa163e010002'}80350001080006040003${'fa163e010002'}00000000${'fa163e010002'}00000000${'00'.repeat(18)}`,
  );
});
