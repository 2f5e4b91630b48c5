import { flushCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { isDonePhase } from '../domain/attempt/operation-phases.ts';
import type { Phase } from '../domain/phases.ts';
import type { Logger } from '../platform/log.ts';
import { FilePages } from '../platform/native/file-pages.ts';
import { trimHeap } from '../platform/native/heap-trim.ts';
import { describeError } from '../platform/shunt-error.ts';

/** Rest is rest when nothing was begun for so long. */
const calmMs = 5_000;
/** A disk that hangs may keep a beginning for so long; then it goes on, and what follows meets the disk where it must. */
const wakeMs = 5_000;

/** What of a process's memory can be given back and brought back. */
export interface ProcessMemory {
  /** Gives back what is free or was only needed by the start. */
  giveBack(): void;
  /** Resolves when the program's pages are resident again. */
  bringBack(): Promise<void>;
}

/** Nothing of this attempt is under way or may become so by itself. Without any, too. */
export function isCalm(phase: Phase | undefined): boolean {
  return phase === undefined || isDonePhase(phase) || phase === 'reverted' || phase === 'prepared' || phase === 'idle';
}

interface MemoryAtRestOptions {
  readonly logger: Logger;
  /** Asked at the moment itself: nothing is given back while it says no, whoever called {@link MemoryAtRest.rest} before. */
  readonly mayRest: () => boolean;
  readonly memory?: ProcessMemory;
}

/**
 * Keeps the agent small while it has nothing to do, and quick while it has. At rest, garbage is collected, malloc's free memory and the pages of
 * program files that only the start needed go back to the kernel; before anything is armed, those pages are brought back at once, so that no
 * step of a cutover waits for a disk, however short of memory the hypervisor is. docs/decisions/0015-footprint.md.
 */
export class MemoryAtRest implements Disposable {
  readonly #logger: Logger;
  readonly #mayRest: () => boolean;
  readonly #memory: ProcessMemory;
  #timer: NodeJS.Timeout | undefined;
  #held = 0;

  constructor({ logger, mayRest, memory = ownMemory() }: MemoryAtRestOptions) {
    this.#logger = logger;
    this.#mayRest = mayRest;
    this.#memory = memory;
  }

  /** Nothing is under way: gives memory back in a moment, unless {@link awake} comes before. */
  rest(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#giveBack(), calmMs).unref();
  }

  /** Something begins that must not wait: resolves when the program's pages are resident, at the latest after {@link wakeMs}. Never fails. */
  async awake(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const late = new AbortController();
    try {
      await Promise.race([this.#memory.bringBack(), afterWakeMs(late.signal)]);
    } catch (error) {
      this.#logger.warn({ err: error }, `memory could not be brought back: ${describeError(error)}`);
    } finally {
      late.abort();
    }
  }

  /** For work outside of attempts that must be quick too: awake until it has ended. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#held += 1;
    try {
      await this.awake();
      return await work();
    } finally {
      this.#held -= 1;
      this.rest();
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #giveBack(): void {
    this.#timer = undefined;
    if (this.#held > 0 || !this.#mayRest()) return; // whoever comes to rest says so
    try {
      this.#memory.giveBack();
    } catch (error) {
      this.#logger.debug({ err: error }, 'memory could not be given back'); // a kernel or a sandbox without /proc/self/smaps: only size suffers
    }
  }
}

function afterWakeMs(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const timer = setTimeout(() => reject(new Error(`not within ${wakeMs} ms`)), wakeMs).unref();
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  });
}

function ownMemory(): ProcessMemory {
  const files = new FilePages();
  return {
    giveBack: () => {
      flushCompileCache(); // else written at a clean end only; nothing without NODE_COMPILE_CACHE
      // There only with `--expose-gc`, as the unit file has it; without it V8 collects when it sees fit.
      // `last-resort` also hands pages back that V8 would keep for later. The first time unused code goes too: most of it only the start needed.
      globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
      setFlagsFromString('--no-flush-bytecode'); // later code stays, so that the next cutover finds it compiled
      trimHeap();
      files.release();
    },
    bringBack: () => files.restore(),
  };
}
