import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { inNetns } from '../../lab/netns.ts';
import type { Site } from './method.ts';

/** What a cutter answers, a line each. `stages`: moments in each tap's way, on its monotonic clock. */
export type CutterReply =
  | { readonly ok: true; readonly ms: number; readonly stages: readonly CutterStage[] }
  | { readonly ok: false; readonly message: string };

export interface CutterStage {
  readonly tap: string;
  readonly name: string;
  readonly atMs: number;
}

/** A program of the product's own parts in hypervisor 1: one JSON request a line, one answer each. */
export class CutterProcess implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<void>;

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>) {
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.#ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  }

  /** Starts a script of bench/; returns once it is connected. */
  static async start(site: Site, script: string): Promise<CutterProcess> {
    const path = join(import.meta.dirname, '..', script);
    const [file = '', ...args] = inNetns(site.netns, [process.execPath, path, `unix:${site.ovsdb}`, site.runDir]);
    const cutter = new CutterProcess(spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
    if ((await cutter.#next()) !== 'ready') throw new Error(`${script} did not start`);
    return cutter;
  }

  /** Throws with the cutter's own words when it failed. */
  async ask(request: unknown): Promise<Extract<CutterReply, { ok: true }>> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const reply = JSON.parse(await this.#next()) as CutterReply; // written by a script of the same source tree
    if (!reply.ok) throw new Error(reply.message);
    return reply;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end();
    await this.#ended;
  }

  async #next(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the cutter ended; its words are above');
    return value;
  }
}
