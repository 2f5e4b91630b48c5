import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Direction } from '../../domain/phases.ts';
import type { Operation } from '../../domain/rewire/places.ts';
import { until } from '../../lab/command.ts';
import { installAgentFlows, ofctl } from '../../lab/sources/ml2-ovs.ts';
import { AgentHost } from './agent/agent-host.ts';

describe('taps on hybrid plugs of ML2/OVS', () => {
  let host: AgentHost;
  let rows: readonly string[];
  beforeAll(async () => {
    host = await AgentHost.up({ source: 'ml2-ovs-hybrid', guests: 4 });
    rows = await legRows(host);
  });
  afterAll(() => host?.[Symbol.asyncDispose]());

  const attempt = async (epoch: number, direction: Direction) => {
    expect(await host.prepare(epoch, { direction })).toMatchObject({ kind: 'accepted' });
    await host.cut(epoch, { direction });
    const state = await host.phase(epoch, 'soaking');
    expect(state.verdict).toMatchObject({ kind: 'pass' });
    await host.commit(epoch);
    await host.phase(epoch, 'committed');
  };

  it('are seen on the network of their leg', async () => {
    const inventory = await host.until('its inventory', () => host.inventory);
    expect(inventory.findings).toEqual([]);
    const seen = inventory.taps.map(({ tap, plug }) => [tap, plug]);
    const base = { kind: 'legacy', source: 'ovs-hybrid' };
    expect(seen).toEqual(
      host.guests
        .map(({ tap, network, portId }) => [tap, { ...base, bridge: `br-int:${network.slice(3)}`, ifaceId: portId }])
        .toSorted(),
    );
  });

  it('are cut direct, and reach the guests that stayed; their legs stay', async () => {
    await attempt(1, 'forward');
    expect(await host.plugs()).toEqual(host.guests.map(() => 'target'));
    expect(await host.allAnswer()).toBe(true);
    expect(await legRows(host)).toEqual(rows);
  });

  it('go back into their own bridges', async () => {
    await attempt(2, 'back');
    expect(await host.plugs()).toEqual(host.guests.map(() => 'legacy'));
    expect(await host.allAnswer()).toBe(true);
    expect(await legRows(host)).toEqual(rows);
  });
});

describe('hybrid plugs of ML2/OVS, moved by a second leg', () => {
  let host: AgentHost;
  let rows: readonly string[];
  beforeAll(async () => {
    host = await AgentHost.up({ source: 'ml2-ovs-hybrid', guests: 4 });
    rows = await legRows(host);
  });
  afterAll(() => host?.[Symbol.asyncDispose]());

  const name = '%i: %s %s ends %s, every guest reached from the other world, no tap moved';
  const operate = async (...[epoch, operation, direction, rest, legs]: Walk) => {
    const taps = host.taps().map((tap) => ({ ...tap, method: 'shunt' as const }));
    const order = { type: 'prepare', orderId: host.nextOrderId(), epoch, operation, direction, taps } as const;
    expect(await host.order({ ...order, networks: host.networks() })).toMatchObject({ kind: 'accepted' });
    await host.cut(epoch, { operation, direction, method: 'shunt', taps });
    const state = await host.phase(epoch, 'soaking');
    expect(state.verdict).toMatchObject({ kind: 'pass' });
    await host.commit(epoch);
    await host.phase(epoch, rest);
    expect(await host.plugs()).toEqual(host.guests.map(() => 'legacy')); // the tap is in its qbr, whichever leg is in use
    expect(await host.allAnswer()).toBe(true);
    const ports = `${await host.vsctl('list-ports', 'br-int')}${await host.vsctl('list-ports', 'br-ovn')}`;
    for (const { portId } of host.guests) {
      const suffix = portId.slice(0, 11);
      expect(['sha', 'qvo'].filter((leg) => ports.includes(`${leg}${suffix}\n`))).toEqual(legs);
    }
    if (rest !== 'finished') expect(await legRows(host)).toEqual(rows);
  };

  it.each<Walk>([
    [1, 'stage', 'forward', 'staged', ['sha', 'qvo']],
    [2, 'cut', 'forward', 'committed', ['sha', 'qvo']],
    [3, 'cut', 'back', 'staged', ['sha', 'qvo']],
  ])(name, operate, 60_000);

  it('are put right when neutron-openvswitch-agent wakes: flows on the provider bridge, and the dead VLAN', async () => {
    const { topology } = host.lab;
    const hypervisor = topology.hypervisors[0]!; // there are two
    const flows = async () =>
      (await ofctl(topology, hypervisor, ['dump-flows', 'br-ex'])).match(/cookie=0x5348554e/g) ?? [];
    expect(await flows()).toHaveLength(host.guests.length);
    await installAgentFlows(topology, hypervisor);
    await until('our flows to be back', async () => (await flows()).length === host.guests.length || undefined);
    const leg = `qvo${host.guests[0]?.portId.slice(0, 11)}`;
    await host.vsctl('set', 'Port', leg, 'tag=4095');
    await until(
      'the port to be open',
      async () => (await host.vsctl('get', 'Port', leg, 'tag')) !== '4095\n' || undefined,
    );
    expect(await legRows(host)).toEqual(rows);
    expect(host.log).toContain('neutron-openvswitch-agent woke up?');
    await until('all guests to answer', async () => (await host.allAnswer()) || undefined);
  });

  it.each<Walk>([
    [4, 'cut', 'forward', 'committed', ['sha', 'qvo']],
    [5, 'finish', 'forward', 'finished', ['sha']],
    [6, 'finish', 'back', 'committed', ['sha', 'qvo']],
    [7, 'cut', 'back', 'staged', ['sha', 'qvo']],
    [8, 'stage', 'back', 'committed', ['qvo']],
  ])(name, operate, 60_000);
});

/** Epoch, what is done, which way, where it rests, and the legs that a plug then has. */
type Walk = readonly [number, Operation, Direction, 'staged' | 'committed' | 'finished', readonly string[]];

/** Everything that Neutron and Nova wrote about the guests' legs. */
async function legRows(host: AgentHost): Promise<readonly string[]> {
  return Promise.all(
    host.guests.map(async ({ portId }) => {
      const leg = `qvo${portId.slice(0, 11)}`;
      return [
        await host.vsctl('get', 'Port', leg, 'tag', 'other_config', 'external_ids'),
        await host.vsctl('get', 'Interface', leg, 'external_ids', 'other_config'),
      ].join('');
    }),
  );
}
