import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** The variable by which every process that a test run starts, and all its descendants, can be told from others. */
export const runVariable = 'SHUNT_TEST_RUN';

const labStates = '/run/shunt-lab';
const machineStates = '/run/shunt-machine';
const groupMark = 'shunt-machine-';
const labNamespace = /^(.+)-(central|fabric|hv\d+|g\d+-\d+|ext.*|gw.*)$/;

export interface Process {
  readonly pid: number;
  readonly command: string;
}

/** The processes that carry the run's mark in the environment they were started with. Zombies have none. */
export function processesOfRun(run: string): readonly Process[] {
  const mark = `${runVariable}=${run}`;
  return numericEntries('/proc').flatMap((pid) => {
    const environment = read(`/proc/${pid}/environ`);
    if (!environment?.split('\0').includes(mark)) return [];
    return [{ pid, command: (read(`/proc/${pid}/cmdline`) ?? '').split('\0').join(' ').trim() }];
  });
}

/** What belongs to labs and machines that somebody else runs beside us is not ours to find. */
interface Strangers {
  readonly labs: ReadonlySet<string>;
  readonly machines: ReadonlySet<string>;
}

/**
 * What labs left on this machine: namespaces that are named as a lab's, folders of labs and of machines (systemd as PID 1), mounts, loop devices and
 * control groups with our marks. What somebody else runs beside us, told by a living process of it without the run's mark, is not among them.
 */
export function labTraces(run: string): readonly string[] {
  const strangers = strangersTo(run);
  const namespaces = list('/run/netns').filter((name) => {
    const lab = labNamespace.exec(name)?.[1];
    return lab !== undefined && !strangers.labs.has(lab);
  });
  return [
    ...namespaces.map((name) => `namespace ${name}`),
    ...labs()
      .filter((lab) => !strangers.labs.has(lab))
      .map((lab) => `lab ${lab}`),
    ...list(machineStates)
      .filter((machine) => !strangers.machines.has(machine))
      .map((machine) => `machine ${machine}`),
    ...markedMounts(read('/proc/self/mountinfo') ?? '', strangers).map((path) => `mount ${path}`),
    ...loopDevices()
      .filter(({ file }) => isMarked(file, strangers))
      .map(({ name, file }) => `loop device ${name} of ${file}`),
    ...controlGroups()
      .filter((name) => !strangers.machines.has(name.slice(groupMark.length)))
      .map((name) => `control group ${name}`),
  ];
}

function strangersTo(run: string): Strangers {
  const ours = new Set(processesOfRun(run).map(({ pid }) => pid));
  const isTheirs = (pid: number) => isAlive(pid) && !ours.has(pid);
  const machinePids = (machine: string) => pidsIn(`${machineStates}/${machine}/state.json`);
  return {
    labs: new Set(labs().filter((lab) => pidsOfLab(lab).some(isTheirs))),
    machines: new Set(list(machineStates).filter((machine) => machinePids(machine).some(isTheirs))),
  };
}

/** Mount points among those of a mountinfo (proc(5)) that lie in our folders, or whose source bears our name. */
export function markedMounts(mountinfo: string, strangers: Strangers): readonly string[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const path = unescaped(before.split(' ')[4] ?? '');
    const [, source = ''] = after.split(' ');
    const ours = isOfStrangers(path, strangers) ? false : isMarked(path, strangers) || source.startsWith('shunt-');
    return ours ? [path] : [];
  });
}

/** In a lab's or machine's folder, or in scratch of a test: `shunt-…` in the folder of temporary files. */
function isMarked(path: string, strangers: Strangers): boolean {
  const folders = [`${labStates}/`, `${machineStates}/`, `${tmpdir()}/shunt-`, '/tmp/shunt-'];
  return folders.some((folder) => path.startsWith(folder)) && !isOfStrangers(path, strangers);
}

function isOfStrangers(path: string, { labs, machines }: Strangers): boolean {
  const name = path.split('/')[3] ?? '';
  return path.startsWith(`${labStates}/`) ? labs.has(name) : path.startsWith(`${machineStates}/`) && machines.has(name);
}

function loopDevices(): readonly { readonly name: string; readonly file: string }[] {
  return list('/sys/block').flatMap((name) => {
    const file = name.startsWith('loop') ? read(`/sys/block/${name}/loop/backing_file`) : undefined;
    return file === undefined ? [] : [{ name, file: file.trim() }];
  });
}

/** The hierarchy need not be mounted here: machines mount it in namespaces of their own, and so do we. */
function controlGroups(): readonly string[] {
  const script = `mount -t cgroup2 none /mnt && ls /mnt`;
  const argv = ['--mount', '--propagation', 'private', 'sh', '-c', script];
  const { stdout } = spawnSync('unshare', argv, {
    encoding: 'utf8',
    timeout: 10_000,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return (stdout ?? '').split('\n').filter((name) => name.startsWith(groupMark)); // nothing where we may not look: without root nothing is made
}

/** proc(5): space, tab, newline and backslash as three octal digits. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

function labs(): readonly string[] {
  return list(labStates).filter((name) => !name.startsWith('.'));
}

/** Owner and daemons, as the lab wrote them down. */
function pidsOfLab(lab: string): readonly number[] {
  return ['state.json', 'pids.jsonl'].flatMap((file) => pidsIn(`${labStates}/${lab}/${file}`));
}

function pidsIn(path: string): readonly number[] {
  return [...(read(path) ?? '').matchAll(/"pid":\s*(\d+)/g)].map((match) => Number(match[1]));
}

function isAlive(pid: number): boolean {
  return read(`/proc/${pid}/stat`) !== undefined;
}

/** Names what a run started and has not ended by now, beyond the traces of before it; the processes among it are ended. */
export async function endLeftovers(run: string, before: ReadonlySet<string>): Promise<readonly string[]> {
  const processes = await remaining(() => processesOfRun(run), 10_000);
  const traces = await remaining(
    () => labTraces(run).filter((trace) => !before.has(trace)),
    processes.length > 0 ? 0 : 5_000,
  );
  for (const { pid } of processes) endProcess(pid);
  return [...processes.map(({ pid, command }) => `process ${pid}: ${command}`), ...traces];
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // ESRCH: it ended by itself after all.
  }
}

/** Waits, up to `limitMs`, for what is ending by itself; gives back what does not. */
export async function remaining<T>(look: () => readonly T[], limitMs: number): Promise<readonly T[]> {
  const deadlineMs = performance.now() + limitMs;
  let left = look();
  while (left.length > 0 && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    left = look();
  }
  return left;
}

function numericEntries(folder: string): readonly number[] {
  return list(folder)
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // not there: nothing is left
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // ended meanwhile, or another user's
  }
}
