import { open, readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';

/** What was written, or started, longer ago than this has nothing to do with it. */
const recentMs = 60_000;
/** Nobody waits longer for a name: a process that hangs in the kernel can keep whoever reads of it in /proc for as long. */
const answerWithinMs = 1_000;
/** So much of the end of the database's log is read. */
const tailBytes = 262_144;
/** Programs that plug taps, or write packet filters, on a hypervisor. */
const pluggers = /\b(libvirtd|virtqemud|nova-compute|neutron-[a-z-]+-agent|midolman|dockerd|firewalld|ovs-vsctl)\b/;
/** Of a kernel as Linux tells it to programs: a hundredth of a second. */
const ticksPerS = 100;

/** What was seen when somebody looked around on this host. */
export interface Seen {
  readonly processes: readonly Process[];
  /** The end of the log of Open vSwitch's database; empty where it cannot be read. */
  readonly log: string;
}

/**
 * Who may have changed a plug, for people: the comment of the newest transaction about it (ovs-vsctl writes its whole command line), and who
 * was started a moment ago (libvirtd, nova-compute and agents plug anew when they start). What cannot be read is not known.
 */
export class WhoWrote {
  readonly #look: () => Promise<Seen>;
  /** Whoever asks meanwhile is answered by the same look: one that never ends takes one thread, and not one each time. */
  #looking: Promise<Seen> | undefined;

  constructor(look: () => Promise<Seen>) {
    this.#look = look;
  }

  /** `about`: names and identifiers of which one stands in what was written. Answers within a second, and never fails. */
  async ask(about: readonly string[]): Promise<string> {
    this.#looking ??= this.#look()
      .catch(() => nothingSeen)
      .finally(() => {
        this.#looking = undefined;
      });
    const { promise: late, resolve: give } = Promise.withResolvers<Seen>();
    const timer = setTimeout(() => give(nothingSeen), answerWithinMs).unref();
    try {
      return told(await Promise.race([this.#looking, late]), about);
    } finally {
      clearTimeout(timer);
    }
  }
}

const nothingSeen: Seen = { processes: [], log: '' };

/** `database`: where the agent reaches Open vSwitch's database, `unix:/path`. */
export async function lookAround(database: string): Promise<Seen> {
  const processes = await listProcesses();
  const file = await databaseFile(processes, database).catch(() => undefined);
  const log = file === undefined ? '' : await tailOf(file).catch(() => '');
  return { processes, log };
}

function told({ processes, log }: Seen, about: readonly string[]): string {
  const comment = newestComment(log, about, Date.now());
  const started = processes
    .filter(({ argv, ageMs }) => ageMs < recentMs && pluggers.test(argv.slice(0, 3).join(' ')))
    .toSorted((a, b) => a.ageMs - b.ageMs)
    .slice(0, 3)
    .map(
      ({ argv, pid, ageMs }) =>
        `${pluggers.exec(argv.join(' '))?.[1]} (pid ${pid}) was started ${secondsOf(ageMs)} s before`,
    );
  const known = [...(comment === undefined ? [] : [`Open vSwitch's database says: ${comment}`]), ...started];
  return known.length === 0 ? 'who did it is not known' : known.join('; ');
}

export interface Process {
  readonly pid: string;
  readonly argv: readonly string[];
  readonly ageMs: number;
}

async function listProcesses(): Promise<readonly Process[]> {
  const uptimeS = Number((await readFile('/proc/uptime', 'ascii')).split(' ')[0]);
  const found: Process[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const argv = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').filter(Boolean);
      if (argv.length === 0) continue; // the kernel's own
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
      const startTicks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
      found.push({ pid, argv, ageMs: (uptimeS - startTicks / ticksPerS) * 1_000 });
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

/** Reads the end of a log of ovsdb-server (ovsdb(5)): after each header line one transaction in a line. */
export function newestComment(log: string, about: readonly string[], nowMs: number): string | undefined {
  for (const line of log.split('\n').reverse()) {
    if (!line.startsWith('{') || !about.some((one) => line.includes(one))) continue;
    const { _comment: comment, _date: atMs } = parsed(line);
    if (typeof comment !== 'string' || typeof atMs !== 'number' || Math.abs(nowMs - atMs) > recentMs) continue;
    if (comment.startsWith('ovn-controller')) continue; // it follows what others do
    const [text = ''] = comment.split('\n');
    return text.length > 200 ? `${text.slice(0, 200)}…` : text;
  }
  return undefined;
}

function parsed(line: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(line) as Record<string, unknown>; // a line that begins with a brace is an object, or no JSON
  } catch {
    return {}; // cut off where the tail begins
  }
}

/** The file of the ovsdb-server that listens there. */
async function databaseFile(processes: readonly Process[], database: string): Promise<string | undefined> {
  const socket = /^unix:(.+)$/.exec(database)?.[1];
  if (socket === undefined) return undefined;
  const wanted = await realpath(socket);
  for (const { pid, argv } of processes) {
    if (!/ovsdb-server$/.test(argv[0] ?? '')) continue;
    const remotes = argv.flatMap((word) => /^--remote=punix:(.+)$/.exec(word)?.[1] ?? []);
    const real = await Promise.all(remotes.map((remote) => realpath(remote).catch(() => remote)));
    const file = argv.slice(1).find((word) => /\.db$/.test(word) && !word.startsWith('-'));
    if (!real.includes(wanted)) continue;
    if (file === undefined || isAbsolute(file)) return file;
    return resolve(await readlink(`/proc/${pid}/cwd`), file); // a matter of CAP_SYS_PTRACE, which the agent's unit does not give
  }
  return undefined;
}

async function tailOf(file: string): Promise<string> {
  await using handle = await open(file, 'r');
  const { size } = await handle.stat();
  const bytes = Buffer.alloc(Math.min(size, tailBytes));
  await handle.read(bytes, 0, bytes.length, size - bytes.length);
  return bytes.toString('utf8');
}

function secondsOf(ms: number): number {
  return Math.max(0, Math.round(ms / 1_000));
}
