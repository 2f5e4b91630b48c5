import { closeSync, openSync } from 'node:fs';
import { lastErrno, libc, nativeFailure } from './libc.ts';

const LOCK_EX = 2;
const LOCK_NB = 4;

/** A lock on a file that ends with its process, however that ends (flock(2)). The file itself stays. */
export class FileLock implements Disposable {
  #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** Undefined when another process (or another lock of this one) holds it. */
  static tryAcquire(path: string): FileLock | undefined {
    const fd = openSync(path, 'a', 0o600);
    if (libc().flock(fd, LOCK_EX | LOCK_NB) === 0) return new FileLock(fd);
    const held = lastErrno() === 'EAGAIN';
    const error = held ? undefined : nativeFailure(`locking ${path}`, { path });
    closeSync(fd);
    if (error !== undefined) throw error;
    return undefined;
  }

  [Symbol.dispose](): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }
}
