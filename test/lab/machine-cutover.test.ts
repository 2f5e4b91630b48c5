import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Phase } from '../../domain/phases.ts';
import { moveCoordinator } from '../../lab/machine/central-machine.ts';
import { moveHypervisor } from '../../lab/machine/hypervisor-machine.ts';
import type { Machine } from '../../lab/machine/machine.ts';
import { ipBatch } from '../../lab/netns.ts';
import { Cloud } from './fixture/cloud.ts';

const agent = 'shunt-agent.service';
const coordinator = 'shunt-coordinator.service';
const settings = '/etc/shunt/agent.yaml';
const timers = ['list-units', '--all', '--plain', '--no-legend', 'shunt-deadman-*.timer'];
/** The dead man runs out after the deadline; only what waits for that makes it short. */
const short = { deadline: '5s', soak: '3s' };

/** Real cutovers by the agent as a unit, hardened, with Open vSwitch and ovn-controller as units beside it. */
describe('a cutover below systemd', () => {
  let cloud: Cloud;
  let machine: Machine;

  beforeAll(async () => {
    cloud = await Cloud.up({ name: `mc${process.pid % 10_000}`, hosts: 2, guests: 2, networks: 2 });
    machine = await moveHypervisor(cloud.lab, 'hv1');
    await machine.systemctl('enable', '--now', agent);
    await cloud.untilAgentsReady();
  });

  afterAll(async () => {
    await cloud?.[Symbol.asyncDispose]();
  });

  // Whatever became of the last attempt, the next begins from legacy.
  afterEach(async () => {
    await machine.systemctl('start', agent);
    await cloud.backToLegacy();
    expect(await cloud.silentGuests()).toEqual([]);
  });

  it('is committed, watched over by a timer of systemd that goes away with it, and is taken back', async () => {
    const after = await newestEpoch();
    await cloud.startRun({ hosts: ['hv1'], soak: '1s' });
    await cloud.untilPhase('hv1', ['soaking'], after);
    expect((await machine.systemctl(...timers)).stdout).toMatch(
      /^shunt-deadman-\d+-\d+-1\.timer loaded active waiting/,
    );
    expect((await cloud.untilClosed('hv1', after)).outcome).toBe('committed');
    expect(await cloud.silentGuests()).toEqual([]);
    await cloud.until('the timer to go', async () =>
      (await machine.systemctl(...timers)).stdout === '' ? true : undefined,
    );
    await cloud.back('hv1');
    await cloud.untilPlug('hv1', 'legacy');
  });

  it('has another timer soon when somebody stops the first', async () => {
    const after = await newestEpoch();
    await cloud.startRun({ hosts: ['hv1'], soak: '5s' });
    await cloud.untilPhase('hv1', ['soaking'], after);
    const [first = ''] = (await machine.systemctl(...timers)).stdout.split(' ');
    await machine.systemctl('stop', first);
    await cloud.until('another timer', async () => {
      const [name = '', ...state] = (await machine.systemctl(...timers)).stdout.split(' ');
      return (name.startsWith('shunt-deadman-') && name !== first && state.includes('waiting')) || undefined;
    });
    expect((await cloud.untilClosed('hv1', after)).outcome).toBe('committed');
    await cloud.until('the timer to go', async () =>
      (await machine.systemctl(...timers)).stdout === '' ? true : undefined,
    );
  });

  it('goes back by the timer when the agent is killed, and a mistake in agent.yaml keeps it from starting', async () => {
    const after = await newestEpoch();
    await cloud.startRun({ hosts: ['hv1'], ...short });
    const { epoch } = await cloud.untilPhase('hv1', ['soaking'], after);
    await machine.run(['sh', '-ec', `cp -a ${settings} ${settings}.good; echo 'foreignWriter: hold' >> ${settings}`]);
    await machine.systemctl('kill', '--signal=KILL', agent); // whatever is in its control group
    await cloud.until('the agent to be given up', async () =>
      (await machine.unit(agent))['ActiveState'] === 'failed' ? true : undefined,
    );
    await untilOnLegacy();
    expect(await cloud.silentGuests()).toEqual([]);
    await cloud.until('the dead man to end well', async () => {
      const told = await machine.run(['journalctl', '--no-pager', '--unit', `shunt-deadman-${epoch}-*`]);
      return told.includes('Deactivated successfully') || undefined;
    });
    await machine.run(['mv', `${settings}.good`, settings]);
    await machine.systemctl('start', agent);
    expect(await cloud.untilClosed('hv1', after)).toMatchObject({ outcome: 'reverted' });
  });

  it('stopped in the middle, leaves the host to the timer, and ends quickly and well', async () => {
    const after = await newestEpoch();
    await cloud.startRun({ hosts: ['hv1'], ...short });
    await cloud.untilPhase('hv1', ['soaking'], after);
    expect(await machine.systemctl('stop', agent)).toMatchObject({ status: 0 });
    expect(await machine.unit(agent)).toMatchObject({ ActiveState: 'inactive', Result: 'success' });
    expect(await bridgesOfTaps()).toEqual([]); // what is plugged stays plugged
    expect(await cloud.silentGuests()).toEqual([]);
    await untilOnLegacy();
    await machine.systemctl('start', agent);
    expect(await cloud.untilClosed('hv1', after)).toMatchObject({ outcome: 'reverted' });
  });

  async function newestEpoch(): Promise<number> {
    return (await cloud.host('hv1')).attempt?.epoch ?? 0;
  }

  /** Bridges of the kernel that have a guest's tap; empty: all are on the integration bridge. */
  async function bridgesOfTaps(): Promise<readonly string[]> {
    return mastersOf(machine, cloud);
  }

  async function untilOnLegacy(): Promise<void> {
    await cloud.until('all taps to be on their legacy bridges', async () => {
      const taps = cloud.guestsOf('hv1').length;
      return (await bridgesOfTaps()).length === taps && (await ports(machine, cloud)).length === 0 ? true : undefined;
    });
  }
});

