import { flushCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import type { Logger } from '../platform/log.ts';
import { FilePages } from '../platform/native/file-pages.ts';
import { trimHeap } from '../platform/native/heap-trim.ts';

/** Rest is rest when nothing was begun for so long. */
const calmMs = 5_000;

/**
 * Keeps the agent small while it has nothing to do, and quick while it has. At rest, garbage is collected, malloc's free memory and the pages of
 * program files that only the start needed go back to the kernel; before anything is armed, those pages are brought back at once, so that no
 * step of a cutover waits for a disk, however short of memory the hypervisor is. docs/decisions/0015-footprint.md.
 */
export class MemoryAtRest implements Disposable {
  readonly #logger: Logger;
  readonly #files = new FilePages();
  #timer: NodeJS.Timeout | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Nothing is under way: gives memory back in a moment, unless {@link awake} comes before. */
  rest(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#giveBack(), calmMs).unref();
  }

  /** Something begins that must not wait: resolves when the program's pages are resident. Never fails. */
  async awake(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#files.restore();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #giveBack(): void {
    this.#timer = undefined;
    flushCompileCache(); // else written at a clean end only; nothing without NODE_COMPILE_CACHE
    // There only with `--expose-gc`, as the unit file has it; without it V8 collects when it sees fit.
    // `last-resort` also hands pages back that V8 would keep for later. The first time unused code goes too: most of it only the start needed.
    globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    setFlagsFromString('--no-flush-bytecode'); // later code stays, so that the next cutover finds it compiled
    try {
      trimHeap();
      this.#files.release();
    } catch (error) {
      this.#logger.debug({ err: error }, 'memory could not be given back'); // a kernel or a sandbox without /proc/self/smaps: only size suffers
    }
  }
}
