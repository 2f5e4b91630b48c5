import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runChild } from '../../platform/child.ts';
import { startTimeOf } from '../processes.ts';
import { type Bind, bindLine } from './bind.ts';
import { copyDisk, createDisk, type DiskKind, loseUnsynced } from './machine-disk.ts';
import { cgroupOf, createMachineDir, type MachinePaths, machinePaths } from './machine-place.ts';
import { type SeedFile, writeSeed } from './machine-seed.ts';
import { endMachineProcesses, removeMachine } from './remove-machine.ts';

export interface MachineOptions {
  /** Unique on this host: folder, control group. Letters, digits, dashes. */
  readonly name: string;
  /** A network namespace of /run/netns; without one, a network of its own with nothing but loopback, new at each boot. */
  readonly netns?: string;
  /** The lab with which it goes down. */
  readonly lab?: string;
  /** Default: its name. */
  readonly hostname?: string;
  /** Default `memory`. */
  readonly disk?: DiskKind;
  readonly binds?: readonly Bind[];
  /** Written to the disk before the first boot. */
  readonly files?: Readonly<Record<string, SeedFile>>;
  /** Units of /lib/systemd/system that multi-user.target wants from the first boot. */
  readonly enable?: readonly string[];
  readonly signal?: AbortSignal;
}

export interface ExecOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Default 60 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface ExecResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface WaitOptions {
  /** Default 20 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A unit's properties as `systemctl show` names them. */
export type UnitProperties = Readonly<Record<string, string>>;

/** An ActiveState or SubState, or what must hold of the properties. */
export type UnitState = string | ((unit: UnitProperties) => boolean);

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const ANY_EXIT_CODE = Array.from({ length: 256 }, (_, code) => code);
const BOOT_MS = 60_000;
const OUTPUT_MAX_BYTES = 16 * 1024 * 1024;

/**
 * Boots Debian's systemd as PID 1 of a machine: PID, mount, UTS, IPC and cgroup namespaces of its own, the given network
 * namespace, the host's files below a disk of its own. Returns when the boot is through (`running` or `degraded`).
 */
export async function startMachine(options: MachineOptions): Promise<Machine> {
  createMachineDir(options.name, options.lab);
  const machine = new Machine(options);
  try {
    await machine.furnish();
    await machine.boot(options.signal ? { signal: options.signal } : {});
    return machine;
  } catch (cause) {
    await removeMachine(options.name);
    throw cause;
  }
}

export class Machine implements AsyncDisposable {
  readonly name: string;
  readonly paths: MachinePaths;
  readonly #options: MachineOptions;
  #outer: ChildProcess | undefined;
  #init: { readonly pid: number; readonly start: string } | undefined;
  #bootId = '';

  constructor(options: MachineOptions) {
    this.name = options.name;
    this.paths = machinePaths(options.name);
    this.#options = options;
  }

  /** New at each boot; what /proc/sys/kernel/random/boot_id says inside. */
  get bootId(): string {
    return this.#bootId;
  }

  /** PID 1 as the host sees it; undefined when the machine is off. */
  get pid(): number | undefined {
    return this.#init && startTimeOf(this.#init.pid) === this.#init.start ? this.#init.pid : undefined;
  }

  /** A path inside, as the host may open it. Only while the machine runs. */
  path(inside: string): string {
    return join(`/proc/${this.#running()}/root`, inside);
  }

  /** Lays out disk and seed. Once, by {@link startMachine}. */
  async furnish(): Promise<void> {
    const { binds = [], files = {}, enable = [], hostname = this.name, disk = 'memory' } = this.#options;
    const machineId = randomUUID().replaceAll('-', '');
    mkdirSync(this.paths.seed);
    writeSeed(this.paths.seed, { hostname, machineId, files, enable });
    writeFileSync(this.paths.binds, binds.map(bindLine).join(''));
    await createDisk(this.paths, disk);
  }

