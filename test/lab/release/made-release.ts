import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../../lab/command.ts';
import { type Arch, ownArch } from '../../../scripts/release/arch.ts';

export const projectRoot = join(import.meta.dirname, '../../..');

/** What `npm run release` put into a folder. */
export interface MadeRelease {
  readonly folder: string;
  readonly deb: string;
  readonly tarball: string;
  readonly sbom: string;
}

/** A folder for releases, gone with its scope. */
export class ReleaseFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'shunt-release-'));

  /** Runs the release of this tree, not compressed: to compress Node takes a minute. */
  async make(name: string, options: readonly string[]): Promise<MadeRelease> {
    const folder = join(this.path, name);
    mkdirSync(folder);
    const script = join(projectRoot, 'scripts/release/main.ts');
    const argv = [process.execPath, '--disable-warning=ExperimentalWarning', script, '--quick', '--out', folder];
    await run([...argv, ...options], { timeoutMs: 180_000 });
    return madeIn(folder);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export function madeIn(folder: string): MadeRelease {
  const named = (end: string) => join(folder, readdirSync(folder).find((name) => name.endsWith(end)) ?? `no ${end}`);
  return { folder, deb: named('.deb'), tarball: named('.tar'), sbom: named('.cdx.json') };
}

/** Tests run where a release can be made for. */
export function thisArch(): Arch {
  const arch = ownArch();
  if (arch === undefined) throw new Error(`no release is made for ${process.arch}`);
  return arch;
}
