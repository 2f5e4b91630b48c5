import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { runShown } from './run-shown.ts';

/** Debian's kernel, unpacked in the cache. */
export interface CachedKernel {
  /** What `uname -r` says in the machine. */
  readonly release: string;
  /** Package and version. */
  readonly name: string;
  readonly vmlinuz: string;
  /** What `/lib/modules/<release>` holds. */
  readonly modules: string;
}

const packageName = /^linux-image-\S+_\S+$/;
/** One download of 70 MB by a slow line; whoever waits for it waits as long. */
const fetchLimitSeconds = 900;

/** `SHUNT_CACHE`, else the user's cache folder (XDG Base Directory). */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env['SHUNT_CACHE'] ?? join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'shunt');
}

/**
 * The newest kernel of the cache; fetched first when there is none, or when `fresh` asks for today's. One fetches, others wait for it.
 * Before use, the kernel and the given modules (paths below `modules`) are compared with the sums taken when they were unpacked.
 */
export async function ensureKernel(options: {
  readonly fresh?: boolean;
  readonly needs: (kernel: CachedKernel) => readonly string[];
}): Promise<CachedKernel> {
  const folder = join(cacheFolder(), 'vm');
  if (options.fresh || !newestIn(folder)) await fetchKernel(folder, options.fresh ?? false);
  const kernel = newestIn(folder);
  if (!kernel) throw new Error(`no kernel in ${folder}, although it was fetched; remove that folder and try again`);
  checkSums(kernel, options.needs(kernel));
  return kernel;
}

function newestIn(folder: string): CachedKernel | undefined {
  if (!existsSync(folder)) return undefined;
  const [newest] = readdirSync(folder)
    .filter((name) => packageName.test(name))
    .map((name) => ({ name, path: join(folder, name), time: statSync(join(folder, name)).mtimeMs }))
    .toSorted((a, b) => b.time - a.time);
  if (!newest) return undefined;
  const { name, path } = newest;
  const release = readFileSync(join(path, 'release'), 'utf8').trim();
  return { release, name, vmlinuz: join(path, 'vmlinuz'), modules: join(path, 'modules') };
}

/** flock(1) holds the lock as long as the script lives, and no longer, however it ends. */
async function fetchKernel(folder: string, fresh: boolean): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const script = join(import.meta.dirname, 'fetch-kernel.sh');
  const status = await runShown([
    ...['flock', '--timeout', String(fetchLimitSeconds), join(folder, '.lock')],
    ...['timeout', String(fetchLimitSeconds), 'sh', script, folder, fresh ? 'fresh' : 'any'],
  ]);
  if (status === 0) return;
  throw new Error(
    'the kernel for the virtual machine could not be had (why stands above); once fetched it is kept, and no network is needed',
  );
}

function checkSums(kernel: CachedKernel, needs: readonly string[]): void {
  const folder = join(kernel.modules, '..');
  const sums = new Map(
    readFileSync(join(folder, 'SHA256SUMS'), 'utf8')
      .split('\n')
      .map((line) => [line.slice(66), line.slice(0, 64)] as const),
  );
  for (const path of ['./release', './vmlinuz', './modules/modules.dep', ...needs.map((need) => `./modules/${need}`)]) {
    const found = createHash('sha256')
      .update(readFileSync(join(folder, path)))
      .digest('hex');
    if (sums.get(path) !== found) throw new Error(`${join(folder, path)} is not what was unpacked: remove ${folder}`);
  }
}
