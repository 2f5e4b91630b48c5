import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const VSWITCH_SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema';
export const OVN_NB_SCHEMA = '/usr/share/ovn/ovn-nb.ovsschema';

/** Files with which the server also listens on `pssl:`. */
export interface ServerTls {
  readonly key: string;
  readonly cert: string;
  readonly ca: string;
}

/** A real ovsdb-server with a directory of its own, on a unix socket and on ports of 127.0.0.1 that it chose itself. */
export class OvsdbServer implements AsyncDisposable {
  readonly dir: string;
  #child: ChildProcess | undefined;
  #tcpPort = 0;
  #sslPort = 0;
  readonly #tls: ServerTls | undefined;
  /** What it serves: a file, or what it relays. */
  readonly #database: string;

  private constructor(dir: string, options: { readonly tls?: ServerTls | undefined; readonly relays?: string }) {
    this.dir = dir;
    this.#tls = options.tls;
    this.#database = options.relays ?? join(dir, 'db');
  }

  static start(schemaFile: string, tls?: ServerTls): Promise<OvsdbServer> {
    return OvsdbServer.#start((dir) => ['create', join(dir, 'db'), schemaFile], tls);
  }

  /** A cluster of one; only clustered databases number their transactions. */
  static startClustered(schemaFile: string): Promise<OvsdbServer> {
    return OvsdbServer.#start((dir) => [
      'create-cluster',
      join(dir, 'db'),
      schemaFile,
      `unix:${join(dir, 'raft.sock')}`,
    ]);
  }

  /** On a database that ovsdb-tool makes by these arguments; given the file's path. */
  static create(args: (db: string) => readonly string[]): Promise<OvsdbServer> {
    return OvsdbServer.#start((dir) => args(join(dir, 'db')));
  }

  /** A relay: keeps nothing itself, serves what the source has and passes transactions on. */
  static async relay(database: string, source: string): Promise<OvsdbServer> {
    const dir = mkdtempSync(join(tmpdir(), 'shunt-ovsdb-'));
    const server = new OvsdbServer(dir, { relays: `relay:${database}:${source}` });
    await server.run();
    return server;
  }

  static async #start(create: (dir: string) => readonly string[], tls?: ServerTls): Promise<OvsdbServer> {
    const dir = mkdtempSync(join(tmpdir(), 'shunt-ovsdb-'));
    execFileSync('ovsdb-tool', create(dir), { stdio: 'pipe' });
    const server = new OvsdbServer(dir, { tls });
    await server.run();
    return server;
  }

  get unix(): string {
    return `unix:${join(this.dir, 'db.sock')}`;
  }

  get tcp(): string {
    return `tcp:127.0.0.1:${this.#tcpPort}`;
  }

  /** Only with certificates. */
  get ssl(): string {
    return `ssl:127.0.0.1:${this.#sslPort}`;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** What ovs-appctl prints; empty when the server does not answer. */
  appctl(...args: readonly string[]): string {
    const asked = spawnSync('ovs-appctl', ['--timeout=20', '-t', join(this.dir, 'ctl'), ...args], { encoding: 'utf8' });
    return asked.status === 0 ? asked.stdout : '';
  }

  /** Values of a text column by how often they are there, by the words of ovsdb-client. */
  dump(database: string, table: string, column: string): ReadonlyMap<string, number> {
    const transaction = JSON.stringify([database, { op: 'select', table, where: [], columns: [column] }]);
    const output = execFileSync('ovsdb-client', ['--timeout=30', 'transact', this.unix, transaction], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    const [{ rows }] = JSON.parse(output) as [{ rows: Record<string, string>[] }]; // the reply to one select
    const counts = new Map<string, number>();
    for (const { [column]: value = '' } of rows) counts.set(value, (counts.get(value) ?? 0) + 1);
    return counts;
  }

  /** Sends a signal and does not wait: SIGSTOP, SIGCONT. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Starts the server on what the database holds; on the same port as before. */
  async run(): Promise<void> {
    const log = join(this.dir, 'log');
    rmSync(log, { force: true });
    const child = spawn(
      'ovsdb-server',
      [
        this.#database,
        `--remote=punix:${join(this.dir, 'db.sock')}`,
        `--remote=ptcp:${this.#tcpPort}:127.0.0.1`,
        `--unixctl=${join(this.dir, 'ctl')}`,
        `--log-file=${log}`,
        ...this.#tlsArgs(),
        '-vconsole:off',
        '-vfile:info',
      ],
      { stdio: 'ignore' },
    );
    this.#child = child;
    // The control socket answers when the remotes are open.
    await this.#answers(child);
    if (this.#tcpPort === 0) this.#tcpPort = this.#listening(0);
    if (this.#tls !== undefined && this.#sslPort === 0) {
      execFileSync('ovs-appctl', ['-t', join(this.dir, 'ctl'), 'ovsdb-server/add-remote', 'pssl:0:127.0.0.1'], {
        stdio: 'pipe',
      });
      while (Number.isNaN(this.#listening(1))) await new Promise((resolve) => setTimeout(resolve, 5)); // its log is all that says it
      this.#sslPort = this.#listening(1);
    }
  }

  /** The port of the nth remote, by the log. */
  #listening(nth: number): number {
    return Number([...readFileSync(join(this.dir, 'log'), 'utf8').matchAll(/listening on port (\d+)/g)][nth]?.[1]);
  }

  #tlsArgs(): readonly string[] {
    if (this.#tls === undefined) return [];
    const { key, cert, ca } = this.#tls;
    const files = [`--private-key=${key}`, `--certificate=${cert}`, `--ca-cert=${ca}`];
    return this.#sslPort === 0 ? files : [`--remote=pssl:${this.#sslPort}:127.0.0.1`, ...files];
  }

  /** `kill -9`, as a crash. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
    rmSync(join(this.dir, 'ctl'), { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** The control socket's file is there a moment before the server listens on it: only an answer counts. */
  async #answers(child: ChildProcess): Promise<void> {
    const ctl = join(this.dir, 'ctl');
    const ask = () => spawnSync('ovs-appctl', ['--timeout=20', '-t', ctl, 'version'], { stdio: 'ignore' }).status === 0;
    while (!existsSync(ctl) || !ask()) {
      if (child.exitCode !== null) throw new Error(`ovsdb-server ended with ${child.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 5)); // polls for a file, nothing announces it
    }
  }
}
