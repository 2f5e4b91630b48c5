import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './command.ts';
import { ipBatch } from './netns.ts';
import { isAlive, startDaemon } from './processes.ts';
import { hypervisorDir, pathsOf } from './run-dir.ts';
import type { LabHypervisor, Topology } from './topology.ts';
import { networkOf } from './topology.ts';

/** Makes a hypervisor's guests' NICs from real tap devices, joined by a process in the place of the virtual machine monitor. */
export async function startTapRelay(topology: Topology, hypervisor: LabHypervisor): Promise<void> {
  const guests = topology.guests.filter((g) => g.hypervisor === hypervisor.name);
  if (guests.length === 0) return;
  const paths = pathsOf(topology.name);
  const ready = join(hypervisorDir(topology.name, hypervisor.name), 'taps.ready');
  const name = `${hypervisor.name}-taps`;
  const script = join(import.meta.dirname, 'tap-relay-process.ts');
  const record = startDaemon(paths, topology.name, {
    name,
    argv: [process.execPath, script, ready, hypervisor.netns, ...guests.map((g) => `${g.tap}=${g.netns}`)],
  });
  await until(`${name} to make its taps`, () => {
    if (existsSync(ready)) return true;
    if (isAlive(record)) return undefined;
    throw new Error(`${name} ended at once; see ${join(paths.logs, `${name}.log`)}`);
  });
  await ipBatch(
    hypervisor.netns,
    guests.map((g) => `link set ${g.tap} address ${g.tapMac} mtu ${networkOf(topology, g).mtu}`),
  );
}
