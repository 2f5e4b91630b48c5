import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomicSync } from '../../platform/atomic-file.ts';
import { isAlive } from '../processes.ts';
import { thisProcess } from '../state.ts';

/** Where machines keep disk, seed and pid. One folder a machine, beside the labs' own. */
export const MACHINES_DIR = '/run/shunt-machine';

export interface MachinePaths {
  readonly dir: string;
  readonly state: string;
  /** Mount point of the disk, on the host: it outlives a power cut. */
  readonly disk: string;
  /** File behind the disk, when it is an image. */
  readonly image: string;
  /** Files that the disk is given before the first boot. */
  readonly seed: string;
  readonly binds: string;
  /** Pid of PID 1 as the host sees it. */
  readonly pid: string;
  /** What was said before systemd had a journal. */
  readonly console: string;
}

/** Throws for what is no machine's name: its folder and control group are removed with all that is in them. */
export function machinePaths(name: string): MachinePaths {
  requireMachineName(name);
  const dir = join(MACHINES_DIR, name);
  const at = (entry: string) => join(dir, entry);
  return {
    dir,
    state: at('state.json'),
    disk: at('disk'),
    image: at('disk.img'),
    seed: at('seed'),
    binds: at('binds'),
    pid: at('pid'),
    console: at('console.log'),
  };
}

function isMachineName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/.test(name);
}

function requireMachineName(name: string): void {
  if (!isMachineName(name)) throw new RangeError(`not a machine's name: ${JSON.stringify(name)}`);
}

/** Name of a machine's control group, directly below the root of the hierarchy. */
export function cgroupOf(name: string): string {
  requireMachineName(name);
  return `shunt-machine-${name}`;
}

/** `state.json`: whose the machine is. Machines without a living owner are swept, those of a lab go down with it. */
export interface MachineState {
  readonly format: 1;
  readonly name: string;
  readonly createdAt: string;
  readonly owner:
    | { readonly kind: 'process'; readonly pid: number; readonly start: string }
    | { readonly kind: 'persistent' };
  readonly lab?: string;
}

/** Claims the folder of a new machine; one that is there already is an error. */
export function createMachineDir(name: string, lab: string | undefined): void {
  mkdirSync(MACHINES_DIR, { recursive: true });
  const paths = machinePaths(name);
  try {
    mkdirSync(paths.dir, { mode: 0o700 });
  } catch (cause) {
    throw new Error(`machine '${name}' is there already`, { cause });
  }
  const owner = thisProcess();
  const state: MachineState = { format: 1, name, createdAt: new Date().toISOString(), owner, ...(lab ? { lab } : {}) };
  writeFileAtomicSync(paths.state, `${JSON.stringify(state, null, 1)}\n`);
}

export function readMachineState(name: string): MachineState | undefined {
  try {
    return JSON.parse(readFileSync(machinePaths(name).state, 'utf8')) as MachineState; // our own file, written atomically
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export function isMachineOwned(state: MachineState): boolean {
  return state.owner.kind === 'persistent' || isAlive(state.owner);
}

export function listMachines(): readonly string[] {
  try {
    return readdirSync(MACHINES_DIR).filter(isMachineName);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
