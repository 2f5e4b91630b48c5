import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A real ovsdb-server on a unix socket, without a log and without a way to ask it; clients retry until it listens. */
export class BenchServer implements AsyncDisposable {
  readonly unix: string;
  readonly #child: ChildProcess;

  /** `dir` is the caller's, and a new database is made in it under this name. */
  constructor(dir: string, name: string, schemaFile: string) {
    const database = join(dir, `${name}.db`);
    execFileSync('ovsdb-tool', ['create', database, schemaFile], { stdio: 'pipe' });
    this.unix = `unix:${join(dir, `${name}.sock`)}`;
    const argv = [database, `--remote=p${this.unix}`, `--unixctl=${join(dir, `${name}.ctl`)}`, '-vconsole:off'];
    this.#child = spawn('ovsdb-server', argv, { stdio: 'ignore' });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }
}
