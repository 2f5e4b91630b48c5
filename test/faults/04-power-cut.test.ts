import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readRest } from '../../agent/at-rest.ts';
import { shuntNames } from '../../domain/rewire/shunt-plug.ts';
import { moveHypervisor } from '../../lab/machine/hypervisor-machine.ts';
import type { Machine } from '../../lab/machine/machine.ts';
import { Cloud } from '../lab/fixture/cloud.ts';
import { stepsOf } from './fixture/journal-times.ts';
import { PowerlessHost } from './fixture/powerless-host.ts';
import { everyMoment, moments } from './moments.ts';
import { titleOf } from './rows.ts';

const agent = 'shunt-agent.service';
const settle = 'shunt-settle.service';

type Place = 'legacy' | 'staged' | 'shunted' | 'target';

interface Way {
  readonly name: string;
  readonly from: Place;
  readonly to: Place;
  /** Absent: direct. */
  readonly method?: 'direct' | 'shunt';
}

const ways: readonly Way[] = [
  { name: 'a cut', from: 'legacy', to: 'target' },
  { name: 'a way back', from: 'target', to: 'legacy' },
  { name: 'staging', from: 'legacy', to: 'staged', method: 'shunt' },
  { name: 'a flip', from: 'staged', to: 'shunted', method: 'shunt' },
];

