import { mkdirSync, readFileSync } from 'node:fs';
import { availableParallelism, constants } from 'node:os';
import { join, resolve } from 'node:path';
import { type Accelerator, chooseAccelerators, readProcessorFacts } from './accelerator.ts';
import { modulesForRoot } from './initramfs.ts';
import { type Job, jobEnvironment } from './job.ts';
import { type CachedKernel, cacheFolder, ensureKernel } from './kernel.ts';
import { type MachineEnd, runMachine } from './machine.ts';
import { runQuietly, runShown } from './run-shown.ts';

/** Options of `lab vm`. */
export interface VmFlags {
  readonly cpus?: number;
  /** MiB. */
  readonly memory: number;
  /** Seconds. */
  readonly timeout: number;
  readonly accel?: readonly Accelerator[];
  readonly out?: string;
  readonly console?: string;
  readonly freshKernel: boolean;
  readonly build: boolean;
}

const status = { late: 124, broken: 125 } as const;
/** Until the machine's first word. KVM takes two seconds; emulated on a busy machine it may be a minute. */
const bootMs = { kvm: 20_000, tcg: 240_000 } satisfies Record<Accelerator, number>;
const cpusDefaultMax = 4;
const project = join(import.meta.dirname, '../..');

/** Runs a command in a virtual machine and gives the exit status for ours. Says on stderr what it does. */
export async function runInVm(argv: readonly string[], flags: VmFlags): Promise<number> {
  const terminal = terminalFor(argv);
  await requirePlatform();
  const kernel = await kernelFor(flags);
  const codeCache = join(cacheFolder(), 'compiled');
  if (flags.build) await build(codeCache);
  const out = flags.out === undefined ? undefined : resolve(flags.out);
  if (out !== undefined) mkdirSync(out, { recursive: true });
  const { order, because } = flags.accel ? { order: flags.accel } : chooseAccelerators(readProcessorFacts());
  using stop = onSignals();
  for (const [index, accelerator] of order.entries()) {
    const last = index === order.length - 1;
    announce({ accelerator, kernel, because, flags });
    const end = await runMachine({
      accelerator,
      kernel,
      job: {
        argv,
        cwd: process.cwd(),
        env: { NODE_COMPILE_CACHE: codeCache, ...jobEnvironment(process.env, accelerator) },
        ...(out === undefined ? {} : { out }),
        ...(terminal ? { terminal } : {}),
      },
      cpus: flags.cpus ?? Math.min(availableParallelism(), cpusDefaultMax),
      memoryMiB: flags.memory,
      bootMs: bootMs[accelerator],
      limitMs: flags.timeout * 1000,
      ...(flags.console === undefined ? {} : { consoleFile: flags.console }),
      streams: process,
      signal: stop.signal,
    });
    if (end.kind !== 'broken' || end.booted || last) return judge(end, flags, stop.caught());
    say(`${accelerator} does not work here (${end.why}), trying ${order[index + 1]}`);
  }
  return status.broken; // an empty list: commander refuses it
}

function judge(end: MachineEnd, flags: VmFlags, caught: number | undefined): number {
  switch (end.kind) {
    case 'ended':
      return end.status;
    case 'late':
      say(`ended after ${flags.timeout} s, as --timeout asks`);
      return status.late;
    case 'stopped':
      return 128 + (caught ?? constants.signals.SIGTERM);
    case 'broken':
      say(`the virtual machine ${end.booted ? 'died' : 'did not start'}: ${end.why}`);
      for (const line of end.console) process.stderr.write(`  | ${line}\n`);
      if (end.console.length === 0) say('its console said nothing');
      return status.broken;
  }
}

/** Installs QEMU and the like where they are missing; the script says what and why, or what to type. */
async function requirePlatform(): Promise<void> {
  if (process.arch !== 'x64')
    throw new Error(`the virtual machine is built for x86-64 and this is ${process.arch}; labs run here without one`);
  const ready = await runShown(['sh', join(project, 'scripts/packages.sh'), 'install', 'vm']);
  if (ready !== 0) throw new Error('the virtual machine needs QEMU, busybox and kmod (see above)');
}

function terminalFor(argv: readonly string[]): Job['terminal'] | undefined {
  if (argv.length > 0) return undefined;
  if (!process.stdin.isTTY || !process.stdout.isTTY)
    throw new Error('which command? npm run lab -- vm -- COMMAND (a shell needs a terminal)');
  return { rows: process.stdout.rows, columns: process.stdout.columns };
}

async function kernelFor(flags: VmFlags): Promise<CachedKernel> {
  return ensureKernel({
    fresh: flags.freshKernel,
    needs: (kernel) => modulesForRoot(readFileSync(join(kernel.modules, 'modules.dep'), 'utf8')),
  });
}

/** What runs inside cannot install anything and compiles slowly: what can be made here is. */
async function build(codeCache: string): Promise<void> {
  const node = [process.execPath, '--disable-warning=ExperimentalWarning'];
  const built = await runShown([...node, join(project, 'scripts/build.ts')]);
  if (built !== 0) throw new Error('npm run build failed (its messages are above); --no-build goes on without it');
  const programs = [
    'lab/main.ts',
    'lab/demo.ts',
    'dist/shunt.mjs',
    'dist/shunt-agent.mjs',
    'dist/shunt-coordinator.mjs',
  ];
  const env = { ...process.env, NODE_COMPILE_CACHE: codeCache };
  // Only to fill the cache: a program that does not answer will say why when it is used.
  for (const program of programs) await runQuietly([...node, join(project, program), '--help'], env);
}

function announce(what: {
  readonly accelerator: Accelerator;
  readonly kernel: CachedKernel;
  readonly because: string | undefined;
  readonly flags: VmFlags;
}): void {
  const { accelerator, kernel, because, flags } = what;
  const how =
    accelerator === 'kvm'
      ? 'KVM'
      : `emulated: expect 10-20 times slower${because === undefined ? '' : ` (${because})`}`;
  say(`Linux ${kernel.release} with ${flags.memory} MiB, ${how}`);
}

/** The first signal that wants our end, and a signal for those who wait. */
function onSignals(): Disposable & { readonly signal: AbortSignal; caught(): number | undefined } {
  const abort = new AbortController();
  let caught: number | undefined;
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const handler = (name: NodeJS.Signals) => {
    caught ??= constants.signals[name];
    abort.abort();
  };
  for (const name of names) process.on(name, handler);
  return {
    signal: abort.signal,
    caught: () => caught,
    [Symbol.dispose]() {
      for (const name of names) process.off(name, handler);
    },
  };
}

function say(text: string): void {
  process.stderr.write(`lab vm: ${text}\n`);
}
