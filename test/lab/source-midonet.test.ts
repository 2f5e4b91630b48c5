import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../lab/command.ts';
import { execIn } from '../../lab/netns.ts';
import { inDatapath, midonetBindings, setMidonetFaults } from '../../lab/sources/midonet.ts';
import type { LabGuest } from '../../lab/topology.ts';
import { AgentHost } from './agent/agent-host.ts';
import { Cloud } from './fixture/cloud.ts';
import { freshLabName } from './fixture/own-lab.ts';

describe("MidoNet's taps", () => {
  let host: AgentHost;
  let epoch = 0;
  const forward = { soakMs: 50 };
  beforeAll(async () => {
    host = await AgentHost.up({ source: 'midonet', networks: 0, overlays: 2, guests: 3 });
  });
  afterAll(() => host?.[Symbol.asyncDispose]());

  it('are seen in the datapath that has the taps of all networks', async () => {
    const inventory = await host.until('its inventory', () => host.inventory);
    const plug = { kind: 'legacy', bridge: 'midonet', source: 'midonet' };
    expect(inventory.taps.map((tap) => [tap.tap, tap.plug])).toEqual(
      host.guests.map((guest) => [guest.tap, plug]).toSorted(),
    );
    expect(inventory.findings).toEqual([]);
    expect(await host.allAnswer()).toBe(true);
  });

  it('are unbound and cut together; an overlay is cut in two until the rest follows', async () => {
    const taken = await cut('forward');
    expect(taken.verdict).toMatchObject({ kind: 'pass' });
    expect(await host.plugs()).toEqual(host.guests.map(() => 'target'));
    expect(await inDatapath({ netns: `${host.name}-hv1` })).toEqual([]);
    expect(midonetBindings(host.name, 'hv1')).toEqual({});
    const [first, second] = host.guests.filter((guest) => guest.network === 'net1');
    expect(await reaches(first, second)).toBe(true);
    expect(await reaches(first, elsewhere(first))).toBe(false);
    expect(await reaches(elsewhere(first), first)).toBe(false);
  });

  it('that Nova binds again are put back on the integration bridge', async () => {
    const [guest] = host.guests;
    if (guest === undefined) throw new Error('a lab without guests');
    await host.inHost(mmCtl(), '--bind-port', guest.portId, guest.tap);
    await host.until('the guard to put it back', () => (/it was put back/.test(host.log) ? true : undefined));
    expect(await host.plugOf(guest.tap)).toBe('target');
    expect(midonetBindings(host.name, 'hv1')).toEqual({});
  });

  it('go back: bound to the ports they had, and everybody reaches everybody', async () => {
    await cut('back');
    expect(await host.plugs()).toEqual(host.guests.map(() => 'legacy'));
    expect(midonetBindings(host.name, 'hv1')).toEqual(
      Object.fromEntries(host.guests.map((guest) => [guest.portId, guest.tap])),
    );
    expect(await host.allAnswer()).toBe(true);
  });

  it('are touched by nobody when MidoNet refuses to let them go', async () => {
    setMidonetFaults(host.name, 'hv1', [{ call: 'unbind', kind: 'fail', times: 3 }]);
    epoch += 1;
    expect(await host.prepare(epoch, forward)).toMatchObject({ kind: 'accepted' });
    await host.cut(epoch, forward);
    const state = await host.phase(epoch, 'reverted');
    expect(state.why).toMatch(/--unbind-port .*exit status 1: HTTPError/);
    expect(await host.plugs()).toEqual(host.guests.map(() => 'legacy'));
    expect(await host.allAnswer()).toBe(true);
  });

  it('come back although MidoNet is slow, and refuses some calls', async () => {
    setMidonetFaults(host.name, 'hv1', [
      { call: 'unbind', kind: 'slow', ms: 400, times: 2 },
      { call: 'bind', kind: 'fail', times: 3 },
      { call: 'bind', kind: 'slow', ms: 400, times: 2 },
    ]);
    epoch += 1;
    expect(await host.prepare(epoch, forward)).toMatchObject({ kind: 'accepted' });
    await host.cut(epoch, { ...forward, deadlineMs: 4_000 }); // nobody says commit
    await host.phase(epoch, 'reverted');
    expect(await host.plugs()).toEqual(host.guests.map(() => 'legacy'));
    expect(await host.allAnswer()).toBe(true);
  });

  it('that MidoNet takes no more leave the attempt stuck, with the command that repairs it', async () => {
    const [guest] = host.guests.filter((one) => one.network === 'net1');
    if (guest === undefined) throw new Error('a lab without guests');
    const taps = host.taps([guest]);
    setMidonetFaults(host.name, 'hv1', [{ call: 'bind', kind: 'fail', times: 1_000 }]);
    epoch += 1;
    expect(await host.prepare(epoch, { ...forward, taps })).toMatchObject({ kind: 'accepted' });
    await host.cut(epoch, { ...forward, taps, deadlineMs: 60_000 });
    await host.phase(epoch, 'committing');
    await host.order({ type: 'revert', orderId: host.nextOrderId(), epoch, why: 'a test' });
    const state = await host.phase(epoch, 'stuck', 60_000);
    const [repair = ''] = state.repair ?? [];
    expect(repair).toContain(`mm-ctl --bind-port ${guest.portId} ${guest.tap}`);
    setMidonetFaults(host.name, 'hv1', []);
    await host.inHost('sh', '-c', repair.replace(/^.*&& /, '').replace('mm-ctl', mmCtl()));
    await until('it to be in the datapath', async () =>
      (await host.plugOf(guest.tap)) === 'legacy' ? true : undefined,
    );
    expect(await host.allAnswer()).toBe(true);
  });

  async function cut(direction: 'forward' | 'back') {
    epoch += 1;
    const more = { ...forward, direction };
    expect(await host.prepare(epoch, more)).toMatchObject({ kind: 'accepted' });
    await host.cut(epoch, more);
    const state = await host.phase(epoch, 'committing');
    await host.commit(epoch);
    await host.phase(epoch, 'committed');
    return state;
  }

  function elsewhere(guest: LabGuest | undefined): LabGuest | undefined {
    return host.lab.topology.guests.find((one) => one.hypervisor === 'hv2' && one.networkId === guest?.networkId);
  }

  function mmCtl(): string {
    return `/run/shunt-lab/${host.name}/hv1/midonet/mm-ctl`;
  }
});

async function reaches(from: LabGuest | undefined, to: LabGuest | undefined): Promise<boolean> {
  if (from === undefined || to === undefined) throw new Error('a lab without guests');
  const { exitCode } = await execIn(from.netns, ['ping', '-n', '-q', '-c', '3', '-i', '0.2', '-W', '1', to.ip4]);
  return exitCode === 0;
}

describe('a cloud on MidoNet', () => {
  let cloud: Cloud;
  beforeAll(async () => {
    const world = { source: 'midonet', networks: 0, overlays: 1 } as const;
    cloud = await Cloud.up({ name: freshLabName(), hosts: 2, guests: 2, prometheus: false, ...world });
  });
  afterAll(() => cloud?.[Symbol.asyncDispose]());

  it('is moved all at once, in one wave', async () => {
    const run = await cloud.startRun({ hosts: ['hv1', 'hv2'] });
    await cloud.untilRun(run, ['done']);
    for (const host of ['hv1', 'hv2']) await cloud.untilPlug(host, 'target');
    const [a, b] = [cloud.guestsOf('hv1')[0], cloud.guestsOf('hv2')[0]];
    expect([await reaches(a, b), await reaches(b, a)]).toEqual([true, true]);
  });
});
