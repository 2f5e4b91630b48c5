import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../../lab/command.ts';
import { projectRoot } from './made-release.ts';

/** A place to build at, and what is set there. */
export interface CloneBuild {
  readonly folder: string;
  readonly commit: string;
  readonly umask: string;
  readonly env: Readonly<Record<string, string>>;
  /** A program that starts the build, with its arguments. */
  readonly through?: readonly string[];
}

/** Two builders of what was committed last that have as little in common as two machines with the same tools. */
export async function clonesOf(folder: string): Promise<readonly [CloneBuild, CloneBuild]> {
  const commit = (await run(['git', '-c', 'safe.directory=*', '-C', projectRoot, 'rev-parse', 'HEAD'])).trim();
  const one = { TZ: 'UTC', LC_ALL: 'C', DPKG_DEB_THREADS_MAX: '1' };
  const other = { TZ: 'Asia/Tokyo', LC_ALL: 'C.UTF-8', HOME: '/nonexistent', DPKG_DEB_THREADS_MAX: '3' };
  return [
    { folder: join(folder, 'first'), commit, umask: '022', env: one },
    { folder: join(folder, 'second/deeper'), commit, umask: '077', env: other },
  ];
}

/** Releases a commit from a clone of its own; the packages of this tree are mounted where npm would have put them. */
export async function buildClone(build: CloneBuild, options: readonly string[], timeoutMs = 180_000): Promise<void> {
  const clone = join(build.folder, 'clone');
  await run(['git', '-c', 'safe.directory=*', 'clone', '--quiet', '--shared', projectRoot, clone]);
  await run(['git', '-C', clone, 'checkout', '--quiet', '--detach', build.commit]);
  mkdirSync(join(clone, 'node_modules'));
  const script = 'mount --bind "$1" "$2" && umask "$3" && shift 3 && exec "$@"';
  const bind = [join(projectRoot, 'node_modules'), join(clone, 'node_modules')];
  const env = Object.entries(build.env).map(([name, value]) => `${name}=${value}`);
  const out = join(build.folder, 'out');
  const release = [process.execPath, join(clone, 'scripts/release/main.ts'), '--no-fetch', '--out', out, ...options];
  const inside = ['sh', '-c', script, 'sh', ...bind, build.umask, 'env', ...env, ...(build.through ?? []), ...release];
  await run(['unshare', '--mount', '--propagation', 'private', ...inside], { timeoutMs });
}

/** Name and hash of every file of a folder. */
export function hashesOf(folder: string): readonly string[] {
  return readdirSync(folder).map(
    (name) =>
      `${name} ${createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex')}`,
  );
}
