import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectOperators, type OperatorsClient } from '../../../wire/operators-client.ts';

const program = join(import.meta.dirname, '..', '..', '..', 'coordinator', 'main.ts');

/** The real program, as its own process, on a unix socket. */
export class CoordinatorProcess implements AsyncDisposable {
  readonly #dir: string;
  #child: ChildProcess | undefined;
  #client: OperatorsClient | undefined;

  constructor(dir: string, config: { readonly nb: string; readonly nats: string }) {
    this.#dir = dir;
    const yaml = {
      site: 'test',
      stateDir: join(dir, 'state'),
      listen: '',
      socket: this.socket,
      nb: config.nb,
      nats: { servers: [config.nats] },
      http: { listen: '127.0.0.1:0' },
      log: { level: 'debug' },
    };
    writeFileSync(join(dir, 'coordinator.yaml'), JSON.stringify(yaml));
  }

  get socket(): string {
    return join(this.#dir, 'c.sock');
  }

  get stateDir(): string {
    return join(this.#dir, 'state');
  }

  get address(): string {
    return `unix:${this.socket}`;
  }

  get api(): OperatorsClient {
    this.#client ??= connectOperators({ address: this.address });
    return this.#client;
  }

  /** Starts it and waits until it answers. */
  async start(): Promise<void> {
    const log = openSync(join(this.#dir, 'coordinator.log'), 'a');
    const child = spawn(process.execPath, [program, 'run', '--config', join(this.#dir, 'coordinator.yaml')], {
      stdio: ['ignore', log, log],
    });
    this.#child = child;
    const signal = AbortSignal.timeout(30_000);
    for (;;) {
      if (child.exitCode !== null || signal.aborted) throw new Error(`the coordinator does not answer:\n${this.log()}`);
      if (
        existsSync(this.socket) &&
        (await this.api.status(signal).then(
          () => true,
          () => false,
        ))
      )
        return;
      await new Promise((resolve) => setTimeout(resolve, 50)); // polls: nothing announces the socket
    }
  }

  log(): string {
    return readFileSync(join(this.#dir, 'coordinator.log'), 'utf8');
  }

  /** Ends it; returns its exit status. The socket of one that was killed stays, as after a crash. */
  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const child = this.#child;
    this.#child = undefined;
    this.#client?.[Symbol.dispose]();
    this.#client = undefined;
    if (!child) return null;
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill(signal);
      await exit;
    }
    return child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
    rmSync(this.socket, { force: true });
  }
}
