import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { run } from '../../../lab/command.ts';
import { type Arch, arches, ownArch } from '../../../scripts/release/arch.ts';
import { readLockFile } from '../../../scripts/release/lock-file.ts';
import { hasNativeCode } from '../../../scripts/release/native-code.ts';

export const projectRoot = join(import.meta.dirname, '../../..');

/** What `npm run release` put into a folder. */
export interface MadeRelease {
  readonly folder: string;
  readonly deb: string;
  readonly tarball: string;
  readonly sbom: string;
}

/** Releases of this tree in a folder that is gone with its scope. Nothing is fetched for them. */
export class ReleaseFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'shunt-release-'));

  /** Not compressed: to compress Node takes a minute. */
  async make(name: string, options: readonly string[]): Promise<MadeRelease> {
    const folder = join(this.path, name);
    mkdirSync(folder);
    const script = join(projectRoot, 'scripts/release/main.ts');
    const own = ['--quick', '--no-fetch', '--out', folder];
    const argv = [process.execPath, '--disable-warning=ExperimentalWarning', script, ...own, ...options];
    await run(argv, { timeoutMs: 180_000 });
    return madeIn(folder);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** This tree under two names, made once for all tests of a file; the older one for all CPUs that are here. */
export class Versions implements Disposable {
  readonly folder: ReleaseFolder;
  readonly older: MadeRelease;
  readonly newer: MadeRelease;

  private constructor(folder: ReleaseFolder, older: MadeRelease, newer: MadeRelease) {
    this.folder = folder;
    this.older = older;
    this.newer = newer;
  }

  static async make(): Promise<Versions> {
    const folder = new ReleaseFolder();
    try {
      const make = (name: keyof typeof versions, builtFor: readonly Arch[]) =>
        folder.make(name, ['--version', versions[name], ...builtFor.flatMap((arch) => ['--arch', arch])]);
      const [older, newer] = await Promise.all([make('older', archesHere()), make('newer', [thisArch()])]);
      return new Versions(folder, older, newer);
    } catch (cause) {
      folder[Symbol.dispose]();
      throw cause;
    }
  }

  /** A file of them below the folder. */
  path(file: string): string {
    return relative(this.folder.path, file);
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}

/** In the order in which dpkg has them, and not in that of their letters. */
export const versions = { older: '7.0.9', newer: '7.0.10' } as const;

/** What is there for a CPU. */
export function madeIn(folder: string, arch: Arch = thisArch()): MadeRelease {
  const files = readdirSync(folder).filter((name) => name.includes(arch));
  const named = (end: string) => join(folder, files.find((name) => name.endsWith(end)) ?? `no ${end}`);
  return { folder, deb: named('.deb'), tarball: named('.tar'), sbom: named('.cdx.json') };
}

/** CPUs that a release can be made for here: `npm test` downloads nothing. */
export function archesHere(): readonly Arch[] {
  const lock = readLockFile(projectRoot);
  return arches.filter((arch) => hasNativeCode(arch, { root: projectRoot, lock }));
}

/** Tests run where a release can be made for. */
export function thisArch(): Arch {
  const arch = ownArch();
  if (arch === undefined) throw new Error(`no release is made for ${process.arch}`);
  return arch;
}
