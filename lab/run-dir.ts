import { join } from 'node:path';
import { requireLabName } from './lab-name.ts';

/** Where labs keep sockets, databases, pids and logs. One folder a lab. */
export const LABS_DIR = '/run/shunt-lab';

/** The places inside a lab's folder. Sockets must stay below 108 characters, hence the short names. */
export interface LabPaths {
  readonly dir: string;
  readonly state: string;
  readonly pids: string;
  readonly logs: string;
  readonly configs: string;
  readonly nb: string;
  readonly sb: string;
  readonly centralRundir: string;
  readonly fabricRundir: string;
  readonly coordinatorSocket: string;
}

/** Throws for what is no lab's name: every command asks here for its paths, and none may lead out of {@link LABS_DIR}. */
export function pathsOf(lab: string): LabPaths {
  requireLabName(lab);
  const dir = join(LABS_DIR, lab);
  return {
    dir,
    state: join(dir, 'state.json'),
    pids: join(dir, 'pids.jsonl'),
    logs: join(dir, 'logs'),
    configs: join(dir, 'etc'),
    nb: join(dir, 'central', 'nb.sock'),
    sb: join(dir, 'central', 'sb.sock'),
    centralRundir: join(dir, 'central'),
    fabricRundir: join(dir, 'fabric'),
    coordinatorSocket: join(dir, 'coordinator.sock'),
  };
}

/** `OVS_RUNDIR` and `OVN_RUNDIR` of a hypervisor (the same folder), with its `db.sock` and `agent.sock`. */
export function hypervisorDir(lab: string, hypervisor: string): string {
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(hypervisor)) throw new RangeError(`no hypervisor: ${JSON.stringify(hypervisor)}`);
  return join(pathsOf(lab).dir, hypervisor);
}
