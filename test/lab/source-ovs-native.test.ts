import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TapTarget } from '../../domain/network-model.ts';
import type { Direction } from '../../domain/phases.ts';
import { execIn } from '../../lab/netns.ts';
import { AgentHost } from './agent/agent-host.ts';

describe('taps that ML2/OVS has plugged', () => {
  let host: AgentHost;
  let rows: readonly string[];
  beforeAll(async () => {
    host = await AgentHost.up({ source: 'ml2-ovs', guests: 4 });
    rows = await legacyRows(host);
  });
  afterAll(() => host?.[Symbol.asyncDispose]());

  const attempt = async (epoch: number, direction: Direction, taps: readonly TapTarget[]) => {
    expect(await host.prepare(epoch, { direction, taps })).toMatchObject({ kind: 'accepted' });
    await host.cut(epoch, { direction, taps });
    const state = await host.phase(epoch, 'soaking');
    expect(state.verdict).toMatchObject({ kind: 'pass' });
    await host.commit(epoch);
    await host.phase(epoch, 'committed');
  };

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

  it('are cut one of each network first: in the mixed state every pair reaches each other, on the same host too', async () => {
    await attempt(1, 'forward', host.taps(host.guests.slice(0, 2)));
    expect(await host.plugs()).toEqual(['target', 'target', 'legacy', 'legacy']);
    expect(await unreached(host)).toEqual([]);
    expect(await legacyRows(host, 2)).toEqual(rows.slice(2));
  });

  it('are cut, all, and reach the guests of the other hypervisor', async () => {
    await attempt(2, 'forward', host.taps(host.guests.slice(2)));
    expect(await host.plugs()).toEqual(host.guests.map(() => 'target'));
    expect(await unreached(host)).toEqual([]);
  });

  it('go back to exactly the rows they had', async () => {
    await attempt(3, 'back', host.taps());
    expect(await host.plugs()).toEqual(host.guests.map(() => 'legacy'));
    expect(await legacyRows(host)).toEqual(rows);
    expect(await unreached(host)).toEqual([]);
  });

  it('are put back when somebody plugs one into the legacy bridge again', async () => {
    await attempt(4, 'forward', host.taps());
    const { tap, portId } = host.guests[0]!; // four were asked for
    const add = ['add-port', 'br-int', tap, '--', 'set', 'Interface', tap, `external_ids:iface-id=${portId}`];
    await host.vsctl('del-port', tap, '--', ...add); // as libvirtd does when it starts
    await host.until('the finding', () => (host.log.includes('it was put back') ? true : undefined));
    expect(await host.plugOf(tap)).toBe('target');
    expect(await unreached(host)).toEqual([]);
  });

  it('go back by themselves when nobody says that it is good', async () => {
    await attempt(5, 'back', host.taps());
    await host.prepare(6);
    await host.cut(6, { deadlineMs: 4_000 });
    await host.phase(6, 'reverted');
    expect(await host.plugs()).toEqual(host.guests.map(() => 'legacy'));
    expect(await legacyRows(host)).toEqual(rows);
    expect(await unreached(host)).toEqual([]);
  });
});

/** Ordered pairs of guests on one network of which the first does not reach the second. */
async function unreached(host: AgentHost): Promise<readonly string[]> {
  const { guests } = host.lab.topology;
  const pairs = guests.flatMap((from) =>
    guests.filter((to) => to !== from && to.networkId === from.networkId).map((to) => ({ from, to })),
  );
  const results = await Promise.all(
    pairs.map(async ({ from, to }) => {
      const { exitCode } = await execIn(from.netns, ['ping', '-n', '-q', '-c', '2', '-i', '0.2', '-W', '1', to.ip4]);
      return exitCode === 0 ? [] : [`${from.name} ${to.name}`];
    }),
  );
  return results.flat();
}

/** Everything that Neutron and Nova wrote about the guests' ports. */
async function legacyRows(host: AgentHost, from = 0): Promise<readonly string[]> {
  return Promise.all(
    host.guests
      .slice(from)
      .map(async ({ tap }) =>
        [
          await host.vsctl('get', 'Port', tap, 'tag', 'other_config', 'external_ids'),
          await host.vsctl('get', 'Interface', tap, 'external_ids', 'other_config'),
        ].join(''),
      ),
  );
}
