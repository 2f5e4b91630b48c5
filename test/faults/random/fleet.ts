import type { HostView } from '../../../domain/run-state.ts';
import { type SmallDisk, smallDisk } from '../../../lab/faults/small-disk.ts';
import { addGuest, currentLab, removeGuest } from '../../../lab/guest/guest-lifecycle.ts';
import { type PingerSession, startPinger } from '../../../lab/pinger.ts';
import type { LabState } from '../../../lab/state.ts';
import { type LabGuest, networkOf } from '../../../lab/topology.ts';
import { Cloud } from '../../lab/fixture/cloud.ts';
import { stateDirOf } from './journal-watch.ts';
import { guestsPerHypervisor, type HypervisorName, hypervisorNames } from './schedule.ts';

const by = 'random';
/** Room for what 64 attempts journal, and little beside it. */
const journalDiskBytes = 16 * 1024 * 1024;
/** Each guest is asked so often, all the time. */
const askedHz = 20;
/** From the target by a shunt to legacy takes two ways back; one that goes back by itself takes one more. */
const waysBackMax = 5;

/** Three hypervisors with all programs, each journal on a disk of its own, and somebody who asks every guest all the time. */
export class Fleet implements AsyncDisposable {
  readonly cloud: Cloud;
  readonly disks: ReadonlyMap<HypervisorName, SmallDisk>;
  readonly pinger: PingerSession;
  /** Those that were there from the beginning. */
  readonly guests: readonly LabGuest[];

  private constructor(cloud: Cloud, disks: ReadonlyMap<HypervisorName, SmallDisk>) {
    this.cloud = cloud;
    this.disks = disks;
    this.guests = cloud.lab.topology.guests;
    this.pinger = startPinger({ netns: cloud.lab.topology.centralNetns, targets: this.#targets() });
  }

  static async up(name: string): Promise<Fleet> {
    const disks = new Map<HypervisorName, SmallDisk>();
    const size = { hosts: hypervisorNames.length, guests: guestsPerHypervisor, networks: 2, prometheus: false };
    const cloud = await Cloud.up({ ...size, name }, async () => {
      for (const hypervisor of hypervisorNames)
        disks.set(hypervisor, await smallDisk(stateDirOf(name, hypervisor), journalDiskBytes));
    });
    const fleet = new Fleet(cloud, disks);
    try {
      await fleet.pinger.ready;
      return fleet;
    } catch (cause) {
      await fleet[Symbol.asyncDispose]();
      throw cause;
    }
  }

  get name(): string {
    return this.cloud.lab.topology.name;
  }

  /** The lab as it is now: guests come and go. */
  get lab(): LabState {
    return currentLab(this.name);
  }

  hosts(): Promise<readonly HostView[]> {
    return this.cloud.api.listHosts(AbortSignal.timeout(30_000));
  }

  /** A guest that is there to be deleted; the coordinator knows of it when this is done. */
  async addVictim(hypervisor: HypervisorName): Promise<LabGuest> {
    const guest = await addGuest(this.name, { hypervisor });
    await this.cloud.until(`${guest.name} to be known`, async () => {
      const { taps } = await this.cloud.host(hypervisor);
      return taps.some((tap) => tap.tap === guest.tap && tap.portId !== undefined) ? true : undefined;
    });
    return guest;
  }

  /** Ends what runs, takes every hypervisor to legacy, and removes guests that were not there from the beginning. */
  async toLegacy(): Promise<void> {
    await this.cloud.untilAgentsReady();
    const { api } = this.cloud;
    for (const run of await api.listRuns(AbortSignal.timeout(30_000))) {
      if (run.state !== 'done' && run.state !== 'aborted')
        await api.abortRun({ runId: run.id, by }, AbortSignal.timeout(30_000));
    }
    await Promise.all(hypervisorNames.map((hypervisor) => this.#hostToLegacy(hypervisor)));
    const own = new Set(this.guests.map((guest) => guest.name));
    for (const guest of this.lab.topology.guests) if (!own.has(guest.name)) await removeGuest(this.name, guest.name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pinger[Symbol.asyncDispose]();
    await this.cloud[Symbol.asyncDispose]();
  }

  async #hostToLegacy(hypervisor: HypervisorName): Promise<void> {
    for (let way = 0; way < waysBackMax; way += 1) {
      const { plug, attempt } = await this.cloud.host(hypervisor);
      if (attempt !== undefined && attempt.outcome === undefined)
        await this.cloud.untilClosed(hypervisor, attempt.epoch - 1);
      else if (plug === 'legacy' || attempt === undefined) return this.cloud.untilPlug(hypervisor, 'legacy');
      else await this.cloud.back(hypervisor);
    }
    await this.cloud.untilPlug(hypervisor, 'legacy');
  }

  #targets() {
    const { topology } = this.cloud.lab;
    return this.guests.map((guest) => ({
      id: guest.name,
      ip: guest.ip4,
      hz: askedHz,
      netns: networkOf(topology, guest).ext.netns,
    }));
  }
}
