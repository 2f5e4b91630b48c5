import { spawn } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { until } from './command.ts';
import type { LabPaths } from './run-dir.ts';

/** A process we started. The start time (clock ticks since boot, proc(5) field 22) tells it from a later one of the same pid. */
export interface ProcessRecord {
  readonly name: string;
  readonly pid: number;
  readonly start: string;
}

export interface DaemonSpec {
  /** Unique in the lab; also the name of its log file. */
  readonly name: string;
  readonly argv: readonly string[];
  /** Scheduling priority; default that of whoever starts it. */
  readonly niceness?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Environment mark by which children of our children are known as ours too. */
export const LAB_MARK = 'SHUNT_LAB';
const TERM_GRACE_MS = 1500;
const KILL_WAIT_MS = 5000;

/** What forwards frames goes before what asks and measures. It is what Debian's ovs-ctl and ovn-ctl start their daemons with. */
export const packagedNiceness = -10;

/** Starts a daemon in its own session, logging to `<logs>/<name>.log`, and records its pid in the same turn. */
export function startDaemon(paths: LabPaths, lab: string, spec: DaemonSpec): ProcessRecord {
  const log = openSync(join(paths.logs, `${spec.name}.log`), 'a');
  try {
    const { niceness } = spec;
    const [file = '', ...args] =
      niceness === undefined ? spec.argv : ['nice', `--adjustment=${niceness}`, ...spec.argv];
    const child = spawn(file, args, {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, ...spec.env, [LAB_MARK]: lab },
    });
    child.on('error', () => undefined); // no pid then: reported below
    if (child.pid === undefined) throw new Error(`${spec.name}: cannot start ${file}`);
    child.unref();
    if (niceness !== undefined) putSessionFirst(child.pid, niceness);
    const record = { name: spec.name, pid: child.pid, start: startTimeOf(child.pid) ?? '0' };
    appendFileSync(paths.pids, `${JSON.stringify(record)}\n`);
    return record;
  } finally {
    closeSync(log);
  }
}

/** Where the kernel groups processes by session (sched(7), autogroup), a niceness counts inside its session only. */
function putSessionFirst(pid: number, niceness: number): void {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
  } catch {
    // A kernel without such groups.
  }
}

/**
 * Start time of a live process, or undefined when there is none. A zombie counts as none, unless it is only the first of its threads: until the last one
 * has ended, its sockets go on accepting.
 */
export function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ended = fields[0] === 'X' || (fields[0] === 'Z' && readdirSync(`/proc/${pid}/task`).length <= 1);
    return ended ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

export function isAlive(record: Pick<ProcessRecord, 'pid' | 'start'>): boolean {
  return startTimeOf(record.pid) === record.start;
}

/** All processes ever recorded for a lab, oldest first; a torn last line is left out. */
export function readProcesses(paths: LabPaths): readonly ProcessRecord[] {
  if (!existsSync(paths.pids)) return [];
  const lines = readFileSync(paths.pids, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as ProcessRecord); // our own file, whole lines only
}

/** The newest process recorded under a name, if it is alive. */
export function findProcess(paths: LabPaths, name: string): ProcessRecord | undefined {
  const record = readProcesses(paths).findLast((p) => p.name === name);
  return record && isAlive(record) ? record : undefined;
}

/**
 * Processes that run in one of the namespaces and carry the lab's mark: children of the recorded ones (an agent's dead
 * man) and one whose starter died before it could record it.
 */
export function findMarked(lab: string, namespaces: readonly string[]): readonly ProcessRecord[] {
  const inodes = new Set(namespaces.flatMap((n) => inodeOf(`/run/netns/${n}`)));
  if (inodes.size === 0) return [];
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => pid !== process.pid && inodes.has(netnsInodeOf(pid)) && hasMark(pid, lab))
    .flatMap((pid) => {
      const start = startTimeOf(pid);
      return start === undefined ? [] : [{ name: `child-${pid}`, pid, start }];
    });
}

/** Ends processes: SIGTERM to all, a short grace, SIGKILL to the rest. Never touches a pid that another process took over. */
export async function endProcesses(records: readonly ProcessRecord[]): Promise<void> {
  signalAll(records, 'SIGTERM');
  const gone = () => (records.some(isAlive) ? undefined : true);
  await until('processes to end', gone, { timeoutMs: TERM_GRACE_MS }).catch(() => signalAll(records, 'SIGKILL'));
  await until('killed processes to go', gone, { timeoutMs: KILL_WAIT_MS });
}

export function signalProcess(record: ProcessRecord, signal: NodeJS.Signals): boolean {
  if (!isAlive(record)) return false;
  try {
    return process.kill(record.pid, signal);
  } catch {
    return false; // ended between the look and the signal
  }
}

function signalAll(records: readonly ProcessRecord[], signal: NodeJS.Signals): void {
  for (const record of records) signalProcess(record, signal);
}

function inodeOf(path: string): number[] {
  try {
    return [statSync(path).ino];
  } catch {
    return [];
  }
}

function netnsInodeOf(pid: number): number {
  try {
    return Number(/\[(\d+)\]/.exec(readlinkSync(`/proc/${pid}/ns/net`))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function hasMark(pid: number, lab: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`${LAB_MARK}=${lab}`);
  } catch {
    return false;
  }
}
