import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runProgram } from '../run-program.ts';
import { type Arch, elfMachineOf, nativePackages } from './arch.ts';
import { type LockedPackage, lockedAt } from './lock-file.ts';

/** The machine code of one CPU, in files of this machine. */
export interface NativeCode {
  readonly node: { readonly file: string; readonly license: string; readonly locked: LockedPackage };
  readonly koffi: { readonly file: string; readonly locked: LockedPackage };
}

export interface NativeOptions {
  readonly root: string;
  readonly lock: ReadonlyMap<string, LockedPackage>;
  readonly say: (line: string) => void;
  /** `false`: what is not here is an error. */
  readonly fetch: boolean;
}

/** For one package of 50 MB. */
const fetchMs = 300_000;

/** Whether a CPU's Node and koffi are here already, so that nothing would be fetched. */
export function hasNativeCode(arch: Arch, { root, lock }: Pick<NativeOptions, 'root' | 'lock'>): boolean {
  const { nodePackage, koffiPackage } = nativePackages[arch];
  return [nodePackage, koffiPackage].every(
    (name) => folderHere(lockedAt(lock, `node_modules/${name}`), root) !== undefined,
  );
}

/**
 * Node and koffi for a CPU: from node_modules, or, for another CPU than this machine's, fetched with npm into a cache below node_modules,
 * against the hashes of package-lock.json.
 */
export async function nativeCode(arch: Arch, options: NativeOptions): Promise<NativeCode> {
  const { nodePackage, koffiPackage, koffiFile, elfMachine } = nativePackages[arch];
  const node = lockedAt(options.lock, `node_modules/${nodePackage}`);
  const koffi = lockedAt(options.lock, `node_modules/${koffiPackage}`);
  const nodeFolder = await packageFolder(node, options);
  const koffiFolder = await packageFolder(koffi, options);
  const code = {
    node: { file: join(nodeFolder, 'bin/node'), license: join(nodeFolder, 'LICENSE'), locked: node },
    koffi: { file: join(koffiFolder, koffiFile), locked: koffi },
  };
  for (const file of [code.node.file, code.koffi.file]) {
    if (elfMachineOf(file) !== elfMachine) throw new Error(`${file} is no machine code of ${arch}`);
  }
  return code;
}

/** Where a package is on this machine: installed, or fetched before. */
function folderHere(locked: LockedPackage, root: string): string | undefined {
  const installed = join(root, locked.path);
  if (existsSync(join(installed, 'package.json'))) return installed;
  const cached = cachedFolder(locked, root);
  return existsSync(cached) ? cached : undefined;
}

function cachedFolder(locked: LockedPackage, root: string): string {
  return join(root, 'node_modules/.cache/shunt-release', `${locked.name.replaceAll('/', '-')}-${locked.version}`);
}

async function packageFolder(locked: LockedPackage, { root, say, fetch }: NativeOptions): Promise<string> {
  const here = folderHere(locked, root);
  if (here !== undefined) return here;
  const name = `${locked.name}@${locked.version}`;
  if (!fetch) throw new Error(`${name} is not here, and --no-fetch was said`);
  const target = cachedFolder(locked, root);
  const cache = dirname(target);
  say(`will fetch with npm: ${name}, into ${cache}`);
  say('  why: a release has the Node and the koffi of its CPU inside, and node_modules has only those of this machine');
  mkdirSync(cache, { recursive: true });
  await fetchPackage(locked, target, cache);
  return target;
}

/** Into a folder beside it first: what stands at `target` is whole. */
async function fetchPackage(locked: LockedPackage, target: string, cache: string): Promise<void> {
  const work = mkdtempSync(join(cache, '.fetch-'));
  try {
    await run(
      'npm',
      ['pack', `${locked.name}@${locked.version}`, '--pack-destination', work, '--loglevel=error'],
      work,
    );
    const [archive = ''] = readdirSync(work).filter((name) => name.endsWith('.tgz'));
    const integrity = `sha512-${createHash('sha512')
      .update(readFileSync(join(work, archive)))
      .digest('base64')}`;
    if (integrity !== locked.integrity) {
      throw new Error(`${locked.name}@${locked.version} is not what package-lock.json names: it has ${integrity}`);
    }
    await run('tar', ['-xzf', archive, '--no-same-owner'], work);
    renameSync(join(work, 'package'), target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function run(command: string, args: readonly string[], cwd: string): Promise<void> {
  const { status, output } = await runProgram(command, args, { cwd, limitMs: fetchMs });
  if (status !== 0) throw new Error(`${command} ${args[0]} ended with status ${status}:\n${output}`);
}
