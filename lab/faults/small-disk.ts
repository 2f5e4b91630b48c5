import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../command.ts';
import { type Fault, standingFault } from './fault.ts';

const FILLER = 'filler';
const CHUNK_BYTES = 64 * 1024;

/** A folder that is a disk of its own, of a few kilobytes up. */
export interface SmallDisk extends Fault {
  readonly dir: string;
  /** Writes until nothing fits any more. */
  fill(): void;
  /** Takes back what {@link fill} wrote. */
  free(): void;
}

/** Mounts a tmpfs of a size over a folder (made if it is not there). Its end unmounts it: what was in it is gone. */
export async function smallDisk(dir: string, bytes: number): Promise<SmallDisk> {
  mkdirSync(dir, { recursive: true });
  await run(['mount', '-t', 'tmpfs', '-o', `size=${bytes},mode=0700`, 'shunt-small-disk', dir]);
  const filler = join(dir, FILLER);
  return {
    ...standingFault(`${dir} is a disk of ${bytes} bytes`, () => run(['umount', '--lazy', dir])),
    dir,
    fill: () => fillWith(filler),
    free: () => rmSync(filler, { force: true }),
  };
}

/** Larger pieces first, then bytes: the last block is full too. */
function fillWith(path: string): void {
  const fd = openSync(path, 'a');
  try {
    for (let size = CHUNK_BYTES; size >= 1; size = Math.floor(size / 16)) writeUntilFull(fd, size);
  } finally {
    closeSync(fd);
  }
}

function writeUntilFull(fd: number, size: number): void {
  const chunk = Buffer.alloc(size, 1);
  for (;;) {
    try {
      if (writeSync(fd, chunk) < size) return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return;
      throw error;
    }
  }
}

/** Makes a folder read-only for whoever opens something in it from now on, root too. Files that are open for writing stay so. */
export async function readOnly(dir: string): Promise<Fault> {
  await run(['mount', '--bind', dir, dir]);
  await run(['mount', '-o', 'remount,bind,ro', dir]);
  return standingFault(`${dir} is read-only`, () => run(['umount', '--lazy', dir]));
}
