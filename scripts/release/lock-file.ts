import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), integrity: z.string().optional(), license: z.string().optional() }),
  ),
});

/** A package at the version and with the hash that package-lock.json names. */
export interface LockedPackage {
  /** `node_modules/@grpc/grpc-js`; the last part is its name. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  /** `sha512-…`, base64. */
  readonly integrity: string;
  readonly license: string;
}

/** By path inside the project. */
export function readLockFile(root: string): ReadonlyMap<string, LockedPackage> {
  const { packages } = lockSchema.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  return new Map(
    Object.entries(packages).flatMap(([path, { version, integrity, license }]) => {
      if (path === '' || version === undefined || integrity === undefined) return [];
      const name = path.replace(/^.*node_modules\//, '');
      return [[path, { path, name, version, integrity, license: license ?? '' }] as const];
    }),
  );
}

/** The entry of a package; not there is a fault of the lock file. */
export function lockedAt(lock: ReadonlyMap<string, LockedPackage>, path: string): LockedPackage {
  const locked = lock.get(path);
  if (locked === undefined) throw new Error(`package-lock.json has no ${path}`);
  return locked;
}