  /** Switches the machine on, from what is on its disk, and waits until the boot is through. */
  async boot(options: WaitOptions = {}): Promise<void> {
    if (this.pid !== undefined) throw new Error(`machine ${this.name} runs already`);
    this.#bootId = randomUUID();
    rmSync(this.paths.pid, { force: true });
    const outer = this.#spawn();
    this.#outer = outer;
    const wait = { timeoutMs: BOOT_MS, ...options };
    const ended = () => outer.exitCode !== null || outer.signalCode !== null;
    const pid = await this.#until('PID 1', wait, () => {
      if (ended()) throw new Error(`machine ${this.name} ended at once: ${this.#console()}`);
      return existsSync(this.paths.pid) ? Number(readFileSync(this.paths.pid, 'utf8')) : undefined;
    });
    this.#init = { pid, start: startTimeOf(pid) ?? '0' };
    await this.#until('systemd', wait, () => {
      if (this.pid === undefined) throw new Error(`machine ${this.name} ended in its boot: ${this.#console()}`);
      return existsSync(`/proc/${pid}/root/run/systemd/private`) || undefined;
    });
    await this.#until('the end of the boot', wait, async () => {
      const { stdout } = await this.systemctl('is-system-running');
      return ['running', 'degraded'].includes(stdout.trim()) || undefined;
    });
  }

  /** Everything dies at once; the disk stays as it is (a disk image: as it was at this moment). */
  async powerCut(): Promise<void> {
    const kind = this.#options.disk ?? 'memory';
    const pid = this.#running();
    if (kind === 'image') {
      // The end of an overlay mount syncs its disk: the copy comes before the kill, and nobody may write in between.
      process.kill(pid, 'SIGSTOP');
      await this.exec(['kill', '-STOP', '-1']);
      await copyDisk(this.paths, kind);
    }
    process.kill(pid, 'SIGKILL');
    await this.#off();
    await loseUnsynced(this.paths, kind);
  }

  /** An orderly end: `systemctl poweroff`, and all units stopped. */
  async shutdown(options: WaitOptions = {}): Promise<void> {
    // What `systemctl poweroff` comes to; it would ask logind first, which is not here.
    await this.systemctl('start', 'poweroff.target', '--job-mode=replace-irreversibly', '--no-block');
    await this.#until('the machine to be off', { timeoutMs: BOOT_MS, ...options }, () => (this.pid ? undefined : true));
    await this.#off();
  }

  /** Runs a program inside, outside of every unit; whatever its exit code, that is the result. */
  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const namespaces = ['-m', '-u', '-i', '-n', '-p', '-C', '-r', '-w'];
    const env = Object.entries({ PATH, LANG: 'C.UTF-8', HOME: '/root', ...options.env }).map(([k, v]) => `${k}=${v}`);
    const full = ['nsenter', '-t', String(this.#running()), ...namespaces, 'env', '-i', ...env, ...argv];
    const { exitCode, stdout, stderr } = await runChild(full, {
      timeoutMs: options.timeoutMs ?? 60_000,
      okExitCodes: ANY_EXIT_CODE,
      outputMaxBytes: OUTPUT_MAX_BYTES,
      ...(options.input === undefined ? {} : { input: options.input }),
      ...(options.signal ? { signal: options.signal } : {}),
    });
    return { status: exitCode, stdout, stderr };
  }

  /** As {@link exec}; any exit code but 0 is an error that carries its words. Returns standard output. */
  async run(argv: readonly string[], options: ExecOptions = {}): Promise<string> {
    const { status, stdout, stderr } = await this.exec(argv, options);
    if (status !== 0) throw new Error(`${this.name}: ${argv.join(' ')} ended with ${status}: ${stderr}${stdout}`);
    return stdout;
  }

  systemctl(...args: readonly string[]): Promise<ExecResult> {
    return this.exec(['systemctl', '--no-pager', '--no-ask-password', ...args]);
  }

  async unit(name: string): Promise<UnitProperties> {
    const text = await this.run(['systemctl', 'show', '--no-pager', name]);
    const pairs = text.split('\n').filter((line) => line.includes('='));
    return Object.fromEntries(
      pairs.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
  }

  /** What a unit said, of all boots; `boot`: of this one only. */
  async journal(unit: string, options: { readonly boot?: boolean } = {}): Promise<string> {
    const only = options.boot ? [`_BOOT_ID=${this.#bootId.replaceAll('-', '')}`] : [];
    return this.run(['journalctl', '--no-pager', '--quiet', '--output=short-precise', '--unit', unit, ...only]);
  }

  /** Waits until a unit is as wanted and gives its properties then; the error tells how it is instead. */
  async waitFor(name: string, wanted: UnitState, options: WaitOptions = {}): Promise<UnitProperties> {
    const holds = (unit: UnitProperties) =>
      typeof wanted === 'string' ? [unit['ActiveState'], unit['SubState']].includes(wanted) : wanted(unit);
    let last: UnitProperties = {};
    const look = async () => {
      last = await this.unit(name);
      return holds(last) ? last : undefined;
    };
    try {
      return await this.#until(`${name}: ${wanted}`, options, look);
    } catch (cause) {
      const said = await this.journal(name, { boot: true }).catch(() => '');
      const { ActiveState, SubState, Result } = last;
      throw new Error(`${name} is ${ActiveState}/${SubState} (${Result}):\n${said.slice(-4000)}`, { cause });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await removeMachine(this.name);
    await this.#outerEnd();
  }

  #running(): number {
    const { pid } = this;
    if (pid === undefined) throw new Error(`machine ${this.name} is off`);
    return pid;
  }

  #spawn(): ChildProcess {
    const { netns } = this.#options;
    const log = openSync(this.paths.console, 'a');
    try {
      const network = netns === undefined ? ['unshare', '--net'] : ['nsenter', `--net=/run/netns/${netns}`];
      const script = join(import.meta.dirname, 'boot.sh');
      const argv = [...network, 'unshare', '--mount', '--propagation', 'private', 'sh', script];
      const [file = '', ...args] = argv;
      return spawn(file, args, { detached: true, stdio: ['ignore', log, log], env: this.#bootEnv() });
    } finally {
      closeSync(log);
    }
  }

  #bootEnv(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      MACHINE_DIR: this.paths.dir,
      MACHINE_NAME: this.#options.hostname ?? this.name,
      MACHINE_CGROUP: cgroupOf(this.name),
      MACHINE_BOOT_ID: this.#bootId,
      MACHINE_OWN_NET: this.#options.netns === undefined ? 'yes' : 'no',
    };
  }

  async #off(): Promise<void> {
    await this.#outerEnd();
    this.#init = undefined;
    await endMachineProcesses(this.name);
  }

  /** The outer process waits for PID 1, and that for all processes of its namespace. */
  async #outerEnd(): Promise<void> {
    const outer = this.#outer;
    if (outer && outer.exitCode === null && outer.signalCode === null) {
      await new Promise((resolve) => outer.once('exit', resolve));
    }
    this.#outer = undefined;
  }

  #console(): string {
    return readFileSync(this.paths.console, 'utf8').slice(-4000);
  }

  async #until<T>(what: string, options: WaitOptions, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
    const timeoutMs = options.timeoutMs ?? 20_000;
    const deadlineMs = performance.now() + timeoutMs;
    for (;;) {
      options.signal?.throwIfAborted();
      const value = await look();
      if (value !== undefined) return value;
      if (performance.now() > deadlineMs) throw new Error(`${this.name}: waited ${timeoutMs} ms in vain for ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}