interface Cut {
  readonly moment: string;
  readonly phases: readonly Phase[];
  /** After a boot Nova plugs guests where it has known them: into the legacy bridges. Else the taps are as the cut left them. */
  readonly replugged: boolean;
  readonly outcome: 'committed' | 'reverted';
}

const cuts: readonly Cut[] = [
  { moment: 'while taps move', phases: ['arming', 'cutting', 'verifying'], replugged: false, outcome: 'reverted' },
  { moment: 'while the cut soaks', phases: ['soaking'], replugged: true, outcome: 'reverted' },
  { moment: 'right after the commit', phases: ['committed'], replugged: false, outcome: 'committed' },
  { moment: 'after the commit, guests plugged anew', phases: ['committed'], replugged: true, outcome: 'committed' },
];

/** The hypervisor's disk is an image: OVS's database and the agent's journal lose what had not reached it. */
describe('a power cut', () => {
  let cloud: Cloud;
  let machine: Machine;
  let central: Machine;

  beforeAll(async () => {
    cloud = await Cloud.up({ name: `mp${process.pid % 10_000}`, hosts: 2, guests: 2, networks: 2 });
    machine = await moveHypervisor(cloud.lab, 'hv1', { disk: 'image' });
    central = await moveCoordinator(cloud.lab, { disk: 'image' });
    await central.systemctl('enable', '--now', coordinator);
    await machine.systemctl('enable', '--now', agent);
    for (const each of [machine, central]) await each.run(['sync', '-f', '/']);
    await cloud.untilAgentsReady();
  });

  afterAll(async () => {
    await cloud?.[Symbol.asyncDispose]();
  });

  afterEach(async () => {
    for (const each of [machine, central]) if (each.pid === undefined) await each.boot();
    // What the coordinator knows of a host that has just booted may still change: then it refuses, and is asked again.
    await cloud.until('the way back', async () => {
      await cloud.backToLegacy();
      return true;
    });
  });

  it.each(cuts)(
    '$moment: the next boot settles it, and every guest is reachable',
    async ({ phases, outcome, replugged }) => {
      const after = (await cloud.host('hv1')).attempt?.epoch ?? 0;
      await cloud.startRun({ hosts: ['hv1'], deadline: '60s', soak: '2s' });
      await cloud.untilPhase('hv1', phases, after);
      const before = machine.bootId;
      await machine.powerCut();
      if (replugged) await replugAsNova(cloud);
      await machine.boot();
      expect(machine.bootId).not.toBe(before);
      await machine.waitFor(agent, 'running');

      expect(await cloud.untilClosed('hv1', after)).toMatchObject({ outcome });
      const guests = cloud.guestsOf('hv1').length;
      const wanted = outcome === 'committed' ? [0, guests] : [guests, 0];
      await cloud.until(`taps on legacy and target bridges to be ${wanted}`, async () => {
        const found = [(await mastersOf(machine, cloud)).length, (await ports(machine, cloud)).length];
        return `${found}` === `${wanted}` || undefined;
      });
      await cloud.until('every guest to answer', async () => (await cloud.silentGuests()).length === 0 || undefined);
      await cloud.untilPlug('hv1', outcome === 'committed' ? 'target' : 'legacy');
    },
  );

  it('of central in the middle of a wave: the coordinator goes on from its ledger', async () => {
    const after = (await cloud.host('hv1')).attempt?.epoch ?? 0;
    const run = await cloud.startRun({ hosts: ['hv1'], deadline: '60s', soak: '3s' });
    await cloud.untilPhase('hv1', ['soaking'], after);
    await central.powerCut();
    await central.boot();
    await central.waitFor(coordinator, 'running');
    expect(await cloud.untilClosed('hv1', after)).toMatchObject({ epoch: after + 1, outcome: 'committed' });
    await cloud.untilRun(run, ['done']);
    expect(await cloud.silentGuests()).toEqual([]);
  });
});

async function replugAsNova(cloud: Cloud): Promise<void> {
  const { hypervisors, networks } = cloud.lab.topology;
  const bridgeOf = (id: string) => networks.find((network) => network.id === id)?.bridge;
  const links = cloud.guestsOf('hv1').map(({ tap, networkId }) => `link set ${tap} master ${bridgeOf(networkId)} up`);
  await ipBatch(hypervisors[0]?.netns ?? '', links);
}

async function mastersOf(machine: Machine, cloud: Cloud): Promise<readonly string[]> {
  const links = JSON.parse(await machine.run(['ip', '-j', 'link'])) as readonly { ifname: string; master?: string }[]; // ip(8)
  const taps = new Set(cloud.guestsOf('hv1').map((guest) => guest.tap));
  return links.flatMap((link) => (taps.has(link.ifname) && link.master ? [link.master] : []));
}

/** Taps of guests that are ports of the integration bridge. */
async function ports(machine: Machine, cloud: Cloud): Promise<readonly string[]> {
  const listed = (await machine.run(['ovs-vsctl', 'list-ports', 'br-int'])).split('\n');
  return cloud
    .guestsOf('hv1')
    .map((guest) => guest.tap)
    .filter((tap) => listed.includes(tap));
}
