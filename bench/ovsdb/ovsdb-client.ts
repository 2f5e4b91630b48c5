import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { databaseName } from './ports-database.ts';
import type { Subject } from './subject.ts';

const execute = promisify(execFile);

/** OVS's own `ovsdb-client monitor`: prints each row, keeps none. A transaction is a process of its own, as operators use it. */
export class OvsdbClientSubject implements Subject {
  readonly #rows: number;
  #child: ChildProcess | undefined;
  #endpoint = '';
  #seen: (bytes: Buffer) => void = () => {};
  /** What came while nobody waited. */
  #missed: Buffer[] = [];

  constructor(rows: number) {
    this.#rows = rows;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async copy(endpoint: string): Promise<number> {
    const startedMs = performance.now();
    this.#endpoint = endpoint;
    const child = spawn('ovsdb-client', ['-vconsole:off', '--format=csv', 'monitor', endpoint, databaseName, 'ALL'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child = child;
    child.stdout.on('data', (bytes: Buffer) => this.#seen(bytes));
    await this.#until(',initial,', this.#rows + 1);
    return performance.now() - startedMs;
  }

  async settle(): Promise<void> {}

  follow(marker: string): Promise<void> {
    return this.#until(marker, 1);
  }

  async transact(count: number, uuid: string): Promise<readonly number[]> {
    const tookMs: number[] = [];
    for (let n = 0; n < count; n += 1) {
      const value = ['map', [['bench:n', `${n}`]]];
      const where = [['_uuid', '==', ['uuid', uuid]]];
      const mutations = [
        ['external_ids', 'delete', ['set', ['bench:n']]],
        ['external_ids', 'insert', value],
      ];
      const request = [databaseName, { op: 'mutate', table: 'Port', where, mutations }];
      const startedMs = performance.now();
      await execute('ovsdb-client', ['transact', this.#endpoint, JSON.stringify(request)]);
      tookMs.push(performance.now() - startedMs);
    }
    return tookMs;
  }

  /** Until a text was printed so many times; texts may be cut in two by the pipe. */
  #until(text: string, times: number): Promise<void> {
    let tail = Buffer.alloc(0);
    let left = times;
    return new Promise((resolve, reject) => {
      const look = (bytes: Buffer) => {
        const window = Buffer.concat([tail, bytes]);
        let end = 0;
        for (let at = window.indexOf(text); at >= 0; at = window.indexOf(text, end)) {
          left -= 1;
          end = at + text.length;
        }
        tail = window.subarray(Math.max(end, window.length - text.length + 1));
        if (left > 0) return;
        this.#seen = (later) => this.#missed.push(later);
        resolve();
      };
      const missed = this.#missed;
      this.#missed = [];
      this.#seen = look;
      for (const bytes of missed) this.#seen(bytes);
      this.#child?.once('exit', (code) => reject(new Error(`ovsdb-client monitor ended with ${code}`)));
    });
  }

  [Symbol.dispose](): void {
    this.#child?.kill('SIGKILL');
  }
}
