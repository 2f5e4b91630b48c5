import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CliIo, TextStream } from '../../../cli/io.ts';
import { main } from '../../../cli/main.ts';
import type { AttemptRecord, HostView, RunView, WaveState } from '../../../domain/run-state.ts';
import { ShuntError } from '../../../platform/shunt-error.ts';
import type { CoordinatorStatus, OperatorsApi } from '../../../wire/operators-api.ts';
import { operatorsService } from '../../../wire/operators-service.ts';
import { startWireServer, type WireServer } from '../../../wire/server.ts';

/** What a command printed, and how it ended. */
export interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly tty?: boolean;
  readonly files?: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
  /** Told what has been printed so far, each time. */
  readonly onOut?: (text: string) => void;
}

/** A coordinator that does what a test says, behind the real wire on a unix socket, and commands that talk to it. */
export class FakeWorld implements AsyncDisposable {
  /** Calls that a test does not give answer `not-found`. */
  api: Partial<OperatorsApi> = {};
  /** Requests as the coordinator got them. */
  readonly asked: [string, unknown][] = [];
  /** Files that commands wrote. */
  readonly written = new Map<string, Uint8Array>();
  localBundle: CliIo['localBundle'] = async () => {
    throw new ShuntError('not-found', "there is no coordinator's program here");
  };
  readonly #dir = mkdtempSync(join(tmpdir(), 'shunt-cli-'));
  #interrupt: () => void = () => undefined;
  #server: WireServer | undefined;

  get address(): string {
    return `unix:${this.#dir}/c.sock`;
  }

  async start(): Promise<this> {
    const served = new Proxy({} as OperatorsApi, { get: (_, name) => this.#call(String(name)) });
    this.#server = await startWireServer({ listen: [this.address], services: [operatorsService(served)] });
    return this;
  }

  async stop(): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.#dir, { recursive: true });
  }

  /** Ctrl-C in the command that runs. */
  interrupt(): void {
    this.#interrupt();
  }

  async run(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const out = captured(options, options.onOut);
    const err = captured(options);
    const status = await main(argv, this.#io(out.stream, err.stream, options));
    return { status, out: out.text(), err: err.text() };
  }

  #call(name: string): unknown {
    const given = this.api[name as keyof OperatorsApi] as ((...args: unknown[]) => unknown) | undefined;
    return (...args: unknown[]) => {
      this.asked.push([name, args.length > 1 ? args[0] : undefined]);
      if (!given) throw new ShuntError('not-found', `nothing like that in ${name}`);
      return given(...args);
    };
  }

  #io(stdout: TextStream, stderr: TextStream, options: RunOptions): CliIo {
    return {
      stdout,
      stderr,
      env: { SHUNT_COORDINATOR: this.address, ...options.env },
      user: 'ann',
      hostname: 'ops1',
      readFile: async (path) => {
        const text = options.files?.[path];
        if (text === undefined) throw new Error(`ENOENT: no such file, open '${path}'`);
        return text;
      },
      writeNewFile: (path, data) => {
        this.written.set(path, data);
      },
      localBundle: this.localBundle,
      now: () => at,
      nowMs: () => 0,
      onInterrupt: (listener) => {
        this.#interrupt = listener;
        return { [Symbol.dispose]: () => undefined };
      },
    };
  }
}

function captured(options: RunOptions, onText?: (text: string) => void): { stream: TextStream; text: () => string } {
  let written = '';
  const write = (text: string) => {
    written += text;
    onText?.(written);
  };
  const size = { columns: options.columns ?? 100, rows: options.rows ?? 24 };
  return { stream: { write, isTTY: options.tty === true, ...size }, text: () => written };
}

const at = '2026-03-01T10:00:00.000Z';

export function attempt(hostname: string, change: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    systemId: `sys-${hostname}`,
    hostname,
    epoch: 1,
    direction: 'forward',
    runId: 'r-1',
    wave: 1,
    phase: 'cutting',
    openedAt: at,
    blackouts: [],
    repair: [],
    ...change,
  };
}

export function committed(hostname: string, ...blackoutMs: number[]): AttemptRecord {
  const blackouts = blackoutMs.map((ms, index) => ({
    tap: `tap${hostname}-${index + 1}`,
    portId: `port-${hostname}-${index + 1}`,
    blackoutMs: ms,
    resolutionMs: 5,
    lost: Math.round(ms / 5),
    sent: 400,
  }));
  return attempt(hostname, { phase: 'committed', outcome: 'committed', closedAt: at, blackouts });
}

export function reverted(hostname: string, why: string): AttemptRecord {
  return attempt(hostname, { phase: 'reverted', outcome: 'reverted', code: 'verdict-failed', why, closedAt: at });
}

/** A run of two waves: hv1, then hv2 and hv3; each host with its attempt if it has one. */
export function runView(state: WaveState, attempts: readonly AttemptRecord[], change: Partial<RunView> = {}): RunView {
  const host = (hostname: string) => {
    const own = attempts.find((each) => each.hostname === hostname);
    return { systemId: `sys-${hostname}`, hostname, ...(own ? { attempt: own } : {}) };
  };
  return {
    id: 'r-1',
    planId: 'p-1',
    planName: 'move-1',
    state,
    errors: 0,
    errorBudget: 0,
    throughWave: 2,
    waves: [
      { number: 1, state, hosts: [host('hv1')] },
      { number: 2, state: 'pending', hosts: [host('hv2'), host('hv3')] },
    ],
    ...change,
  };
}

export function hostView(hostname: string, change: Partial<HostView> = {}): HostView {
  return {
    systemId: `sys-${hostname}`,
    hostname,
    connected: true,
    mode: 'active',
    agentVersion: '0.1.0',
    lastSeenAt: at,
    plug: 'legacy',
    taps: [],
    findings: [],
    holds: [],
    ...change,
  };
}

export function coordinatorStatus(change: Partial<CoordinatorStatus> = {}): CoordinatorStatus {
  return {
    version: '0.1.0',
    site: 'lab',
    coordinatorId: 'c-1',
    agentsConnected: 3,
    natsConnected: true,
    nbConnected: true,
    lastSeq: 41,
    openAttempts: [],
    stuckHosts: [],
    ...change,
  };
}
