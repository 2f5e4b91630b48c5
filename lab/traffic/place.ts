import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inNetns } from '../netns.ts';
import { patience } from '../patience.ts';
import type { KnockFigures } from './knock.ts';
import type { EndView, NumberedOrder, PlaceOrder, PlaceReply } from './place-protocol.ts';

/** Twenty connections that all fail take a minute. */
const ANSWER_MS = 90_000 * patience;
const STDERR_CHARS = 2000;

export interface PlaceAnswer {
  readonly atNs: number;
  readonly ends: Readonly<Record<string, EndView>>;
  readonly knocked?: KnockFigures;
}

/** The process that carries a session's flow ends in one namespace. It ends with its disposal and with the process that started it. */
export class Place implements AsyncDisposable {
  readonly netns: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (reply: PlaceReply) => void>();
  readonly #ended: Promise<void>;
  #nextId = 1;
  #stderr = '';

  constructor(netns: string) {
    this.netns = netns;
    const script = join(import.meta.dirname, 'place-process.ts');
    const [file = '', ...args] = inNetns(netns, [process.execPath, script]);
    this.#child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdin?.on('error', () => undefined); // it has ended; #ended tells
    this.#child.stderr
      ?.setEncoding('utf8')
      .on('data', (text: string) => (this.#stderr = (this.#stderr + text).slice(-STDERR_CHARS)));
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', () => resolve());
      this.#child.once('close', () => resolve());
    });
    if (this.#child.stdout) {
      createInterface({ input: this.#child.stdout }).on('line', (line) => {
        const reply = JSON.parse(line) as PlaceReply; // written by ./place-process.ts of the same source tree
        this.#waiting.get(reply.id)?.(reply);
      });
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  async order(order: PlaceOrder): Promise<PlaceAnswer> {
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<PlaceReply>();
    const what = `${order.type} in ${this.netns}`;
    const timer = setTimeout(() => reject(new Error(`${what}: no answer in ${ANSWER_MS} ms`)), ANSWER_MS);
    this.#waiting.set(id, resolve);
    void this.#ended.then(() => reject(new Error(`${what}: the process has ended: ${this.#stderr.trim()}`)));
    const message: NumberedOrder = { ...order, id };
    this.#child.stdin?.write(`${JSON.stringify(message)}\n`);
    try {
      const reply = await promise;
      if ('error' in reply) throw new Error(`${what}: ${reply.error}`);
      return reply;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
