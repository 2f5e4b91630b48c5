import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomicSync } from '../../platform/atomic-file.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import { journaledEpochs } from './attempt-journal.ts';

/** The highest epoch that the agent ever accepted, on disk before it is obeyed. Lower ones are refused. */
export class HighestEpoch {
  readonly #stateDir: string;
  #value: number;

  constructor(stateDir: string) {
    this.#stateDir = stateDir;
    this.#value = Math.max(0, readStored(this.#path), ...journaledEpochs(stateDir));
  }

  get value(): number {
    return this.#value;
  }

  /** False when a higher one was accepted before. Fails with `journal-failed` when it cannot be kept. */
  accept(epoch: number): boolean {
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

function readStored(path: string): number {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return 0;
    throw new ShuntError('journal-failed', `reading ${path}`, { cause });
  }
  const value = Number(text.trim());
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new ShuntError('records-corrupt', `${path} holds no epoch`);
}
