import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startNats, startPrometheus } from './central.ts';
import { together, until } from './command.ts';
import { hypervisorPlace, startController } from './hypervisor.ts';
import { waitUntilListening } from './listening.ts';
import { inNetnsWithSys } from './netns.ts';
import { restartSwitchDatabase, startVswitchd } from './open-vswitch.ts';
import { findProcess, type ProcessRecord, signalProcess, startDaemon } from './processes.ts';
import { agentConfigPath, coordinatorConfigPath } from './program-config.ts';
import { hypervisorDir, pathsOf } from './run-dir.ts';
import { requireLabState } from './state.ts';
import type { LabHypervisor, Topology } from './topology.ts';

/** A program of a lab by the name under which its pid is recorded. */
export type ProgramName =
  | 'nats'
  | 'prometheus'
  | 'coordinator'
  | `agent-${string}`
  | `${string}-controller`
  | `${string}-ovsdb`
  | `${string}-vswitchd`;

const DIST = join(import.meta.dirname, '..', 'dist');
/** As the systemd unit sets them: memory figures of the lab are to be those of a hypervisor. */
const AGENT_NODE_OPTIONS = '--expose-gc --max-old-space-size=48 --max-semi-space-size=2';
const READY_MS = 15_000;

/** Where the bundles of agent and coordinator are expected. */
export const BUNDLES = {
  agent: join(DIST, 'shunt-agent.mjs'),
  coordinator: join(DIST, 'shunt-coordinator.mjs'),
} as const;

/** Starts coordinator and agents, each if its bundle has been built, and waits until each listens on its unix socket. */
export async function startPrograms(topology: Topology): Promise<void> {
  const agents = existsSync(BUNDLES.agent) ? topology.hypervisors : [];
  await together([
    ...(existsSync(BUNDLES.coordinator) ? [startCoordinator(topology)] : []),
    ...agents.map((h) => startAgent(topology, h)),
  ]);
}

export async function startCoordinator(topology: Topology): Promise<void> {
  const paths = pathsOf(topology.name);
  const record = startDaemon(paths, topology.name, {
    name: 'coordinator',
    argv: bundleArgv(topology.centralNetns, BUNDLES.coordinator, coordinatorConfigPath(topology.name)),
  });
  await waitUntilListening(paths, record, { unix: paths.coordinatorSocket }, READY_MS);
}

export async function startAgent(topology: Topology, hypervisor: LabHypervisor): Promise<void> {
  const paths = pathsOf(topology.name);
  const record = startDaemon(paths, topology.name, {
    name: `agent-${hypervisor.name}`,
    argv: bundleArgv(hypervisor.netns, BUNDLES.agent, agentConfigPath(topology.name, hypervisor.name)),
    env: { NODE_OPTIONS: AGENT_NODE_OPTIONS },
  });
  const socket = join(hypervisorDir(topology.name, hypervisor.name), 'agent.sock');
  await waitUntilListening(paths, record, { unix: socket }, READY_MS);
}

/** Sends a signal to a program of the lab, by its recorded pid. False when it is not running. */
export function killProgram(lab: string, name: ProgramName, signal: NodeJS.Signals = 'SIGKILL'): boolean {
  const record = findProcess(pathsOf(lab), name);
  return record !== undefined && signalProcess(record, signal);
}

/** Kills a program (if it runs), waits until it is gone, starts it again and waits until it is ready. */
export async function restartProgram(lab: string, name: ProgramName): Promise<void> {
  const { topology } = requireLabState(lab);
  const paths = pathsOf(lab);
  killProgram(lab, name);
  await until(`${name} to end`, () => (findProcess(paths, name) ? undefined : true));
  const [, agentOf] = /^agent-(.+)$/.exec(name) ?? [];
  const [, controllerOf] = /^(.+)-controller$/.exec(name) ?? [];
  const [, switchOf] = /^(.+)-vswitchd$/.exec(name) ?? [];
  const [, databaseOf] = /^(.+)-ovsdb$/.exec(name) ?? [];
  if (name === 'nats') return startNats(topology);
  if (name === 'prometheus') return startPrometheus(topology);
  if (name === 'coordinator') return startCoordinator(topology);
  if (agentOf) return startAgent(topology, hypervisorOf(topology, agentOf));
  if (controllerOf) return startController(topology, hypervisorOf(topology, controllerOf));
  if (switchOf) return startVswitchd(hypervisorPlace(lab, hypervisorOf(topology, switchOf)), topology.datapath);
  if (databaseOf) return restartSwitchDatabase(hypervisorPlace(lab, hypervisorOf(topology, databaseOf)));
  throw new Error(`lab ${lab} has no program '${name}'`);
}

/** The newest record of a program that is alive. */
export function findProgram(lab: string, name: ProgramName): ProcessRecord | undefined {
  return findProcess(pathsOf(lab), name);
}

function hypervisorOf(topology: Topology, name: string): LabHypervisor {
  const hypervisor = topology.hypervisors.find((h) => h.name === name);
  if (!hypervisor) throw new Error(`lab ${topology.name} has no hypervisor '${name}'`);
  return hypervisor;
}

function bundleArgv(netns: string, bundle: string, config: string): readonly string[] {
  return inNetnsWithSys(netns, [process.execPath, bundle, 'run', '--config', config]);
}
