import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Narrator } from './narrator.ts';
import { patience } from './patience.ts';

const program = join(import.meta.dirname, '..', 'dist', 'shunt.mjs');
const readyWithinMs = 40_000 * patience;

/** Runs the operator's own commands against a lab's coordinator, and shows them as an operator would see them. */
export class OperatorShell {
  readonly #socket: string;
  readonly #narrator: Narrator;

  constructor(coordinatorSocket: string, narrator: Narrator) {
    this.#socket = coordinatorSocket;
    this.#narrator = narrator;
  }

  /** Shows the command and its output; resolves with the exit status. */
  async run(argv: readonly string[]): Promise<number> {
    this.#narrator.command(argv);
    const { code } = await this.#spawn(argv, (text) => this.#narrator.say(text));
    return code;
  }

  async expect(argv: readonly string[], codes: readonly number[]): Promise<void> {
    const code = await this.run(argv);
    if (!codes.includes(code)) throw new Error(`shunt ${argv.join(' ')} ended with ${code}`);
  }

  /** Runs a command with `--output json`, showing only the command. */
  async json<T>(argv: readonly string[]): Promise<T> {
    this.#narrator.command(argv);
    return this.#quiet<T>(argv);
  }

  /** Newest blackout of each port, as the agents measured it. */
  async blackouts(): Promise<ReadonlyMap<string, { blackoutMs: number; resolutionMs: number }>> {
    const hosts = await this.#quiet<readonly HostJson[]>(['host', 'list']);
    return new Map(
      hosts.flatMap((host) => host.attempt?.blackouts ?? []).map((blackout) => [blackout.portId, blackout]),
    );
  }

  /** Hostnames of hypervisors whose taps are not all on that side. */
  async hostsNotOn(plug: 'legacy' | 'target'): Promise<readonly string[]> {
    const hosts = await this.#quiet<readonly HostJson[]>(['host', 'list']);
    return hosts.filter((host) => host.plug !== plug).map((host) => host.hostname);
  }

  async untilAgentsReady(count: number): Promise<void> {
    const giveUpAtMs = performance.now() + readyWithinMs;
    for (;;) {
      const hosts = await this.#quiet<readonly HostJson[]>(['host', 'list']).catch(() => []);
      if (hosts.filter((host) => host.connected && host.plug === 'legacy').length >= count) return;
      if (performance.now() > giveUpAtMs)
        throw new Error(`${count} agents should be connected, the coordinator knows: ${JSON.stringify(hosts)}`);
      await delay(250);
    }
  }

  async #quiet<T>(argv: readonly string[]): Promise<T> {
    let out = '';
    const { code, stderr } = await this.#spawn([...argv, '--output', 'json'], (text) => {
      out += `${text}\n`;
    });
    if (code !== 0) throw new Error(`shunt ${argv.join(' ')} ended with ${code}: ${stderr}`);
    return JSON.parse(out) as T; // the CLI's own JSON; the caller names its shape
  }

  async #spawn(argv: readonly string[], onText: (text: string) => void): Promise<{ code: number; stderr: string }> {
    const child = spawn(process.execPath, [program, '--coordinator', `unix:${this.#socket}`, ...argv], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    let pending = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (pending + chunk).split('\n');
      pending = lines.pop() ?? '';
      for (const line of lines) onText(line);
    });
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
    const code = await promise;
    if (pending !== '') onText(pending);
    if (code !== 0 && stderr !== '') this.#narrator.say(stderr.trimEnd());
    return { code, stderr };
  }
}

interface HostJson {
  readonly hostname: string;
  readonly connected: boolean;
  readonly plug: string;
  readonly attempt?: { readonly blackouts: readonly { portId: string; blackoutMs: number; resolutionMs: number }[] };
}
