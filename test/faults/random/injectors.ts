import { run } from '../../../lab/command.ts';
import { type Fault, standingFault } from '../../../lab/faults/fault.ts';
import { loseFrames } from '../../../lab/faults/lossy-link.ts';
import { cutManagement } from '../../../lab/faults/management-cut.ts';
import { pauseProcess } from '../../../lab/faults/process-pause.ts';
import type { SmallDisk } from '../../../lab/faults/small-disk.ts';
import { rebootGuest, removeGuest } from '../../../lab/guest/guest-lifecycle.ts';
import { hypervisorPlace } from '../../../lab/hypervisor.ts';
import { vsctl } from '../../../lab/open-vswitch.ts';
import { findProgram, killProgram, type ProgramName, restartProgram } from '../../../lab/programs.ts';
import { hypervisorOf, type LabState } from '../../../lab/state.ts';
import { type LabGuest, networkOf } from '../../../lab/topology.ts';
import { deadManOf } from './journal-watch.ts';
import type { FaultKind, HypervisorName, PlannedFault } from './schedule.ts';

/** Where faults are let loose. */
export interface FaultPlace {
  readonly lab: LabState;
  /** What the agents' journals lie on. */
  readonly disks: ReadonlyMap<HypervisorName, SmallDisk>;
  /** The guest that a fault of one guest strikes. */
  guestOf(fault: PlannedFault): LabGuest;
}

type Injector = (place: FaultPlace, fault: PlannedFault) => Promise<Fault>;

const injectors = {
  'agent-killed': killed(({ moment }) => `agent-${moment.hypervisor}`),
  'agent-paused': paused(({ moment }) => `agent-${moment.hypervisor}`),
  'dead-man-killed': killDeadMan,
  'coordinator-killed': killed(() => 'coordinator'),
  'coordinator-paused': paused(() => 'coordinator'),
  'nats-killed': killed(() => 'nats'),
  'nats-paused': paused(() => 'nats'),
  'ovsdb-killed': killed(({ moment }) => `${moment.hypervisor}-ovsdb`),
  'vswitchd-killed': killed(({ moment }) => `${moment.hypervisor}-vswitchd`),
  'controller-killed': killed(({ moment }) => `${moment.hypervisor}-controller`),
  'management-cut': ({ lab }, { moment }) => cutManagement(lab, moment.hypervisor),
  'frames-lost': loseOnTheWire,
  'disk-full': fillDisk,
  'row-written': writeRow,
  'tap-taken': takeTap,
  'guest-rebooted': async (place, fault) => {
    const { name } = place.guestOf(fault);
    await rebootGuest(place.lab.topology.name, name);
    return over(`${name} was rebooted`);
  },
  'guest-deleted': async (place, fault) => {
    const { name } = place.guestOf(fault);
    await removeGuest(place.lab.topology.name, name);
    return over(`${name} was deleted`);
  },
} as const satisfies Record<FaultKind, Injector>;

/** Lets a fault loose now; it stands until it is removed. */
export function inject(place: FaultPlace, fault: PlannedFault): Promise<Fault> {
  return injectors[fault.kind](place, fault);
}

function killed(program: (fault: PlannedFault) => ProgramName): Injector {
  return async ({ lab }, fault) => {
    const { name } = lab.topology;
    const victim = program(fault);
    killProgram(name, victim, 'SIGKILL');
    return standingFault(`${victim} is dead`, () => restartProgram(name, victim));
  };
}

function paused(program: (fault: PlannedFault) => ProgramName): Injector {
  return async ({ lab }, fault) => {
    const victim = program(fault);
    const record = findProgram(lab.topology.name, victim);
    return record === undefined ? over(`${victim} was not there to be paused`) : pauseProcess(record);
  };
}

async function killDeadMan({ lab }: FaultPlace, { moment }: PlannedFault): Promise<Fault> {
  const deadMan = deadManOf(lab.topology.name, moment.hypervisor);
  if (deadMan?.kind !== 'process') return over(`there was no dead man at ${moment.hypervisor}`);
  try {
    process.kill(-deadMan.pid, 'SIGKILL'); // its own session: sh and its sleep
  } catch {
    return over(`the dead man at ${moment.hypervisor} had ended`);
  }
  return over(`the dead man at ${moment.hypervisor} is dead`);
}

const lostPercent = 10;

/** Both ways, as frames leave: userspace switches read before the hook for what comes in. */
async function loseOnTheWire({ lab }: FaultPlace, { moment }: PlannedFault): Promise<Fault> {
  const { name, netns } = hypervisorOf(lab, moment.hypervisor);
  const places = [
    { netns, device: 'eth2', way: 'out' },
    { netns: lab.topology.fabricNetns, device: `p-${name}`, way: 'out' },
  ] as const;
  const faults = await Promise.all(places.map((place) => loseFrames(place, lostPercent)));
  const end = () => Promise.all(faults.map((fault) => fault.remove()));
  return standingFault(`${lostPercent} % of frames to and from ${name} are lost`, end);
}

async function fillDisk({ disks }: FaultPlace, { moment }: PlannedFault): Promise<Fault> {
  const disk = disks.get(moment.hypervisor);
  if (disk === undefined) throw new Error(`the journal of ${moment.hypervisor} has no disk of its own`);
  disk.fill();
  return standingFault(`the journal's disk at ${moment.hypervisor} is full`, async () => disk.free());
}

/** A row that is not there is nobody's: then nothing was written. */
async function writeRow(place: FaultPlace, fault: PlannedFault): Promise<Fault> {
  const { lab } = place;
  const { tap } = place.guestOf(fault);
  const hypervisor = hypervisorOf(lab, fault.moment.hypervisor);
  const switchPlace = hypervisorPlace(lab.topology.name, hypervisor);
  await vsctl(switchPlace, ['--no-wait', '--if-exists', 'set', 'Interface', tap, 'external_ids:somebody=else']);
  return over(`somebody wrote into the row of ${tap}`);
}

/** As libvirtd does when it is restarted: the tap goes to the bridge of its XML. */
async function takeTap(place: FaultPlace, fault: PlannedFault): Promise<Fault> {
  const guest = place.guestOf(fault);
  const { netns } = hypervisorOf(place.lab, guest.hypervisor);
  const { bridge } = networkOf(place.lab.topology, guest);
  await run(['ip', '-n', netns, 'link', 'set', guest.tap, 'master', bridge]);
  return over(`somebody put ${guest.tap} into ${bridge}`);
}

/** Done is done: there is nothing to take back. */
function over(what: string): Fault {
  return standingFault(what, async () => undefined);
}
