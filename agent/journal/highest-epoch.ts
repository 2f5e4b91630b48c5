import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomicSync } from '../../platform/atomic-file.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import { journaledEpochs } from './attempt-journal.ts';

/**
 * The highest epoch that the agent ever accepted, on disk before it is obeyed. Lower ones are refused. Where it cannot be read nothing new is
 * accepted, and what the journals say can still be brought to rest.
 */
export class HighestEpoch {
  /** Why it cannot be read. */
  readonly fault: ShuntError | undefined;
  readonly #stateDir: string;
  #value: number;

  constructor(stateDir: string) {
    this.#stateDir = stateDir;
    const stored = readStored(this.#path);
    this.fault = typeof stored === 'number' ? undefined : stored;
    this.#value = Math.max(0, typeof stored === 'number' ? stored : 0, ...journaledEpochs(stateDir));
  }

  get value(): number {
    return this.#value;
  }

  /**
   * False when a higher one was accepted before. Fails with `journal-failed` when it cannot be kept, and with `records-corrupt` when nobody knows what
   * was accepted before.
   */
  accept(epoch: number): boolean {
    if (this.fault !== undefined) throw this.fault;
    if (epoch < this.#value) return false;
    if (epoch === this.#value) return true;
    try {
      mkdirSync(this.#stateDir, { recursive: true, mode: 0o700 });
      writeFileAtomicSync(this.#path, `${epoch}\n`, { mode: 0o600 });
    } catch (cause) {
      throw new ShuntError('journal-failed', `keeping epoch ${epoch}`, { cause });
    }
    this.#value = epoch;
    return true;
  }

  get #path(): string {
    return join(this.#stateDir, 'highest-epoch');
  }
}

function readStored(path: string): number | ShuntError {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return 0;
    return new ShuntError('journal-failed', `reading ${path}`, { cause });
  }
  const value = /^\d+\n?$/.test(text) ? Number(text) : Number.NaN; // an empty file is no number, and not zero
  if (Number.isSafeInteger(value)) return value;
  return new ShuntError(
    'records-corrupt',
    `${path} holds no epoch: write into it the highest epoch that \`shunt host show\` or the journals tell of this host, then restart the agent`,
  );
}
