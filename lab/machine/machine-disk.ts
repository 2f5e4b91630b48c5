import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { run, tryRun, until } from '../command.ts';
import type { MachinePaths } from './machine-place.ts';

/**
 * `memory`: all that was written survives a power cut. `image`: ext4 on a loop device, and only what had reached it by then
 * (fsync, or the kernel's own writeback) survives.
 */
export type DiskKind = 'memory' | 'image';

const IMAGE_SIZE = '2G'; // sparse

/** Makes an empty disk and attaches it. */
export async function createDisk(paths: MachinePaths, kind: DiskKind): Promise<void> {
  mkdirSync(paths.disk);
  if (kind === 'image') {
    await run(['truncate', '-s', IMAGE_SIZE, paths.image]);
    await run(['mkfs.ext4', '-q', '-E', 'lazy_itable_init=1,nodiscard', paths.image]);
  }
  await attachDisk(paths, kind);
}

/** What a power cut leaves: a memory disk is as it was; an image is as it was at this moment, without what the kernel still held. */
export async function cutDisk(paths: MachinePaths, kind: DiskKind): Promise<void> {
  if (kind === 'memory') return;
  await run(['cp', '--sparse=always', paths.image, `${paths.image}.cut`]);
  await detachDisk(paths);
  renameSync(`${paths.image}.cut`, paths.image);
  await attachDisk(paths, kind);
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
