import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { writeFileAtomicSync } from '../platform/atomic-file.ts';
import { isLabName } from './lab-name.ts';
import { isAlive, startTimeOf } from './processes.ts';
import { hypervisorDir, LABS_DIR, pathsOf } from './run-dir.ts';
import type { LabGuest, LabHypervisor, Topology } from './topology.ts';

/** Who keeps a lab alive: the process that built it, or nobody until `down`. */
export type LabOwner =
  | { readonly kind: 'process'; readonly pid: number; readonly start: string }
  | { readonly kind: 'persistent' };

/** `building` until `up` is through: whatever dies in between leaves a lab that `down` and `sweep` can remove. */
export type LabPhase = 'building' | 'up';

/** The lab's `state.json`: what it is, whose it is; its processes stand in `pids.jsonl`. */
export interface LabState {
  readonly format: 1;
  readonly createdAt: string;
  readonly phase: LabPhase;
  readonly owner: LabOwner;
  readonly services: boolean;
  readonly programs: boolean;
  readonly topology: Topology;
}

/** Claims the lab's folder for a new lab; a folder that is there already is an error. */
export function createRunDir(name: string): void {
  mkdirSync(LABS_DIR, { recursive: true });
  try {
    mkdirSync(pathsOf(name).dir, { mode: 0o700 });
  } catch (cause) {
    throw new Error(`lab '${name}' is there already; remove it first: npm run lab -- down --name ${name}`, { cause });
  }
}

/** Writes the state in one step: readers see the old one or the new one. */
export function writeLabState(state: LabState): void {
  writeFileAtomicSync(pathsOf(state.topology.name).state, `${JSON.stringify(state, null, 1)}\n`);
}

/** The state of a lab, or undefined when there is none (or it was not written yet). */
export function readLabState(name: string): LabState | undefined {
  try {
    return JSON.parse(readFileSync(pathsOf(name).state, 'utf8')) as LabState; // our own file, written atomically
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** As {@link readLabState}, for callers that need one. */
export function requireLabState(name: string): LabState {
  const state = readLabState(name);
  if (!state) throw new Error(`no lab '${name}'; build it: npm run lab -- up --name ${name}`);
  return state;
}

export function guestOf(lab: LabState, name: string): LabGuest {
  const guest = lab.topology.guests.find((g) => g.name === name);
  if (!guest) throw new Error(`lab ${lab.topology.name} has no guest '${name}'`);
  return guest;
}

export function hypervisorOf(lab: LabState, name: string): LabHypervisor {
  const hypervisor = lab.topology.hypervisors.find((h) => h.name === name);
  if (!hypervisor) throw new Error(`lab ${lab.topology.name} has no hypervisor '${name}'`);
  return hypervisor;
}

/** Names of all labs that have a folder; what else may lie beside them is nobody's lab. */
export function listLabs(): readonly string[] {
  try {
    return readdirSync(LABS_DIR).filter(isLabName);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

export function thisProcess(): LabOwner {
  return { kind: 'process', pid: process.pid, start: startTimeOf(process.pid) ?? '0' };
}

export function isOwned(state: LabState): boolean {
  return state.owner.kind === 'persistent' || isAlive(state.owner);
}

/** What `lab status --output json` prints; the shape is fixed in the design. */
export interface LabStatus {
  readonly name: string;
  readonly hypervisors: readonly HypervisorStatus[];
  readonly guests: readonly GuestStatus[];
  /** Paths of the northbound and southbound unix sockets. */
  readonly nb: string;
  readonly sb: string;
  /** URL, as seen from the hypervisors and central. */
  readonly nats: string;
  /** Path of the coordinator's unix socket. */
  readonly coordinator: string;
  readonly logs: string;
  /** DHCP and router namespaces of the legacy side; empty without `--services-legacy`. */
  readonly services: readonly ServiceStatus[];
}

/** As {@link LabService}. */
export interface ServiceStatus {
  readonly name: string;
  readonly kind: 'dhcp' | 'router';
  readonly hypervisor: string;
  readonly netns: string;
  readonly tap: string;
  readonly mac: string;
  readonly ips: readonly string[];
  readonly portId: string;
  readonly networkId: string;
  readonly network: string;
}

export interface HypervisorStatus {
  readonly name: string;
  readonly hostname: string;
  readonly systemId: string;
  readonly netns: string;
  /** Path of the unix socket of its ovsdb-server. */
  readonly ovsdb: string;
  readonly ovnRundir: string;
  /** Path of the agent's unix socket. */
  readonly agent: string;
}

export interface GuestStatus {
  readonly name: string;
  readonly hypervisor: string;
  readonly netns: string;
  readonly tap: string;
  readonly mac: string;
  readonly ips: readonly string[];
  readonly portId: string;
  readonly networkId: string;
  readonly network: string;
}

export function statusOf(state: LabState): LabStatus {
  const { topology } = state;
  const paths = pathsOf(topology.name);
  return {
    name: topology.name,
    hypervisors: topology.hypervisors.map((h) => {
      const dir = hypervisorDir(topology.name, h.name);
      const { name, hostname, systemId, netns } = h;
      return { name, hostname, systemId, netns, ovsdb: `${dir}/db.sock`, ovnRundir: dir, agent: `${dir}/agent.sock` };
    }),
    guests: topology.guests.map(({ name, hypervisor, netns, tap, mac, ip4, ip6, portId, networkId, network }) => {
      return { name, hypervisor, netns, tap, mac, ips: [ip4, ip6], portId, networkId, network };
    }),
    nb: paths.nb,
    sb: paths.sb,
    nats: `nats://${topology.managementIp}:4222`,
    coordinator: paths.coordinatorSocket,
    logs: paths.logs,
    services: (topology.services ?? []).map(
      ({ name, kind, hypervisor, netns, tap, mac, ip4, ip6, portId, networkId, network }) => {
        return { name, kind, hypervisor, netns, tap, mac, ips: [ip4, ip6], portId, networkId, network };
      },
    ),
  };
}
