import { closeSync, fdatasync, fdatasyncSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncDirectorySync } from './atomic-file.ts';
import { encodeRecord, type JsonRecord, readRecords } from './records.ts';
import { ShuntError } from './shunt-error.ts';

/** Stands in the way of writes, for tests of what follows from a failed one. What it throws is a failed write. */
export interface WriteFaults {
  at(moment: WriteMoment, what: JsonRecord | 'sync'): void;
}

/** `middle`: the first half of a record's line is written, the second is not. A sync has none. */
export type WriteMoment = 'before' | 'middle' | 'after';

export interface RecordWriterOptions {
  /** Default 0600; of a new file only. */
  readonly mode?: number;
  readonly faults?: WriteFaults | undefined;
}

/**
 * Appends checksummed records to a file. A write or a sync that failed is final: the kernel may have thrown the dirty page away and
 * would report success the next time, so the writer is dead ever after.
 */
export class RecordWriter implements Disposable {
  readonly path: string;
  readonly #faults: WriteFaults | undefined;
  #fd: number;
  #bytes: number;
  #failure: ShuntError | undefined;
  #syncing = 0;
  #closing = false;

  private constructor(path: string, opened: { readonly fd: number; readonly bytes: number }, faults?: WriteFaults) {
    this.path = path;
    this.#fd = opened.fd;
    this.#bytes = opened.bytes;
    this.#faults = faults;
  }

  /** Makes a new file; one that exists is an error (`already-exists`). The name is on disk when this returns. */
  static create(path: string, options: RecordWriterOptions = {}): RecordWriter {
    let fd: number;
    try {
      fd = openSync(path, 'ax', options.mode ?? 0o600);
    } catch (cause) {
      const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
      throw new ShuntError(exists ? 'already-exists' : 'io-failed', `creating ${path}`, { cause, detail: { path } });
    }
    return opened(path, fd, () => {
      fsyncSync(fd);
      syncDirectorySync(dirname(path));
      return new RecordWriter(path, { fd, bytes: 0 }, options.faults);
    });
  }

  /** Opens a file to go on with it. A torn tail is cut off first; damage in the middle is refused (`records-corrupt`). */
  static reopen(
    path: string,
    options: Pick<RecordWriterOptions, 'faults'> = {},
  ): {
    readonly writer: RecordWriter;
    readonly records: readonly JsonRecord[];
    readonly tornBytes: number;
  } {
    const { records, validBytes, tornBytes } = readRecords(path);
    let fd: number;
    try {
      fd = openSync(path, 'a');
    } catch (cause) {
      throw new ShuntError('io-failed', `opening ${path}`, { cause, detail: { path } });
    }
    return opened(path, fd, () => {
      if (tornBytes > 0) ftruncateSync(fd, validBytes);
      fsyncSync(fd); // what is there may never have been synced: what we build on must be
      const writer = new RecordWriter(path, { fd, bytes: validBytes }, options.faults);
      return { writer, records, tornBytes };
    });
  }

  /** Length of the file. */
  get bytes(): number {
    return this.#bytes;
  }

  get dead(): boolean {
    return this.#failure !== undefined;
  }

  /** write(2) into the page cache: survives kill -9 of this process, not a power cut before the next sync. */
  append(record: JsonRecord): void {
    const line = Buffer.from(encodeRecord(record));
    this.#attempt('writing', (fd) => {
      if (this.#faults === undefined) writeAll(fd, line);
      else writeWith(this.#faults, { fd, line, record });
    });
    this.#bytes += line.length;
  }

  /** fdatasync(2), blocking the event loop: 60 us on a fast disk, 10 ms on a slow one. */
  sync(): void {
    this.#attempt('syncing', (fd) => {
      this.#faults?.at('before', 'sync');
      fdatasyncSync(fd);
      this.#faults?.at('after', 'sync');
    });
  }

  /** fdatasync(2) on a worker thread, for what was appended before the call. */
  syncAsync(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.#syncing += 1;
    return new Promise((resolve, reject) => {
      fdatasync(this.#fd, (cause) => {
        this.#syncing -= 1;
        if (cause === null) resolve();
        else reject(this.#die('syncing', cause));
        if (this.#closing) this.#close();
      });
    });
  }

  [Symbol.dispose](): void {
    this.#failure ??= new ShuntError('io-failed', `writing ${this.path} after it was closed`, {
      detail: { path: this.path },
    });
    this.#closing = true;
    if (this.#syncing === 0) this.#close(); // else the descriptor is still in use by a worker thread
  }

  #close(): void {
    if (this.#fd < 0 || this.#syncing > 0) return;
    closeSync(this.#fd);
    this.#fd = -1;
  }

  #attempt(doing: string, body: (fd: number) => void): void {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      body(this.#fd);
    } catch (cause) {
      throw this.#die(doing, cause);
    }
  }

  #die(doing: string, cause: unknown): ShuntError {
    this.#failure ??= new ShuntError('io-failed', `${doing} ${this.path}`, { cause, detail: { path: this.path } });
    return this.#failure;
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
}

function writeWith(
  faults: WriteFaults,
  { fd, line, record }: { readonly fd: number; readonly line: Buffer; readonly record: JsonRecord },
): void {
  const half = line.length >> 1;
  faults.at('before', record);
  writeAll(fd, line.subarray(0, half));
  faults.at('middle', record);
  writeAll(fd, line.subarray(half));
  faults.at('after', record);
}

function opened<T>(path: string, fd: number, body: () => T): T {
  try {
    return body();
  } catch (cause) {
    closeSync(fd);
    throw cause instanceof ShuntError
      ? cause
      : new ShuntError('io-failed', `preparing ${path}`, { cause, detail: { path } });
  }
}
