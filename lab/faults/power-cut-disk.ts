import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../command.ts';
import { type Fault, standingFault } from './fault.ts';

const IMAGE_BYTES = 16 * 1024 * 1024;

/** A file system of its own, whose power can be cut. */
export interface PowerCutDisk extends Fault {
  /** Where it is mounted. */
  readonly dir: string;
  /**
   * What a power cut at this moment leaves, mounted in a folder of its own after the file system's own recovery: what was synced,
   * and of the rest what the kernel happened to have written. The disk itself goes on.
   */
  cut(): Promise<SurvivingDisk>;
}

export interface SurvivingDisk extends Fault {
  readonly dir: string;
}

/** Makes an ext4 on a loop device under a scratch folder, which its end removes. */
export async function powerCutDisk(scratch: string): Promise<PowerCutDisk> {
  const image = join(scratch, 'disk.img');
  const dir = join(scratch, 'disk');
  mkdirSync(dir, { recursive: true });
  writeFileSync(image, '');
  await run(['truncate', '-s', String(IMAGE_BYTES), image]);
  // No delay that syncs behind the test's back: the journal commits by itself once an hour only.
  await run(['mkfs.ext4', '-q', '-F', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image]);
  await run(['mount', '-o', 'loop,commit=3600', image, dir]);
  let cuts = 0;
  const fault = standingFault(`${dir} may lose its power`, async () => {
    await run(['umount', dir]);
    rmSync(scratch, { recursive: true, force: true });
  });
  return {
    ...fault,
    dir,
    cut: () => {
      cuts += 1;
      return survivorOf(image, join(scratch, `cut-${cuts}`));
    },
  };
}

/** The copy is what the device had been given; what was still in the file system's own memory is not in it. */
async function survivorOf(image: string, dir: string): Promise<SurvivingDisk> {
  const copy = `${dir}.img`;
  copyFileSync(image, copy);
  mkdirSync(dir);
  await run(['mount', '-o', 'loop', copy, dir]);
  const fault = standingFault(`${dir} is what survived`, async () => {
    await run(['umount', dir]);
    rmSync(dir, { recursive: true });
    rmSync(copy);
  });
  return { ...fault, dir };
}
