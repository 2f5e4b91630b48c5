import { join } from 'node:path';
import { FileLock } from '../../platform/native/flock.ts';
import { until } from '../command.ts';
import { pathsOf } from '../run-dir.ts';
import { guestOf, hypervisorOf, type LabState, requireLabState, writeLabState } from '../state.ts';
import type { LabGuest, LabHypervisor, Topology } from '../topology.ts';

/** Room for a whole live migration of another. */
const WAIT_MS = 60_000;

/** A running lab whose state nobody else changes meanwhile. What was done to the cloud is written down as it is done. */
export class OpenLab {
  #state: LabState;

  constructor(state: LabState) {
    this.#state = state;
  }

  get topology(): Topology {
    return this.#state.topology;
  }

  guest(name: string): LabGuest {
    return guestOf(this.#state, name);
  }

  hypervisor(name: string): LabHypervisor {
    return hypervisorOf(this.#state, name);
  }

  addGuest(guest: LabGuest): void {
    this.#writeGuests([...this.topology.guests, guest]);
  }

  replaceGuest(guest: LabGuest): void {
    this.#writeGuests(this.topology.guests.map((g) => (g.name === guest.name ? guest : g)));
  }

  removeGuest(name: string): void {
    this.#writeGuests(this.topology.guests.filter((g) => g.name !== name));
  }

  #writeGuests(guests: readonly LabGuest[]): void {
    this.#state = { ...this.#state, topology: { ...this.topology, guests } };
    writeLabState(this.#state);
  }
}

/** Opens a lab for a change, one change at a time, also between processes. */
export async function changeLab<T>(name: string, body: (lab: OpenLab) => Promise<T>): Promise<T> {
  requireLabState(name); // before the lock: a lab that is not there has no folder for it
  const path = join(pathsOf(name).dir, 'change.lock');
  using _ = await until(`the end of another change to lab ${name}`, () => FileLock.tryAcquire(path), {
    timeoutMs: WAIT_MS,
  });
  const state = requireLabState(name);
  if (state.phase !== 'up') throw new Error(`lab ${name} is not up yet`);
  return body(new OpenLab(state));
}
