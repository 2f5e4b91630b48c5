import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inNetns } from './netns.ts';
import { patience } from './patience.ts';
import type { PingReport, PingTarget, PingWindow } from './ping-record.ts';
import type { ControlReply, ControlRequest } from './pinger-process.ts';

export interface PingerOptions {
  /** Where the sender stands, e.g. the `ext` host of a network or a guest. */
  readonly netns: string;
  readonly targets: readonly PingTarget[];
  /** Until every target has answered once. Default 15 s. */
  readonly readyMs?: number;
}

const READY_MS = 15_000 * patience;
const ANSWER_MS = 5_000 * patience;

/** Starts a sender in a namespace; see {@link PingerSession}. */
export function startPinger(options: PingerOptions): PingerSession {
  return new PingerSession(options);
}

/** A running ground-truth sender. It ends with {@link stop}, with its disposal, and with the process that started it. */
export class PingerSession implements AsyncDisposable {
  /** Every target has answered once. Rejects when one has not in time. */
  readonly ready: Promise<void>;
  readonly #child: ChildProcess;
  readonly #reports = new Map<number, (report: PingReport) => void>();
  readonly #ended: Promise<void>;
  #fromNs: number | undefined;
  #nextId = 1;
  #stderr = '';

  constructor(options: PingerOptions) {
    const script = join(import.meta.dirname, 'pinger-process.ts');
    const targets = options.targets.flatMap((t) => [
      '--target',
      `${t.id}=${t.ip}@${t.hz}${t.netns === undefined ? '' : `%${t.netns}`}`,
    ]);
    const [file = '', ...args] = inNetns(options.netns, [process.execPath, script, '--control', ...targets]);
    this.#child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdin?.on('error', () => undefined); // it has ended; #ended tells
    this.#child.stderr?.setEncoding('utf8').on('data', (s: string) => (this.#stderr = (this.#stderr + s).slice(-2000)));
    this.#ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', () => resolve());
    });
    this.#ended.catch(() => undefined); // whoever waits for something gets it there
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#child.stdout) {
      createInterface({ input: this.#child.stdout }).on('line', (line) => this.#receive(line, resolve));
    }
    this.ready = this.#bounded(promise, options.readyMs ?? READY_MS, 'every target to answer once');
    this.ready.catch(() => undefined); // as above
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Now, on the clock of the reports: a bound for a window. */
  mark(): number {
    return Number(process.hrtime.bigint());
  }

  /**
   * What was sent between two marks; the second may lie ahead. Answers a second after it (or `lateMs`), so that late replies count.
   */
  report(window: PingWindow, lateMs?: number): Promise<PingReport> {
    const id = this.#nextId++;
    const { promise, resolve } = Promise.withResolvers<PingReport>();
    this.#reports.set(id, resolve);
    this.#send({ type: 'report', id, window, ...(lateMs === undefined ? {} : { lateNs: lateMs * 1e6 }) });
    const aheadMs = Math.max(0, (window.toNs - this.mark()) / 1e6);
    return this.#bounded(promise, aheadMs + ANSWER_MS, 'its report').finally(() => this.#reports.delete(id));
  }

  /** Watches for a while in which nothing happens: whatever is lost then is the sender's or the lab's own and voids the run. */
  nullRun(ms: number): Promise<PingReport> {
    const fromNs = this.mark();
    return this.report({ fromNs, toNs: fromNs + ms * 1e6 });
  }

  /** Reports everything since it was ready (or since the given mark), and ends. */
  async stop(fromNs = this.#fromNs ?? 0): Promise<PingReport> {
    const report = await this.report({ fromNs, toNs: this.mark() });
    await this[Symbol.asyncDispose]();
    return report;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended.catch(() => undefined);
  }

  #receive(line: string, ready: () => void): void {
    const reply = JSON.parse(line) as ControlReply; // written by ./pinger-process.ts of the same source tree
    if (reply.type === 'report') this.#reports.get(reply.id)?.(reply.report);
    if (reply.type !== 'ready') return;
    this.#fromNs = reply.atNs;
    ready();
  }

  #send(request: ControlRequest): void {
    this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
  }

  #bounded<T>(task: Promise<T>, ms: number, what: string): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error(`the pinger waited ${Math.round(ms)} ms in vain for ${what}`)), ms);
    const ended = this.#ended.then(() => {
      throw new Error(`the pinger ended before ${what}: ${this.#stderr.trim()}`);
    });
    return Promise.race([task, promise, ended]).finally(() => clearTimeout(timer));
  }
}
