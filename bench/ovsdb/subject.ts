import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { bundleEntry } from '../../scripts/bundle.ts';

/** One client under measurement, in a process of its own. */
export interface Subject extends Disposable {
  readonly pid: number;
  /** Connects and reads everything: milliseconds from the first byte sent until all rows are in tables. */
  copy(endpoint: string): Promise<number>;
  /** Gives back what the copy needed only for a while. */
  settle(): Promise<void>;
  /** Resolves when the client has seen the marker. */
  follow(marker: string): Promise<void>;
  /** Milliseconds each, one after another. */
  transact(count: number, uuid: string): Promise<readonly number[]>;
}

/**
 * A client that answers one JSON line to each line it gets: `copy ENDPOINT` -> `{ms, rows}`, `settle` -> `{}`, `follow MARKER` -> `{}`
 * once seen, `transact COUNT UUID` -> `{tookMs}`. Its first line says that all is loaded: loading does not count as copying.
 */
export class AskedSubject implements Subject {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  private constructor(child: ChildProcess) {
    if (child.stdout === null) throw new Error('a subject answers on its standard output');
    this.#child = child;
    this.#reader = createInterface({ input: child.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /** Bundled into `dir` and with compiled code kept there, as the programs are installed and as Python does with its own. */
  static async shunt(dir: string): Promise<AskedSubject> {
    const bundle = join(dir, 'shunt-client.mjs');
    if (!existsSync(bundle)) {
      const entry = { source: 'bench/ovsdb/shunt-client.ts', bundle: 'shunt-client.mjs', program: false };
      writeFileSync(bundle, (await bundleEntry(join(import.meta.dirname, '../..'), entry)).contents);
    }
    return AskedSubject.#start([process.execPath, '--expose-gc', bundle], {
      NODE_COMPILE_CACHE: join(dir, 'compiled'),
    });
  }

  static python(schemaFile: string): Promise<AskedSubject> {
    return AskedSubject.#start(['/usr/bin/python3', join(import.meta.dirname, 'python-idl.py')], {
      BENCH_SCHEMA: schemaFile,
    });
  }

  static async #start([file = '', ...args]: readonly string[], env: NodeJS.ProcessEnv): Promise<AskedSubject> {
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } });
    const subject = new AskedSubject(child);
    await subject.#answer();
    return subject;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async copy(endpoint: string): Promise<number> {
    return Number((await this.#ask(`copy ${endpoint}`)).ms);
  }

  async settle(): Promise<void> {
    await this.#ask('settle');
  }

  async follow(marker: string): Promise<void> {
    await this.#ask(`follow ${marker}`);
  }

  async transact(count: number, uuid: string): Promise<readonly number[]> {
    const { tookMs } = await this.#ask(`transact ${count} ${uuid}`);
    return tookMs as readonly number[]; // our own process wrote it
  }

  #ask(question: string): Promise<Record<string, unknown>> {
    this.#child.stdin?.write(`${question}\n`);
    return this.#answer();
  }

  async #answer(): Promise<Record<string, unknown>> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.#child.spawnargs.join(' ')} ended with ${this.#child.exitCode}`);
    return JSON.parse(value) as Record<string, unknown>;
  }

  [Symbol.dispose](): void {
    this.#reader.close();
    this.#child.kill('SIGKILL');
  }
}

/** Resident memory of a process, now and at its highest, in MiB. */
export function memoryOf(pid: number): { readonly rssMiB: number; readonly peakMiB: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
  return { rssMiB: kib('VmRSS') / 1024, peakMiB: kib('VmHWM') / 1024 };
}

/** Processor time of a process since it began, in milliseconds; the kernel counts in steps of 10. */
export function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