/** The hypervisor's disk is an image: Open vSwitch's database and the agent's journal lose what had not reached it. */
describe(titleOf(4), () => {
  let cloud: Cloud;
  let machine: Machine;
  let host: PowerlessHost;
  let epoch = 0;

  beforeAll(async () => {
    cloud = await Cloud.up({ name: `fp${process.pid % 10_000}`, hosts: 2, guests: 2, networks: 2 });
    machine = await moveHypervisor(cloud.lab, 'hv1', { disk: 'image' });
    host = new PowerlessHost(cloud.lab.topology, 'hv1');
    await machine.systemctl('enable', '--now', agent);
    await machine.run(['sync', '-f', '/']);
    await cloud.untilAgentsReady();
  });
  afterAll(() => cloud?.[Symbol.asyncDispose]());

  afterEach(async () => {
    if (machine.pid === undefined) await machine.boot();
    if (host.isDown) await host.startGuests();
  });

  it.each(moments(ways, ({ name }) => name === 'a cut'))(
    'in $name: the next boot settles it before OVN starts, and guests come up in the world of their host',
    { timeout: 1_800_000 },
    async (way) => {
      for (const at of everyMoment ? await stepsFrom(way) : ['checkpoint']) {
        await bringTo(way.from);
        await cutPowerAt(at, way);
        expect([at, await settled()]).toEqual([at, 'before OVN']);
        await host.startGuests();
        await atRest(at, way);
      }
    },
  );

  it.each(moments(['target', 'staged', 'shunted'] as const, (place) => place !== 'shunted'))(
    'after a commit to %s: what it says is in Open vSwitch’s database on the disk, guests come up there, and it goes on from there',
    { timeout: 600_000 },
    async (place) => {
      await bringTo(place);
      await goDown();
      await machine.boot();
      await machine.waitFor(agent, 'running');
      expect(await claimed()).toEqual(taps());
      await host.startGuests();
      await untilAt(place);
      if (place === 'staged') {
        await begin({ from: 'staged', to: 'shunted', method: 'shunt' });
        const { outcome, why = '' } = await cloud.untilClosed('hv1', epoch);
        expect([outcome, why]).toEqual(['committed', '']);
        await cloud.untilPlug('hv1', 'shunted');
        await everyGuestAnswers();
      }
      if (!everyMoment) return;
      await cloud.backToLegacy();
      await untilAt('legacy');
    },
  );

  /** Every record of an attempt that nobody strikes, and every sync: what is written is in the page cache, what is synced on the disk. */
  async function stepsFrom(way: Way): Promise<readonly string[]> {
    await bringTo(way.from);
    await begin(way);
    await cloud.untilClosed('hv1', epoch);
    const { attempt } = await cloud.host('hv1');
    const steps = stepsOf(machine.path('/var/lib/shunt/agent'), attempt?.epoch ?? 0);
    const syncs = steps.filter((step) => step === 'checkpoint' || step.startsWith('event/'));
    return [...new Set(steps), ...['attempt', ...syncs].map((_, index) => `sync:${index + 1}`)];
  }

  async function bringTo(place: Place): Promise<void> {
    await cloud.backToLegacy();
    if (place === 'shunted') await goForward('staged');
    if (place !== 'legacy') await goForward(place);
  }

  async function goForward(to: Exclude<Place, 'legacy'>): Promise<void> {
    const way = ways.find((one) => one.to === to);
    if (way === undefined) throw new Error(`no way leads to ${to}`);
    await begin(way);
    expect(await cloud.untilClosed('hv1', epoch)).toMatchObject({ outcome: 'committed' });
    await cloud.untilPlug('hv1', to);
  }

  /** An attempt that leads along there. */
  async function begin({ from, to, method = 'direct' }: Omit<Way, 'name'>): Promise<void> {
    epoch = (await cloud.host('hv1')).attempt?.epoch ?? 0;
    const isForward = from === 'legacy' || to === 'shunted';
    const goal = to === 'staged' ? to : 'target';
    const wishes = { hosts: ['hv1'], method, goal, deadline: '60s', soak: '0s', batchSize: 1 } as const;
    if (isForward) await cloud.startRun(wishes);
    else await cloud.api.revertHost({ host: 'hv1', by: 'test', why: 'the row says so' }, AbortSignal.timeout(20_000));
  }

  /** The agent stops itself there; that instant is what is kept of the disk. */
  async function cutPowerAt(step: string, way: Way): Promise<void> {
    const folder = `/run/systemd/system/${agent}.d`; // gone with the power
    await machine.run(['mkdir', '-p', folder]);
    const failpoint = `SHUNT_FAILPOINT=journal:${step}:after=stop`;
    writeFileSync(machine.path(`${folder}/fault.conf`), `[Service]\nEnvironment=${failpoint}\nWatchdogSec=0\n`);
    await machine.systemctl('daemon-reload');
    await machine.systemctl('restart', agent);
    await cloud.untilAgentsReady();
    await begin(way);
    const { MainPID } = await machine.unit(agent);
    await cloud.until(`the agent to stop itself at ${step}`, async () => {
      const stat = readFileSync(machine.path(`/proc/${MainPID}/stat`), 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T') || undefined;
    });
    await goDown();
    await machine.boot();
    await machine.waitFor(agent, 'running');
  }

  async function goDown(): Promise<void> {
    await machine.powerCut();
    await host.goDown();
  }

  /** Nothing of the journal is open, no row leads to a tap that the journal does not know on the target, and OVN has seen nothing else. */
  async function settled(): Promise<string> {
    const rest = readRest(machine.path('/var/lib/shunt/agent'));
    expect(rest.state).toBe('at-rest');
    expect((await claimed()).filter((tap) => !rest.onTarget.includes(tap))).toEqual([]);
    const [ours, ovn] = await Promise.all([settle, 'ovn-controller.service'].map((unit) => machine.unit(unit)));
    expect(ours).toMatchObject({ Result: 'success', ActiveState: 'active' });
    const ended = Number(ours?.['ExecMainExitTimestampMonotonic']);
    return ended > 0 && ended < Number(ovn?.['ExecMainStartTimestampMonotonic']) ? 'before OVN' : `at ${ended}`;
  }

  async function atRest(at: string, { from, to }: Way): Promise<void> {
    const { outcome } = await cloud.untilClosed('hv1', epoch);
    // blocked: its journal's first line was not yet on the disk, nothing was touched
    expect([at, ['committed', 'reverted', 'blocked'].includes(outcome ?? '')]).toEqual([at, true]);
    await untilAt(outcome === 'committed' ? to : from);
  }

  /** The guests of a flipped shunt have lost it with their connections: they are plugged direct. */
  async function untilAt(place: Place): Promise<void> {
    await cloud.untilPlug('hv1', place === 'shunted' ? 'target' : place);
    if (place === 'staged')
      await cloud.until('every shunt to be made anew', async () => (await areWhole()) || undefined);
    await everyGuestAnswers();
    if (place === 'staged') return;
    await cloud.until('nothing of a shunt to be left', async () => {
      const ports = (await plugged()).filter((name) => name.startsWith('qvo'));
      return [...ports, ...(await host.shunts())].length === 0 || undefined;
    });
    expect(await claimed()).toEqual(place === 'legacy' ? [] : taps());
  }

  /** As kernel and database tell: what the coordinator has heard may be from before the power cut. */
  async function areWhole(): Promise<boolean> {
    const guests = cloud.guestsOf('hv1');
    const links = await host.shunts();
    const legs = guests.map(({ portId }) => shuntNames(portId).targetLeg.outer);
    const columns = ['ofport', 'external_ids:ovn-installed'];
    const told = await Promise.all(legs.map((leg) => machine.run(['ovs-vsctl', 'get', 'Interface', leg, ...columns])));
    return legs.every((leg) => links.includes(leg)) && told.every((text) => /^\d+\s+"?true"?\s*$/.test(text));
  }

  async function everyGuestAnswers(): Promise<void> {
    await cloud.until('every guest to answer', async () => (await cloud.silentGuests()).length === 0 || undefined);
  }

  function taps(): readonly string[] {
    return cloud
      .guestsOf('hv1')
      .map(({ tap }) => tap)
      .toSorted();
  }

  /** Taps for which there is a port on the integration bridge, their own or that of a shunt. */
  async function claimed(): Promise<readonly string[]> {
    const listed = await plugged();
    return cloud
      .guestsOf('hv1')
      .filter(({ tap, portId }) => listed.includes(tap) || listed.includes(shuntNames(portId).targetLeg.outer))
      .map(({ tap }) => tap)
      .toSorted();
  }

  /** Ports of the integration bridge. */
  async function plugged(): Promise<readonly string[]> {
    return (await machine.run(['ovs-vsctl', 'list-ports', 'br-int'])).split('\n');
  }
});
