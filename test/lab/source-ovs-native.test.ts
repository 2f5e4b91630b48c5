import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AgentHost } from './agent/agent-host.ts';

describe('taps that ML2/OVS has plugged', () => {
  let host: AgentHost;
  let rows: readonly string[];
  beforeAll(async () => {
    host = await AgentHost.up({ source: 'ml2-ovs', guests: 4 });
    rows = await legacyRows(host);
  });
  afterAll(() => host?.[Symbol.asyncDispose]());

  it('are seen, each on its network by the local VLAN, with the way to the wire', async () => {
    const inventory = await host.until('its inventory', () => host.inventory);
    expect(inventory.findings).toEqual([]);
    expect(inventory.taps.map(({ tap, plug }) => [tap, plug])).toEqual(
      host.guests
        .map((guest) => [
          guest.tap,
          { kind: 'legacy', bridge: `br-int:${guest.network.slice(3)}`, source: 'ovs', ifaceId: guest.portId },
        ])
        .toSorted(),
    );
    expect(inventory.bridges).toMatchObject([
      { bridge: 'br-int:1', uplink: 'int-br-ex', provider: { bridge: 'br-ex', port: 'phy-br-ex', tag: 100 } },
      { bridge: 'br-int:2', uplink: 'int-br-ex', provider: { bridge: 'br-ex', port: 'phy-br-ex' } },
    ]);
  });

  it('are cut, and reach the guests that stayed', async () => {
    expect(await host.prepare(1)).toMatchObject({ kind: 'accepted' });
    expect(await host.cut(1)).toMatchObject({ kind: 'accepted' });
    const state = await host.phase(1, 'soaking');
    expect(state.verdict).toMatchObject({ kind: 'pass' });
    await host.commit(1);
    await host.phase(1, 'committed');
    expect(await host.plugs()).toEqual(host.guests.map(() => 'target'));
    expect(await host.allAnswer()).toBe(true);
  });

  it('go back to exactly the rows they had', async () => {
    expect(await host.prepare(2, { direction: 'back' })).toMatchObject({ kind: 'accepted' });
    await host.cut(2, { direction: 'back' });
    await host.phase(2, 'soaking');
    await host.commit(2);
    await host.phase(2, 'committed');
    expect(await host.plugs()).toEqual(host.guests.map(() => 'legacy'));
    expect(await legacyRows(host)).toEqual(rows);
    expect(await host.allAnswer()).toBe(true);
  });
});

/** Everything that Neutron and Nova wrote about the guests' ports. */
async function legacyRows(host: AgentHost): Promise<readonly string[]> {
  return Promise.all(
    host.guests.map(async ({ tap }) =>
      [
        await host.vsctl('get', 'Port', tap, 'tag', 'other_config', 'external_ids'),
        await host.vsctl('get', 'Interface', tap, 'external_ids', 'other_config'),
      ].join(''),
    ),
  );
}
