import { readdirSync, readFileSync } from 'node:fs';

/** The variable by which every process that a test run starts, and all its descendants, can be told from others. */
export const runVariable = 'SHUNT_TEST_RUN';

const labStates = '/run/shunt-lab';
const machineStates = '/run/shunt-machine';
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

/**
 * What labs left on this machine: namespaces that are named as a lab's, and folders of labs and of machines (systemd as PID 1). A lab that somebody else runs
 * beside us, told by a living process of it without the run's mark, is not among them.
 */
export function labTraces(run: string): readonly string[] {
  const ours = new Set(processesOfRun(run).map(({ pid }) => pid));
  const foreign = new Set(labs().filter((lab) => pidsOfLab(lab).some((pid) => isAlive(pid) && !ours.has(pid))));
  const namespaces = list('/run/netns').filter((name) => {
    const lab = labNamespace.exec(name)?.[1];
    return lab !== undefined && !foreign.has(lab);
  });
  return [
    ...namespaces.map((name) => `namespace ${name}`),
    ...labs()
      .filter((lab) => !foreign.has(lab))
      .map((lab) => `lab ${lab}`),
    ...list(machineStates)
      .filter(
        (machine) => !pidsIn(`${machineStates}/${machine}/state.json`).some((pid) => isAlive(pid) && !ours.has(pid)),
      )
      .map((machine) => `machine ${machine}`),
  ];
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
