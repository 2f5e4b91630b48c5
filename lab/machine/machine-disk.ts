import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { run, tryRun, until } from '../command.ts';
import type { MachinePaths } from './machine-place.ts';

/**
 * `memory`: all that was written survives a power cut. `image`: ext4 on a loop device, and only what had reached it by then
 * (fsync, or the kernel's own writeback) survives.
 */
export type DiskKind = 'memory' | 'image';

const IMAGE_SIZE = '2G'; // sparse
const COPIES_MAX = 20;

/** Makes an empty disk and attaches it. */
export async function createDisk(paths: MachinePaths, kind: DiskKind): Promise<void> {
  mkdirSync(paths.disk);
  if (kind === 'image') {
    await run(['truncate', '-s', IMAGE_SIZE, paths.image]);
    await run(['mkfs.ext4', '-q', '-E', 'lazy_itable_init=1,nodiscard', paths.image]);
  }
  await attachDisk(paths, kind);
}

/**
 * Keeps what a power cut at this moment would leave of an image: what the kernel has not written yet is not in it. Nobody may write
 * meanwhile; the kernel itself may, then the copy is made again.
 */
export async function copyDisk(paths: MachinePaths, kind: DiskKind): Promise<void> {
  if (kind === 'memory') return;
  for (let attempt = 0; attempt < COPIES_MAX; attempt += 1) {
    const before = statSync(paths.image, { bigint: true }).mtimeNs;
    await run(['cp', '--sparse=always', paths.image, cutOf(paths)]);
    if (statSync(paths.image, { bigint: true }).mtimeNs === before) return;
  }
  throw new Error(`${paths.image} was written to during each of ${COPIES_MAX} copies`);
}

/** Puts the kept copy in the disk's place. The machine's mounts are gone: their end has written to the old one what was lost. */
export async function loseUnsynced(paths: MachinePaths, kind: DiskKind): Promise<void> {
  if (kind === 'memory') return;
  await detachDisk(paths);
  renameSync(cutOf(paths), paths.image);
  await attachDisk(paths, kind);
}

function cutOf(paths: MachinePaths): string {
  return `${paths.image}.cut`;
}

/** Unmounts the disk (a memory disk is gone with that) and gives its loop device back. */
export async function detachDisk(paths: MachinePaths): Promise<void> {
  const unmounted = async () => {
    if (!isMounted(paths.disk)) return true;
    await tryRun(['umount', paths.disk]); // the machine's own mount namespace ends a moment after its last process
    return isMounted(paths.disk) ? undefined : true;
  };
  await until(`${paths.disk} to be unmounted`, unmounted, { timeoutMs: 10_000, everyMs: 50 });
  if (!existsSync(paths.image)) return;
  const { stdout } = await tryRun(['losetup', '--noheadings', '--output', 'NAME', '--associated', paths.image]);
  for (const device of stdout.split('\n').filter(Boolean)) await tryRun(['losetup', '--detach', device.trim()]);
}

export async function destroyDisk(paths: MachinePaths): Promise<void> {
  await detachDisk(paths);
  rmSync(paths.image, { force: true });
}

async function attachDisk(paths: MachinePaths, kind: DiskKind): Promise<void> {
  const source =
    kind === 'memory' ? ['-t', 'tmpfs', '-o', 'mode=0755', 'tmpfs'] : ['-t', 'ext4', '-o', 'loop', paths.image];
  await run(['mount', ...source, paths.disk]);
}

function isMounted(path: string): boolean {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[4] === path);
}
