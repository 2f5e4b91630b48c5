import { mkdirSync } from 'node:fs';
import { NB_SCHEMA, SB_SCHEMA, startCentral, startNats, startPrometheus, waitForOvn } from './central.ts';
import { together } from './command.ts';
import { type Datapath, defaultDatapath, requireDatapath } from './datapath.ts';
import { downLab, sweepLabs } from './down.ts';
import { furnishStations, startFabric, wireFabric } from './fabric.ts';
import { plugGuests } from './guests.ts';
import { furnishHypervisor, startHypervisorSwitch } from './hypervisor.ts';
import { addNamespaces } from './netns.ts';
import { createDatabasePattern, VSWITCH_SCHEMA } from './open-vswitch.ts';
import { writeProgramConfigs } from './program-config.ts';
import { startPrograms } from './programs.ts';
import { pathsOf } from './run-dir.ts';
import { planServices } from './services/plan-services.ts';
import { startServices } from './services/start-services.ts';
import { isOpenVSwitchSource, type LabSource } from './sources/lab-source.ts';
import { startMidonet } from './sources/midonet.ts';
import { withSource } from './sources/plan-source.ts';
import { createRunDir, type LabState, thisProcess, writeLabState } from './state.ts';
import { startTapRelay } from './tap-relay.ts';
import { namespacesOf, planTopology, type TapKind, type Topology, type TopologyOptions } from './topology.ts';
import type { Uplinks } from './uplink-kinds.ts';
import { withUplinks } from './uplinks.ts';

export interface UpOptions extends Pick<TopologyOptions, 'overlays' | 'mtu' | 'snooping' | 'vlanTransparent'> {
  readonly name?: string;
  /** Hypervisors; default 3. */
  readonly hosts?: number;
  /** Guests a hypervisor; default 8. */
  readonly guests?: number;
  /** Default 2: a VLAN and a flat one. */
  readonly networks?: number;
  readonly tap?: TapKind;
  /** What the legacy world is made of. Default `linux-bridge`. */
  readonly source?: LabSource;
  /** How the Linux bridges reach the wire. Default `leg`. */
  readonly uplinks?: Uplinks;
  /** Default: `SHUNT_LAB_DATAPATH`, else `netdev`. */
  readonly datapath?: Datapath;
  /** NATS runs always; `false` leaves out Prometheus, coordinator and agents. Default true. */
  readonly services?: boolean;
  /** dnsmasq and radvd in qdhcp and qrouter namespaces on the legacy bridges. Default false. */
  readonly servicesLegacy?: boolean;
  /** `false` leaves out Prometheus only. Default true. */
  readonly prometheus?: boolean;
  /** `false` leaves out coordinator and agents only. Default true: each is started if its bundle is in dist/. */
  readonly programs?: boolean;
  /** `process`: the lab may be swept once this process is gone. `persistent` (default): it stays until `down`. */
  readonly owner?: 'process' | 'persistent';
  /** After a failure: `down` (default) removes what was built, `leave` keeps it to be looked at. */
  readonly onFailure?: 'down' | 'leave';
  /** Called with a sentence as each step starts. */
  readonly onProgress?: (step: string) => void;
}

/** Builds a lab and returns its state. Labs without a living owner are swept first. */
export async function upLab(options: UpOptions = {}): Promise<LabState> {
  const state = newState(options);
  const { name } = state.topology;
  await requireDatapath(state.topology.datapath);
  for (const failure of (await sweepLabs()).failed)
    options.onProgress?.(`left as it is, it cannot be swept: ${failure}`);
  createRunDir(name);
  writeLabState(state);
  try {
    await build(state, options);
  } catch (cause) {
    if (options.onFailure !== 'leave') await downLab(name);
    throw cause;
  }
  const owner = options.owner === 'process' ? state.owner : ({ kind: 'persistent' } as const);
  const done: LabState = { ...state, phase: 'up', owner };
  writeLabState(done);
  return done;
}

/** Until it is up, a lab belongs to its builder, whoever owns it later: killed half-way, it can be swept. */
function newState(options: UpOptions): LabState {
  const {
    name = 'shunt',
    hosts = 3,
    guests = 8,
    networks = 2,
    tap = 'veth',
    source,
    uplinks,
    datapath = defaultDatapath(),
    services = true,
    programs = true,
    ...world
  } = options;
  const planned = planTopology({ ...world, name, hosts, guests, networks, tap, datapath });
  const topology = withUplinks(withSource(planned, source), uplinks);
  return {
    format: 1,
    createdAt: new Date().toISOString(),
    phase: 'building',
    owner: thisProcess(),
    services,
    programs: services && programs,
    topology: options.servicesLegacy ? { ...topology, services: planServices(topology) } : topology,
  };
}

async function build(state: LabState, options: UpOptions): Promise<void> {
  const progress = options.onProgress ?? (() => undefined);
  const { topology } = state;
  const { name } = topology;
  const paths = pathsOf(name);
  for (const dir of [paths.logs, paths.configs]) mkdirSync(dir);
  writeProgramConfigs(topology);
  progress(`namespaces and wires: ${topology.hypervisors.length} hypervisors, ${topology.guests.length} guests`);
  await together([
    ...[VSWITCH_SCHEMA, NB_SCHEMA, SB_SCHEMA].map((schema) => createDatabasePattern(name, schema)),
    addNamespaces(namespacesOf(topology)).then(() => wireFabric(topology)),
  ]);
  progress('legacy bridges, firewall, guests; Open vSwitch, OVN, NATS');
  await together([
    startCentral(topology),
    startFabric(topology),
    furnishStations(topology),
    startNats(topology),
    ...topology.hypervisors.map((hypervisor) => buildHypervisor(topology, hypervisor)),
  ]);
  if (state.services && options.prometheus !== false) startPrometheus(topology);
  await startServices(topology);
  progress('waiting for OVN');
  await waitForOvn(topology);
  if (state.programs) {
    progress('coordinator and agents');
    await startPrograms(topology);
  }
}

async function buildHypervisor(topology: Topology, hypervisor: Topology['hypervisors'][number]): Promise<void> {
  await furnishHypervisor(topology, hypervisor);
  if (topology.tap === 'tap') await startTapRelay(topology, hypervisor);
  if (!isOpenVSwitchSource(topology)) {
    await together([plugGuests(topology, hypervisor), startHypervisorSwitch(topology, hypervisor)]);
    if (topology.source === 'midonet') await startMidonet(topology, hypervisor);
    return;
  }
  await startHypervisorSwitch(topology, hypervisor);
  await plugGuests(topology, hypervisor); // into its bridge
}
