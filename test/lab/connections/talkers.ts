import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { inNetns } from '../../../lab/netns.ts';
import type { TalkerOrder } from './talker.ts';

/** A process in a namespace that talks when it is told to. One order at a time. */
export class Talker implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: Interface;

  constructor(netns: string) {
    const [file = '', ...args] = inNetns(netns, [process.execPath, join(import.meta.dirname, 'talker.ts')]);
    this.#child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.#child.stdout === null) throw new Error('no pipe'); // there is one: see stdio
    this.#lines = createInterface({ input: this.#child.stdout });
  }

  async tell(order: TalkerOrder): Promise<unknown> {
    const answer = once(this.#lines, 'line');
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
    const [line] = await answer;
    return JSON.parse(String(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.stdin?.end();
    await ended;
  }
}
