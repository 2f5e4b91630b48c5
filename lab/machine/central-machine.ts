import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { run } from '../command.ts';
import { coordinatorConfig } from '../program-config.ts';
import { pathsOf } from '../run-dir.ts';
import type { LabState } from '../state.ts';
import type { Topology } from '../topology.ts';
import { checkoutBinds, checkoutFiles } from './checkout.ts';
import { endOutside } from './end-outside.ts';
import { type Machine, type MachineOptions, startMachine } from './machine.ts';

const NB_PORT = 6641;

/**
 * Puts the coordinator of a lab onto a machine in central's network: the one outside ends, its unit is installed (not enabled), its
 * configuration has every path at its default. OVN's databases and NATS stay outside. The socket stays where the lab has it.
 */
export async function moveCoordinator(
  lab: LabState,
  options: Pick<MachineOptions, 'disk' | 'files'> = {},
): Promise<Machine> {
  return centralMachine(lab, {
    disk: options.disk ?? 'memory',
    binds: checkoutBinds(),
    files: {
      ...checkoutFiles(),
      '/etc/shunt/coordinator.yaml': stringify(insideCoordinatorConfig(lab.topology)),
      ...options.files,
    },
  });
}

/** A bare machine in central's network, in the place of the lab's own coordinator; the lab finds its socket where it was. */
export async function centralMachine(
  lab: LabState,
  { binds = [], ...options }: Pick<MachineOptions, 'disk' | 'binds' | 'files'>,
): Promise<Machine> {
  const { topology } = lab;
  const paths = pathsOf(topology.name);
  await endOutside(topology.name, ['coordinator']);
  await offerNorthbound(topology);
  const shared = join(paths.dir, 'central-run');
  mkdirSync(shared, { recursive: true });
  rmSync(paths.coordinatorSocket, { force: true });
  symlinkSync('central-run/coordinator/coordinator.sock', paths.coordinatorSocket);
  return startMachine({
    ...options,
    name: `${topology.name}-central`,
    lab: topology.name,
    netns: topology.centralNetns,
    binds: [{ from: shared, to: '/run/shunt', volatile: true }, ...binds],
  });
}

/** A coordinator's configuration as it works from any of the lab's machines, with every path at its default. */
export function insideCoordinatorConfig(topology: Topology): object {
  const { stateDir: _state, socket: _socket, ...rest } = coordinatorConfig(topology) as Record<string, unknown>;
  return { ...rest, nb: `tcp:${topology.managementIp}:${NB_PORT}` };
}

/** The unix socket of NB is root's; the coordinator's user asks over TCP. */
export async function offerNorthbound(topology: Topology): Promise<void> {
  const control = join(pathsOf(topology.name).centralRundir, 'nb.ctl');
  const remote = `ptcp:${NB_PORT}:${topology.managementIp}`;
  await run(['ovs-appctl', '-t', control, 'ovsdb-server/add-remote', remote]);
}
