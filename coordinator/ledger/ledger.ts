import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { assertNever } from '../../domain/assert-never.ts';
import type { LedgerEntry, LedgerEvent } from '../../domain/ledger-events.ts';
import { FileLock } from '../../platform/native/flock.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import type { WorkerFailure, WorkerReply, WorkerRequest } from './ledger-protocol.ts';
import type { AppendResult } from './ledger-store.ts';
import { giveToOwner, whyNotWritable } from './owner.ts';

/** The append-only truth, as its users see it; another engine may stand behind it. */
export interface EventLedger {
  /** Compare-and-append: writes only when `expectedSeq` is the last entry's number, all or nothing, synced before it resolves. No events: whether it would. */
  append(expectedSeq: number, events: readonly LedgerEvent[]): Promise<AppendResult>;
  /** Entries from `fromSeq` on, oldest first; all there are now, or the first `limit`. */
  read(fromSeq: number, limit?: number): Promise<readonly LedgerEntry[]>;
}

/** Entries that one message from the worker carries at most. */
const readChunk = 5_000;
/** Requests to the worker without an answer; the scheduler has one at a time, so this is never reached in health. */
const pendingMax = 1_024;

/** File of the ledger in a state directory. */
export function ledgerPath(stateDir: string): string {
  return join(stateDir, 'ledger.sqlite');
}

/** Whoever has it alone may write that ledger. Throws `ledger-failed`, `detail.reason` `locked` or `not-writable`. */
export function lockLedger(stateDir: string): FileLock {
  const lockFile = join(stateDir, 'ledger.lock');
  giveToOwner(lockFile, { create: true });
  const lock = tryLock(stateDir, lockFile);
  if (lock) return lock;
  throw new ShuntError('ledger-failed', `open the ledger in ${stateDir}: another coordinator holds ${lockFile}`, {
    detail: { reason: 'locked' },
  });
}

function tryLock(stateDir: string, lockFile: string): FileLock | undefined {
  try {
    return FileLock.tryAcquire(lockFile);
  } catch (cause) {
    const root = cause instanceof Error ? cause.cause : undefined;
    const denied = root instanceof Error && 'code' in root && root.code === 'EACCES' && existsSync(lockFile);
    const why = denied ? whyNotWritable(lockFile) : `cannot lock ${lockFile}`;
    const detail = denied ? { detail: { reason: 'not-writable' } } : {};
    throw new ShuntError('ledger-failed', `open the ledger in ${stateDir}: ${why}`, { cause, ...detail });
  }
}

/**
 * The ledger on `node:sqlite` in a worker thread. Holds an exclusive lock on the state directory for its lifetime: a second
 * coordinator on the same ledger is refused with `ledger-failed`, `detail.reason` `locked`.
 */
export class Ledger implements EventLedger, AsyncDisposable {
  readonly #worker: Worker;
  readonly #lock: FileLock;
  readonly #pending = new Map<number, { resolve(reply: WorkerReply): void; reject(error: Error): void }>();
  #nextId = 1;
  #failure: ShuntError | undefined;

  private constructor(worker: Worker, lock: FileLock) {
    this.#worker = worker;
    this.#lock = lock;
    worker.on('message', (reply: WorkerReply) => this.#settle(reply));
    worker.on('error', (error) => this.#lose(error));
    worker.on('exit', () => this.#lose(new Error('the ledger worker ended')));
  }

  static async open(stateDir: string): Promise<Ledger> {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    const lock = lockLedger(stateDir);
    const worker = new Worker(workerUrl(), { workerData: { path: ledgerPath(stateDir) }, name: 'ledger' });
    try {
      await opened(worker);
      return new Ledger(worker, lock);
    } catch (error) {
      await worker.terminate();
      lock[Symbol.dispose]();
      throw error;
    }
  }

  /** Why the ledger takes no more entries, when it does not. */
  get failure(): ShuntError | undefined {
    return this.#failure;
  }

  async append(expectedSeq: number, events: readonly LedgerEvent[]): Promise<AppendResult> {
    const at = new Date().toISOString();
    const reply = await this.#ask((id) => ({ id, type: 'append', request: { expectedSeq, events }, at }));
    if (reply.type !== 'append')
      throw new ShuntError('internal', 'append to the ledger: the worker answered something else');
    return reply.result;
  }

  async read(fromSeq: number, limit = Number.MAX_SAFE_INTEGER): Promise<readonly LedgerEntry[]> {
    const all: LedgerEntry[] = [];
    for (;;) {
      const from = fromSeq + all.length;
      const chunk = Math.min(readChunk, limit - all.length);
      const reply = await this.#ask((id) => ({ id, type: 'read', fromSeq: from, limit: chunk }));
      if (reply.type !== 'read')
        throw new ShuntError('internal', 'read the ledger: the worker answered something else');
      all.push(...reply.entries);
      if (reply.entries.length < chunk || all.length >= limit) return all;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#failure) await this.#ask((id) => ({ id, type: 'close' })).catch(() => undefined); // already gone: nothing to close
    await this.#worker.terminate();
    this.#lock[Symbol.dispose]();
  }

  #ask(make: (id: number) => WorkerRequest): Promise<WorkerReply> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#pending.size >= pendingMax)
      return Promise.reject(new ShuntError('limit-reached', 'use the ledger: too many requests wait'));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage(make(id));
    });
  }

  #settle(reply: WorkerReply): void {
    switch (reply.type) {
      case 'opened':
      case 'open-failed':
        return;
      case 'append':
      case 'read':
      case 'closed':
        this.#take(reply.id)?.resolve(reply);
        return;
      case 'failed':
        if (reply.failure.detail['reason'] === 'dead') this.#failure = errorOf(reply.failure);
        this.#take(reply.id)?.reject(errorOf(reply.failure));
        return;
      default:
        assertNever(reply);
    }
  }

  #take(id: number) {
    const waiting = this.#pending.get(id);
    this.#pending.delete(id);
    return waiting;
  }

  #lose(cause: unknown): void {
    this.#failure ??= new ShuntError('ledger-failed', 'use the ledger', { cause, detail: { reason: 'dead' } });
    for (const waiting of this.#pending.values()) waiting.reject(this.#failure);
    this.#pending.clear();
  }
}

/** The worker lies beside this file in the sources, and beside the bundle in a release. */
function workerUrl(): URL {
  const fromSources = import.meta.url.endsWith('.ts');
  return new URL(fromSources ? './ledger-worker.ts' : './ledger-worker.mjs', import.meta.url);
}

function opened(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('message', (reply: WorkerReply) => {
      if (reply.type === 'opened') resolve();
      else if (reply.type === 'open-failed') reject(errorOf(reply.failure));
      else reject(new ShuntError('internal', 'open the ledger: the worker answered something else'));
    });
    worker.once('error', (error) =>
      reject(new ShuntError('ledger-failed', 'start the ledger worker', { cause: error })),
    );
  });
}

function errorOf(failure: WorkerFailure): ShuntError {
  return new ShuntError(failure.code, failure.message, { detail: failure.detail });
}
