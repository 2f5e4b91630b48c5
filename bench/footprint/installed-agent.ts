import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { inNetnsWithSys } from '../../lab/netns.ts';
import { NotifySocket } from './notify-socket.ts';
import { contextSwitches, cpuTicks, type MemoryFigures, parseSmapsRollup } from './proc-figures.ts';
import { readUnitStart, type UnitStart } from './unit-file.ts';

const root = join(import.meta.dirname, '..', '..');
const readyWithinMs = 30_000;
/** `getconf CLK_TCK` of every Linux that we know. */
const ticksPerSecond = 100;

export interface InstalledOptions {
  /** Stands for `/`: the program lies below it where the package puts it. */
  readonly prefix: string;
  readonly netns: string;
  /** In place of /etc/shunt/agent.yaml. */
  readonly configFile: string;
}

/** Lays the agent out as the package does. Node is copied, so that its pages are this agent's only. */
export function install(prefix: string): void {
  const lib = join(prefix, 'usr/lib/shunt');
  mkdirSync(lib, { recursive: true });
  mkdirSync(join(prefix, 'var/cache/shunt'), { recursive: true });
  copyFileSync(realpathSync(process.execPath), join(lib, 'node'));
  for (const file of ['shunt-agent.mjs', 'koffi.node']) {
    const built = join(root, 'dist', file);
    if (!existsSync(built)) throw new Error(`no ${file} in dist/: npm run build`);
    copyFileSync(built, join(lib, file));
  }
}

/** Size of the agent's own bundle. */
export function bundleBytes(prefix: string): number {
  return statSync(join(prefix, 'usr/lib/shunt/shunt-agent.mjs')).size;
}

/** How systemd/shunt-agent.service starts the agent, with the places of this installation. */
export function unitStart({ prefix, configFile }: InstalledOptions): UnitStart {
  const unit = readUnitStart(readFileSync(join(root, 'systemd/shunt-agent.service'), 'utf8'));
  const placed = (text: string): string =>
    text
      .replaceAll('/etc/shunt/agent.yaml', configFile)
      .replaceAll('/usr/lib/shunt/', `${prefix}/usr/lib/shunt/`)
      .replaceAll('/var/cache/shunt', `${prefix}/var/cache/shunt`);
  const env = Object.entries(unit.env).map(([name, value]) => [name, placed(value)]);
  return { ...unit, argv: unit.argv.map(placed), env: Object.fromEntries(env) };
}

/** An agent that runs as its unit says: its flags, its environment and nothing else, and a service manager that listens. */
export class InstalledAgent implements AsyncDisposable {
  readonly readyMs: number;
  /** Processor time of all its threads until then: hardly changed by whatever else the machine does. */
  readonly readyCpuMs: number;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;

  private constructor(child: ChildProcess, exited: Promise<void>, readyMs: number) {
    this.#child = child;
    this.#exited = exited;
    this.readyMs = readyMs;
    this.readyCpuMs = this.cpuSeconds() * 1_000;
  }

  static async start(options: InstalledOptions): Promise<InstalledAgent> {
    const { argv, env, watchdogSec } = unitStart(options);
    const path = join(options.prefix, `notify-${starts++}`);
    await using manager = NotifySocket.bind(path);
    const log = openSync(join(options.prefix, 'agent.log'), 'a');
    const [file = '', ...args] = inNetnsWithSys(options.netns, argv);
    const beganMs = performance.now();
    const child = spawn(file, args, {
      stdio: ['ignore', log, log],
      env: {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin',
        NOTIFY_SOCKET: path,
        WATCHDOG_USEC: String(watchdogSec * 1_000_000),
        ...env,
      },
    });
    closeSync(log);
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const ended = exited.then(() => Promise.reject(new Error(`the agent ended: ${lastWords(options.prefix)}`)));
    const late = AbortSignal.timeout(readyWithinMs);
    const tooLate = new Promise<never>((_, reject) => {
      late.addEventListener('abort', () => reject(new Error(`not ready after ${readyWithinMs} ms`)));
    });
    ended.catch(() => undefined); // of interest until it is ready only
    tooLate.catch(() => undefined);
    try {
      const readyAtMs = await Promise.race([manager.readyAtMs, ended, tooLate]);
      return new InstalledAgent(child, exited, readyAtMs - beganMs);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  get pid(): number {
    if (this.#child.pid === undefined || this.#child.exitCode !== null) throw new Error('the agent does not run');
    return this.#child.pid;
  }

  memory(): MemoryFigures {
    return parseSmapsRollup(readFileSync(`/proc/${this.pid}/smaps_rollup`, 'utf8'));
  }

  /** Of all its threads. */
  cpuSeconds(): number {
    return cpuTicks(readFileSync(`/proc/${this.pid}/stat`, 'utf8')) / ticksPerSecond;
  }

  /** Of all its threads: how often it was woken, or had to give way. */
  switches(): number {
    const tasks = `/proc/${this.pid}/task`;
    const counts = readdirSync(tasks).map((id) => contextSwitches(readFileSync(join(tasks, id, 'status'), 'utf8')));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM');
    const slow = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
    await this.#exited;
    clearTimeout(slow);
  }
}

let starts = 0;

function lastWords(prefix: string): string {
  return readFileSync(join(prefix, basename('agent.log')), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(-5)
    .join('\n');
}
