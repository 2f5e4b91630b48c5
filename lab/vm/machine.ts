import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex, Readable, Writable } from 'node:stream';
import type { Accelerator } from './accelerator.ts';
import { ConsoleTail } from './console-tail.ts';
import { buildInitramfs } from './initramfs.ts';
import { type Job, renderJob, renderSettings } from './job.ts';
import type { CachedKernel } from './kernel.ts';
import { qemuCommand } from './qemu.ts';

export interface MachineOptions {
  readonly accelerator: Accelerator;
  readonly kernel: CachedKernel;
  readonly job: Job;
  readonly cpus: number;
  readonly memoryMiB: number;
  /** How long the machine may take until its own first word. */
  readonly bootMs: number;
  /** How long all of it may take. */
  readonly limitMs: number;
  /** Everything that the console says goes here. */
  readonly consoleFile?: string;
  readonly streams: { readonly stdin: Readable; readonly stdout: Writable; readonly stderr: Writable };
  /** Ends the machine at once. */
  readonly signal?: AbortSignal;
  readonly onBooted?: () => void;
}

/** How it ended. `broken`: before or without telling the command's status. */
export type MachineEnd =
  | { readonly kind: 'ended'; readonly status: number }
  | { readonly kind: 'late' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'broken'; readonly booted: boolean; readonly why: string; readonly console: readonly string[] };

const fds = { console: 3, control: 4, stdin: 5, stdout: 6, stderr: 7, initramfs: 8 } as const;
const consoleLinesShown = 40;
/** The command has ended and all that it wrote has been passed on: a machine that does not switch itself off is. */
const powerOffMs = 10_000;

/** Starts a machine, runs the job in it, and resolves when QEMU is gone. Nothing of it outlives this process. */
export async function runMachine(options: MachineOptions): Promise<MachineEnd> {
  const child = startQemu(options);
  const run = new MachineRun(child, options);
  try {
    return await run.ended();
  } finally {
    run.dispose();
  }
}

function startQemu({ accelerator, kernel, job, cpus, memoryMiB }: MachineOptions): ChildProcess {
  const initramfs = openUnnamed(buildInitramfs(kernel, { job: renderJob(job), settings: renderSettings(job) }));
  const terminal = job.terminal !== undefined;
  const [file = '', ...args] = qemuCommand({
    accelerator,
    kernel,
    cpus,
    memoryMiB,
    initramfsFd: fds.initramfs,
    consoleFd: fds.console,
    ports: { control: fds.control, ...(terminal ? {} : { stdin: fds.stdin, stdout: fds.stdout, stderr: fds.stderr }) },
    terminal,
    ...(job.out === undefined ? {} : { out: job.out }),
  });
  try {
    return spawn(file, args, {
      // A group of its own does not get the terminal's Ctrl-C before we have seen it.
      detached: !terminal,
      stdio: [
        ...(terminal ? (['inherit', 'inherit'] as const) : (['ignore', 'ignore'] as const)),
        ...(['pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'] as const),
        initramfs,
      ],
    });
  } finally {
    closeSync(initramfs);
  }
}

/** A file that has a descriptor and no name: whatever happens, it goes with its last reader. */
function openUnnamed(data: Buffer): number {
  const folder = mkdtempSync(join(tmpdir(), 'shunt-vm-'));
  try {
    const path = join(folder, 'initramfs');
    writeFileSync(path, data);
    return openSync(path, 'r');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

class MachineRun {
  readonly #child: ChildProcess;
  readonly #options: MachineOptions;
  readonly #console: ConsoleTail;
  readonly #timers: NodeJS.Timeout[] = [];
  #booted = false;
  #status: number | undefined;
  #why: 'late' | 'stopped' | 'no-boot' | undefined;
  #qemuSaid = '';

  constructor(child: ChildProcess, options: MachineOptions) {
    this.#child = child;
    this.#options = options;
    this.#console = new ConsoleTail(this.#port('console'), options.consoleFile);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#qemuSaid = (this.#qemuSaid + text).slice(-2_000);
    });
    this.#listen();
    this.#timers.push(setTimeout(() => this.#booted || this.#end('no-boot'), options.bootMs));
    this.#timers.push(setTimeout(() => this.#end('late'), options.limitMs));
    options.signal?.addEventListener('abort', this.#onAbort);
    if (options.signal?.aborted) this.#onAbort();
  }

  async ended(): Promise<MachineEnd> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#child.once('error', reject);
    this.#child.once('close', (code, signal) => resolve(signal ?? `status ${code}`));
    const how = await promise;
    if (this.#status !== undefined) return { kind: 'ended', status: this.#status };
    if (this.#why === 'late' || this.#why === 'stopped') return { kind: this.#why };
    const why =
      this.#why === 'no-boot' ? `it did not boot within ${this.#options.bootMs / 1000} s` : `QEMU ended: ${how}`;
    const console = [...this.#qemuSaid.split('\n').filter(Boolean), ...this.#console.last(consoleLinesShown)];
    return { kind: 'broken', booted: this.#booted, why, console };
  }

  dispose(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#options.streams.stdin.unpipe();
    this.#child.kill('SIGKILL');
  }

  #listen(): void {
    let open = '';
    const control = this.#port('control');
    control.on('error', () => undefined);
    control.setEncoding('utf8').on('data', (text: string) => {
      const lines = (open + text).split('\n');
      open = lines.pop() ?? '';
      for (const line of lines) this.#hear(line);
    });
    if (this.#options.job.terminal) return;
    for (const name of ['stdout', 'stderr'] as const) {
      this.#port(name).on('error', () => undefined); // QEMU was killed
      this.#port(name).pipe(this.#options.streams[name], { end: false });
    }
  }

  #hear(line: string): void {
    const [word, value = ''] = line.split(' ');
    if (word === 'hello' && !this.#booted) {
      this.#booted = true;
      this.#options.onBooted?.();
      if (!this.#options.job.terminal) this.#passStdin();
    } else if (word === 'status' && /^\d+$/.test(value)) {
      this.#status = Number(value);
      this.#timers.push(setTimeout(() => this.#child.kill('SIGKILL'), powerOffMs));
    }
  }

  #passStdin(): void {
    const port = this.#port('stdin');
    port.on('error', () => undefined); // EPIPE: the command has ended, or QEMU
    this.#options.streams.stdin.pipe(port);
  }

  #port(name: keyof typeof fds): Duplex {
    const stdio: readonly unknown[] = this.#child.stdio; // its type knows five of them only
    return stdio[fds[name]] as Duplex; // 'pipe' above: a socket, in both directions
  }

  #end(why: 'late' | 'stopped' | 'no-boot'): void {
    this.#why ??= why;
    this.#child.kill('SIGKILL');
  }

  readonly #onAbort = (): void => this.#end('stopped');
}
