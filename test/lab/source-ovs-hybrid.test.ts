import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Direction } from '../../domain/phases.ts';
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

describe('hybrid plugs of ML2/OVS, moved by a second leg', () => {
  let host: AgentHost;
  let rows: readonly string[];
  beforeAll(async () => {
    host = await AgentHost.up({ source: 'ml2-ovs-hybrid', guests: 4 });
    rows = await legRows(host);
  });
  afterAll(() => host?.[Symbol.asyncDispose]());

  it.each([
    [1, 'stage', 'forward', 'staged', ['sha', 'qvo']],
    [2, 'cut', 'forward', 'committed', ['sha', 'qvo']],
    [3, 'cut', 'back', 'staged', ['sha', 'qvo']],
    [4, 'cut', 'forward', 'committed', ['sha', 'qvo']],
    [5, 'finish', 'forward', 'finished', ['sha']],
    [6, 'finish', 'back', 'committed', ['sha', 'qvo']],
    [7, 'cut', 'back', 'staged', ['sha', 'qvo']],
    [8, 'stage', 'back', 'committed', ['qvo']],
  ] as const)(
    '%i: %s %s ends %s, every guest reached from the other world, no tap moved',
    async (epoch, operation, direction, rest, legs) => {
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
    },
    60_000,
  );
});
