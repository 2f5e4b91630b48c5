import { closeSync, cpSync, existsSync, openSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { removeMachinesOf, sweepMachines } from './machine/remove-machine.ts';
import { unmountBelow } from './mounts.ts';
import { deleteNamespaces, listNamespaces } from './netns.ts';
import { endProcesses, findMarked, isAlive, readProcesses } from './processes.ts';
import { LABS_DIR, pathsOf } from './run-dir.ts';
import { isOwned, listLabs, readLabState } from './state.ts';
import { type Sweep, sweepEach } from './sweep-each.ts';

export interface DownOptions {
  /** Copies the daemons' logs into this folder first. */
  readonly keepLogs?: string;
}

/** A folder without a state is being born or was torn; after this it is the latter. */
const STATELESS_GRACE_MS = 30_000;
const ROUNDS_MAX = 5;

/**
 * Removes a lab, whole or half-built: its machines, its processes by recorded pid and mark, its namespaces (and with them every link), its
 * folder, and what faults have mounted in it. A lab that is not there is no error.
 */
export async function downLab(name: string, options: DownOptions = {}): Promise<void> {
  const paths = pathsOf(name);
  await removeMachinesOf(name);
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    await endAll(name);
    await deleteNamespaces(listNamespaces(name));
    if (listNamespaces(name).length === 0) break; // a builder that was killed may leave a command at work behind it
  }
  const left = listNamespaces(name);
  if (left.length > 0) throw new Error(`lab ${name}: namespaces would not go: ${left.join(' ')}`);
  if (options.keepLogs && existsSync(paths.logs)) cpSync(paths.logs, options.keepLogs, { recursive: true });
  await unmountBelow(paths.dir);
  rmSync(paths.dir, { recursive: true, force: true });
  removeIfEmpty(LABS_DIR);
}

/**
 * Removes every lab (and machine) whose owner is gone. Returns the labs' names, and what of labs and machines could not be removed, which keeps
 * none of the others. Safe to run at the same time as others.
 */
export async function sweepLabs(): Promise<Sweep> {
  const machines = await sweepMachines();
  const labs = await sweepEach('lab', listLabs(), async (name) => {
    try {
      if (!claimOrphan(name)) return false;
      await downLab(name);
      return true;
    } catch (error) {
      rmSync(lockOf(name), { force: true }); // the next sweep tries again, and tells again
      throw error;
    }
  });
  return { swept: labs.swept, failed: [...machines.failed, ...labs.failed] };
}

/** Ends what was recorded, then children of it that carry the mark, until a look finds none: some may just have been born. */
async function endAll(name: string): Promise<void> {
  const paths = pathsOf(name);
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const alive = [...readProcesses(paths).filter(isAlive), ...findMarked(name, listNamespaces(name))];
    if (alive.length === 0) return;
    await endProcesses(alive);
  }
  throw new Error(`lab ${name}: processes keep appearing`);
}

/**
 * Takes the right to remove an orphan: the lock first, then the look at its owner. While the lock's folder stands nobody can build
 * a new lab of that name, so what was seen stays true.
 */
function claimOrphan(name: string): boolean {
  const lock = lockOf(name);
  try {
    closeSync(openSync(lock, 'wx'));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') return isOlderThan(lock, STATELESS_GRACE_MS); // its sweeper died on the way
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw error;
  }
  const state = readLabState(name);
  const orphan = state ? !isOwned(state) : isOlderThan(pathsOf(name).dir, STATELESS_GRACE_MS);
  if (!orphan) rmSync(lock, { force: true });
  return orphan;
}

function lockOf(name: string): string {
  return join(pathsOf(name).dir, 'sweep.lock');
}

function isOlderThan(path: string, ms: number): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.birthtimeMs > ms;
}

function removeIfEmpty(dir: string): void {
  try {
    rmdirSync(dir);
  } catch {
    // other labs are in it, or nothing was
  }
}
