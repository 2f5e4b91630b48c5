import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { inNetns } from '../../../lab/netns.ts';
import type { RelayOrder } from './relay-process.ts';

export interface RelayPlace {
  readonly netns: string;
  /** `unix:/path` or `host:port`, in that namespace. */
  readonly listen: string;
  readonly to: string;
}

/** A relay in a namespace that can be told to say garbage; see ./relay-process.ts. */
export class GarbageRelay implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #lines: Interface;

  private constructor(child: ChildProcess, lines: Interface) {
    this.#child = child;
    this.#lines = lines;
    this.#answers = lines[Symbol.asyncIterator]();
  }

  static async start({ netns, listen, to }: RelayPlace): Promise<GarbageRelay> {
    const script = join(import.meta.dirname, 'relay-process.ts');
    const [file = '', ...args] = inNetns(netns, [process.execPath, script, '--listen', listen, '--to', to]);
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    if (child.stdout === null) throw new Error('the relay has no output');
    const relay = new GarbageRelay(child, createInterface({ input: child.stdout }));
    const first = await relay.#answers.next();
    if (first.value !== 'ready') throw new Error(`the relay at ${listen} did not start`);
    return relay;
  }

  /** Says bytes to every client; resolves when all is said or nobody listens any more. */
  async say(bytes: Buffer | string, times = 1): Promise<void> {
    await this.#order({ type: 'say', base64: Buffer.from(bytes).toString('base64'), times });
  }

  async swallow(on: boolean): Promise<void> {
    await this.#order({ type: 'swallow', on });
  }

  /** Whoever connects hears this in place of the server; nothing: the server again. */
  async instead(bytes?: Buffer | string): Promise<void> {
    const said = bytes === undefined ? {} : { base64: Buffer.from(bytes).toString('base64') };
    await this.#order({ type: 'instead', ...said });
  }

  async cut(): Promise<void> {
    await this.#order({ type: 'cut' });
  }

  /** Whoever connects from now on is led there; who is connected is cut off. */
  async leadTo(place: string): Promise<void> {
    await this.#order({ type: 'to', place });
    await this.cut();
  }

  /** How many have connected so far. */
  connected(): Promise<number> {
    return this.#order({ type: 'count' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('close', resolve));
    this.#lines.close();
    this.#child.kill('SIGKILL');
    await ended;
  }

  /** One at a time. */
  async #order(order: RelayOrder): Promise<number> {
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error('the relay has ended');
    return Number(value);
  }
}
