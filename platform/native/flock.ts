import { closeSync, openSync } from 'node:fs';
import { ShuntError } from '../shunt-error.ts';
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
    const fd = openLockFile(path);
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

/** Made where it is not there. On a disk that takes no writes any more one that is there will do: flock(2) does not ask how a file was opened. */
function openLockFile(path: string): number {
  try {
    return openSync(path, 'a', 0o600);
  } catch (cause) {
    try {
      if (isUnwritable(cause)) return openSync(path, 'r');
    } catch {
      // There is none: what stands in the way of making it says more.
    }
    throw new ShuntError('io-failed', `opening ${path}`, { cause, detail: { path } });
  }
}

function isUnwritable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EROFS' || error.code === 'EACCES');
}
