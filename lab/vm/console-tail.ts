import { appendFileSync, writeFileSync } from 'node:fs';
import type { Readable } from 'node:stream';

const linesMax = 400;
const lineCharsMax = 1_000;

/** What the machine's console says: the last lines in memory, all of it in a file if one is asked for. */
export class ConsoleTail {
  readonly #lines: string[] = [];
  readonly #file: string | undefined;
  #open = '';

  constructor(source: Readable, file?: string) {
    this.#file = file;
    if (file !== undefined) writeFileSync(file, '');
    source.on('error', () => undefined); // ECONNRESET: QEMU was killed
    source.setEncoding('utf8').on('data', (text: string) => this.#take(text));
  }

  last(count: number): readonly string[] {
    return [...this.#lines, this.#open].filter((line) => line.trim() !== '').slice(-count);
  }

  #take(text: string): void {
    if (this.#file !== undefined) appendFileSync(this.#file, text);
    const lines = (this.#open + text).split(/\r?\n/);
    this.#open = (lines.pop() ?? '').slice(-lineCharsMax);
    this.#lines.push(...lines.map((line) => line.slice(0, lineCharsMax)));
    this.#lines.splice(0, Math.max(0, this.#lines.length - linesMax));
  }
}
