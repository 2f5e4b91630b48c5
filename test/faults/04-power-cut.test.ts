import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readRest } from '../../agent/at-rest.ts';
import { moveHypervisor } from '../../lab/machine/hypervisor-machine.ts';
import type { Machine } from '../../lab/machine/machine.ts';
import { ipBatch } from '../../lab/netns.ts';
import { Cloud } from '../lab/fixture/cloud.ts';
import { stepsOf } from './fixture/journal-times.ts';
import { everyMoment, moments } from './moments.ts';
import { titleOf } from './rows.ts';

const agent = 'shunt-agent.service';
const settle = 'shunt-settle.service';

interface Way {
  readonly name: string;
  readonly from: 'legacy' | 'target';
}

const ways: readonly Way[] = [
  { name: 'a cut', from: 'legacy' },
  { name: 'a way back', from: 'target' },
];

/** The hypervisor's disk is an image: Open vSwitch's database and the agent's journal lose what had not reached it. */
describe(titleOf(4), () => {
  let cloud: Cloud;
  let machine: Machine;
  let epoch = 0;
  let hidden = false;

  beforeAll(async () => {
    cloud = await Cloud.up({ name: `fp${process.pid % 10_000}`, hosts: 2, guests: 2, networks: 2 });
    machine = await moveHypervisor(cloud.lab, 'hv1', { disk: 'image' });
    await machine.systemctl('enable', '--now', agent);
    await machine.run(['sync', '-f', '/']);
    await cloud.untilAgentsReady();
  });
  afterAll(() => cloud?.[Symbol.asyncDispose]());

  afterEach(async () => {
    if (machine.pid === undefined) await machine.boot();
    if (hidden) await startGuests();
  });

  it.each(moments(ways, ({ from }) => from === 'legacy'))(
    'in $name: the next boot settles it before OVN starts, and guests come up in the world of their host',
    { timeout: 1_800_000 },
    async ({ from }) => {
      for (const at of everyMoment ? await stepsFrom(from) : ['checkpoint']) {
        await bringTo(from);
        await cutPowerAt(at, from);
        expect([at, await settled()]).toEqual([at, 'before OVN']);
        await startGuests();
        await atRest(from);
      }
    },
  );

  it('after a commit: what it says to be on the target is in Open vSwitch’s database on the disk', async () => {
    await bringTo('target');
    await machine.powerCut();
    await stopGuests();
    await machine.boot();
    await machine.waitFor(agent, 'running');
    expect(await rows()).toEqual(
      cloud
        .guestsOf('hv1')
        .map((guest) => guest.tap)
        .toSorted(),
    );
    await startGuests();
    await cloud.untilPlug('hv1', 'target');
    await everyGuestAnswers();
  });

  /** Every record of an attempt that nobody strikes, and every sync: what is written is in the page cache, what is synced on the disk. */
  async function stepsFrom(from: Way['from']): Promise<readonly string[]> {
    await bringTo(from);
    await begin(from);
    await cloud.untilClosed('hv1', epoch);
    const { attempt } = await cloud.host('hv1');
    const steps = stepsOf(machine.path('/var/lib/shunt/agent'), attempt?.epoch ?? 0);
    const syncs = steps.filter((step) => step === 'checkpoint' || step.startsWith('event/'));
    return [...new Set(steps), ...['attempt', ...syncs].map((_, index) => `sync:${index + 1}`)];
  }

  async function bringTo(place: Way['from']): Promise<void> {
    await cloud.backToLegacy();
    if (place === 'legacy') return;
    epoch = (await cloud.host('hv1')).attempt?.epoch ?? 0;
    await begin('legacy');
    expect(await cloud.untilClosed('hv1', epoch)).toMatchObject({ outcome: 'committed' });
    await cloud.untilPlug('hv1', 'target');
  }

  /** An attempt that leads away from there. */
  async function begin(from: Way['from']): Promise<void> {
    epoch = (await cloud.host('hv1')).attempt?.epoch ?? 0;
    if (from === 'legacy') await cloud.startRun({ hosts: ['hv1'], deadline: '60s', soak: '0s', batchSize: 1 });
    else await cloud.api.revertHost({ host: 'hv1', by: 'test', why: 'the row says so' }, AbortSignal.timeout(20_000));
  }

  /** The agent stops itself there; that instant is what is kept of the disk. */
  async function cutPowerAt(step: string, from: Way['from']): Promise<void> {
    const folder = `/run/systemd/system/${agent}.d`; // gone with the power
    await machine.run(['mkdir', '-p', folder]);
    const failpoint = `SHUNT_FAILPOINT=journal:${step}:after=stop`;
    writeFileSync(machine.path(`${folder}/fault.conf`), `[Service]\nEnvironment=${failpoint}\nWatchdogSec=0\n`);
    await machine.systemctl('daemon-reload');
    await machine.systemctl('restart', agent);
    await cloud.untilAgentsReady();
    await begin(from);
    const { MainPID } = await machine.unit(agent);
    await cloud.until(`the agent to stop itself at ${step}`, async () => {
      const stat = readFileSync(machine.path(`/proc/${MainPID}/stat`), 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T') || undefined;
    });
    await machine.powerCut();
    await stopGuests();
    await machine.boot();
    await machine.waitFor(agent, 'running');
  }

  /** Nothing of the journal is open, no row leads to a tap that the journal does not know on the target, and OVN has seen nothing else. */
  async function settled(): Promise<string> {
    const rest = readRest(machine.path('/var/lib/shunt/agent'));
    expect(rest.state).toBe('at-rest');
    expect((await rows()).filter((tap) => !rest.onTarget.includes(tap))).toEqual([]);
    const [ours, ovn] = await Promise.all([settle, 'ovn-controller.service'].map((unit) => machine.unit(unit)));
    expect(ours).toMatchObject({ Result: 'success', ActiveState: 'active' });
    const ended = Number(ours?.['ExecMainExitTimestampMonotonic']);
    return ended > 0 && ended < Number(ovn?.['ExecMainStartTimestampMonotonic']) ? 'before OVN' : `at ${ended}`;
  }

  async function atRest(from: Way['from']): Promise<void> {
    const { outcome } = await cloud.untilClosed('hv1', epoch);
    expect(['committed', 'reverted', 'blocked']).toContain(outcome); // blocked: its journal's first line was not yet on the disk, nothing was touched
    const to = from === 'legacy' ? 'target' : 'legacy';
    await cloud.untilPlug('hv1', outcome === 'committed' ? to : from);
    await everyGuestAnswers();
  }

  async function everyGuestAnswers(): Promise<void> {
    await cloud.until('every guest to answer', async () => (await cloud.silentGuests()).length === 0 || undefined);
  }

  /** Taps that are ports of the integration bridge. */
  async function rows(): Promise<readonly string[]> {
    const listed = (await machine.run(['ovs-vsctl', 'list-ports', 'br-int'])).split('\n');
    const taps = cloud.guestsOf('hv1').map((guest) => guest.tap);
    return taps.filter((tap) => listed.includes(tap)).toSorted();
  }

  /** A host without power has no taps: here they are under names that nobody knows. */
  async function stopGuests(): Promise<void> {
    const lines = cloud
      .guestsOf('hv1')
      .flatMap(({ tap }, index) => [`link set ${tap} nomaster down`, `link set ${tap} name off${index}`]);
    await ipBatch(netns(), lines);
    hidden = true;
  }

  /** Nova makes the taps anew, plugged where it has known them: into the legacy bridges. */
  async function startGuests(): Promise<void> {
    const { networks } = cloud.lab.topology;
    const lines = cloud
      .guestsOf('hv1')
      .flatMap(({ tap, networkId }, index) => [
        `link set off${index} name ${tap}`,
        `link set ${tap} master ${networks.find((network) => network.id === networkId)?.bridge} up`,
      ]);
    await ipBatch(netns(), lines);
    hidden = false;
  }

  function netns(): string {
    return cloud.lab.topology.hypervisors[0]?.netns ?? '';
  }
});
