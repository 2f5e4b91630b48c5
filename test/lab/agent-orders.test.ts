import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AgentHost } from './agent/agent-host.ts';

describe('a passive agent', () => {
  let host: AgentHost;
  beforeAll(async () => {
    host = await AgentHost.up({ mode: 'passive' });
  });
  afterAll(() => host?.[Symbol.asyncDispose]());

  it('sees taps, bridges and legs', async () => {
    const inventory = await host.until('its inventory', () => host.inventory);
    const datapathType = host.lab.topology.datapath; // `system` in a virtual machine
    expect(inventory).toMatchObject({ chassisReady: true, datapathType, findings: [] });
    expect(inventory.taps.map((tap) => [tap.tap, tap.plug])).toEqual(
      host.guests
        .map((guest) => [guest.tap, { kind: 'legacy', bridge: `brq${guest.networkId.slice(0, 11)}` }])
        .toSorted(),
    );
    const legs = host.lab.topology.networks.map((network) => ({
      bridge: network.bridge,
      uplink: network.uplink,
      provider: { bridge: 'br-ex', port: network.leg, ...(network.vlan === undefined ? {} : { tag: network.vlan }) },
    }));
    for (const leg of legs) expect(inventory.bridges).toContainEqual(expect.objectContaining(leg));
  });

  it('refuses every order that would change something, and changes nothing', async () => {
    const before = await host.vsctl('show');
    const refused = { kind: 'refused', code: 'agent-passive' };
    expect(await host.prepare(1)).toMatchObject(refused);
    expect(await host.cut(1)).toMatchObject(refused);
    expect(await host.commit(1)).toMatchObject(refused);
    expect(
      await host.order({ type: 'ensure-probes', orderId: host.nextOrderId(), networks: host.networks() }),
    ).toMatchObject(refused);
    expect(await host.vsctl('show')).toBe(before);
    expect(await host.plugs()).toEqual(host.guests.map(() => 'legacy'));
  });

  it('tells its state on its socket', async () => {
    const status = await host.command('status', '--output', 'json');
    expect(JSON.parse(status.stdout)).toMatchObject({
      mode: 'passive',
      systemId: 'hv1',
      highestEpoch: 0,
      ovsdb: { connected: true },
    });
    expect((await host.command('status')).stdout).toContain('4 legacy, 0 target');
  });
});

describe('an active agent', () => {
  let host: AgentHost;
  beforeAll(async () => {
    host = await AgentHost.up();
  });
  afterAll(() => host?.[Symbol.asyncDispose]());

  it('refuses a second agent, and a hand, beside it', async () => {
    const second = await host.command('run');
    expect([second.exitCode, second.stderr]).toEqual([1, expect.stringContaining('another agent runs')]);
    const guest = host.guests[0]!; // four were asked for
    const hand = await host.command('cut', '--once', guest.tap, '--port', guest.portId, '--mac', guest.mac);
    expect([hand.exitCode, hand.stderr]).toEqual([1, expect.stringContaining('an agent in active mode runs')]);
  });

  it('refuses to cut what was not prepared, and what is not as the order says', async () => {
    expect(await host.cut(1)).toMatchObject({ kind: 'refused', code: 'wrong-state' });
    const [first, ...rest] = host.taps();
    const wrong = [{ ...first!, legacyBridge: 'brq00000000-00' }, ...rest]; // as above
    const refused = await host.prepare(1, { taps: wrong });
    expect(refused).toMatchObject({
      kind: 'refused',
      code: 'preimage-changed',
      findings: [{ kind: 'network-mismatch', tap: first?.tap }],
    });
    expect(await host.plugs()).toEqual(host.guests.map(() => 'legacy'));
  });

  it('gives way to a revert before anything was touched', async () => {
    expect(await host.prepare(3)).toMatchObject({ kind: 'accepted' });
    expect(
      await host.order({ type: 'revert', orderId: host.nextOrderId(), epoch: 3, why: 'changed my mind' }),
    ).toMatchObject({ kind: 'accepted' });
    await host.phase(3, 'reverted');
    expect(await host.cut(3)).toMatchObject({ kind: 'accepted' }); // late, and without effect
    expect(await host.prepare(2)).toMatchObject({ kind: 'refused', code: 'epoch-stale' });
    expect(await host.plugs()).toEqual(host.guests.map(() => 'legacy'));
  });

  it('remembers the highest epoch over a restart', async () => {
    await host.kill('SIGKILL');
    await host.start();
    expect(host.hello?.highestEpoch).toBe(3);
    expect(await host.prepare(2)).toMatchObject({ kind: 'refused', code: 'epoch-stale' });
  });

  it('goes back when it is told to while guests are proved', async () => {
    await host.prepare(4);
    await host.cut(4, { soakMs: 10_000 });
    await host.phase(4, 'soaking');
    await host.order({ type: 'revert', orderId: host.nextOrderId(), epoch: 4, why: 'the operator said so' });
    expect(await host.phase(4, 'reverted')).toMatchObject({ why: 'the operator said so' });
    expect(await host.plugs()).toEqual(host.guests.map(() => 'legacy'));
    expect(await host.allAnswer()).toBe(true);
  });

  it('goes back by itself when a guest that answered does not answer on the target', async () => {
    const guest = host.guests[0]!; // as above
    await host.inHost(
      'ovs-ofctl',
      '-O',
      'OpenFlow13',
      'add-flow',
      `unix:/run/shunt-lab/${host.name}/hv1/br-int.mgmt`,
      `priority=65535,dl_src=${guest.mac},actions=drop`,
    );
    await host.prepare(5);
    await host.cut(5);
    const state = await host.phase(5, 'reverted');
    expect(state).toMatchObject({ code: 'verdict-failed', why: expect.stringContaining(guest.tap) });
    expect(await host.allAnswer()).toBe(true);
  });
});
