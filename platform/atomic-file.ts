import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ShuntError } from './shunt-error.ts';

export interface AtomicFileOptions {
  /** Permission bits of the new file, default 0600. */
  readonly mode?: number;
}

/**
 * Replaces a file so that a reader, also one after a power cut, sees the old or the new content whole: temporary file, fsync,
 * rename, fsync of the directory. One writer a path at a time.
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  options: AtomicFileOptions = {},
): Promise<void> {
  const temporary = temporaryName(path);
  try {
    const file = await open(temporary, 'w', options.mode ?? 0o600);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined); // the first error is the one to tell
    throw new ShuntError('io-failed', `replacing ${path}`, { cause, detail: { path } });
  }
}

/** As {@link writeFileAtomic}, blocking. */
export function writeFileAtomicSync(path: string, data: string | Uint8Array, options: AtomicFileOptions = {}): void {
  const temporary = temporaryName(path);
  try {
    const fd = openSync(temporary, 'w', options.mode ?? 0o600);
    try {
      writeFileSync(fd, data);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
    syncDirectorySync(dirname(path));
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new ShuntError('io-failed', `replacing ${path}`, { cause, detail: { path } });
  }
}

/** Makes a created, renamed or removed name in `dir` survive a power cut. */
export function syncDirectorySync(dir: string): void {
  const fd = openSync(dir, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function temporaryName(path: string): string {
  return `${path}.new`; // a fixed name: what a crash leaves behind is overwritten by the next write, not piled up
}
