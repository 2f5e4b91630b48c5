import { existsSync, mkdtempSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../command.ts';
import { unmountBelow } from '../mounts.ts';
import { type Sweep, sweepEach } from '../sweep-each.ts';
import { destroyDisk } from './machine-disk.ts';
import {
  cgroupOf,
  isMachineOwned,
  listMachines,
  MACHINES_DIR,
  machinePaths,
  readMachineState,
} from './machine-place.ts';

/** A folder without a state is being born or was torn; after this it is the latter. */
const STATELESS_GRACE_MS = 30_000;

/** Removes a machine, running or not: processes, control group, disk, folder. One that is not there is no error. */
export async function removeMachine(name: string): Promise<void> {
  const paths = machinePaths(name);
  await endMachineProcesses(name);
  if (existsSync(paths.dir)) {
    await destroyDisk(paths);
    await unmountBelow(paths.dir);
    rmSync(paths.dir, { recursive: true, force: true });
  }
  try {
    rmdirSync(MACHINES_DIR);
  } catch {
    // other machines are in it, or nothing was
  }
}

/** Removes the machines of one lab. */
export async function removeMachinesOf(lab: string): Promise<void> {
  for (const name of listMachines()) if (readMachineState(name)?.lab === lab) await removeMachine(name);
}

/** Removes every machine whose owner is gone. One that cannot be removed keeps none of the others. */
export function sweepMachines(): Promise<Sweep> {
  return sweepEach('machine', listMachines(), async (name) => {
    const state = readMachineState(name);
    if (state ? isMachineOwned(state) : !isOld(machinePaths(name).dir)) return false;
    await removeMachine(name);
    return true;
  });
}

/** Kills everything in a machine's control group, PID 1 first or last makes no odds, and removes the group. */
export async function endMachineProcesses(name: string): Promise<void> {
  const mountPoint = mkdtempSync(join(tmpdir(), 'shunt-machine-'));
  try {
    const script = join(import.meta.dirname, 'remove-cgroup.sh');
    await run(['unshare', '--mount', '--propagation', 'private', 'sh', script, mountPoint, cgroupOf(name)]);
  } finally {
    rmdirSync(mountPoint);
  }
}

function isOld(dir: string): boolean {
  const stat = statSync(dir, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.birthtimeMs > STATELESS_GRACE_MS;
}
