import { closeSync, fdatasync, fdatasyncSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncDirectorySync } from './atomic-file.ts';
import { encodeRecord, type JsonRecord, readRecords } from './records.ts';
import { ShuntError } from './shunt-error.ts';

/**
 * Appends checksummed records to a file. A write or a sync that failed is final: the kernel may have thrown the dirty page away and
 * would report success the next time, so the writer is dead ever after.
 */
export class RecordWriter implements Disposable {
  readonly path: string;
  #fd: number;
  #bytes: number;
  #failure: ShuntError | undefined;
  #syncing = 0;
  #closing = false;

  private constructor(path: string, fd: number, bytes: number) {
    this.path = path;
    this.#fd = fd;
    this.#bytes = bytes;
  }

  /** Makes a new file; one that exists is an error (`already-exists`). The name is on disk when this returns. */
  static create(path: string, options: { readonly mode?: number } = {}): RecordWriter {
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
      return new RecordWriter(path, fd, 0);
    });
  }

  /** Opens a file to go on with it. A torn tail is cut off first; damage in the middle is refused (`records-corrupt`). */
  static reopen(path: string): {
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
      return { writer: new RecordWriter(path, fd, validBytes), records, tornBytes };
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
      for (let done = 0; done < line.length; ) done += writeSync(fd, line, done);
    });
    this.#bytes += line.length;
  }

  /** fdatasync(2), blocking the event loop: 60 us on a fast disk, 10 ms on a slow one. */
  sync(): void {
    this.#attempt('syncing', fdatasyncSync);
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
