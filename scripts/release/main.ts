/**
 * `npm run release`: tarballs, Debian packages, bills of materials and their hashes in dist/release, for all CPUs on one machine.
 * The same commit gives the same bytes in any folder and at any time, by the same dpkg-deb, tar and xz, from clones with the same tags.
 *
 *   npm run release                          everything
 *   npm run release -- --arch amd64          one CPU
 *   npm run release -- --quick               not compressed: for tests
 *   npm run release -- --version 0.2.0       a name of its own; by default package.json and git say it
 *   npm run release -- --out DIR --no-deb --no-tarball
 *   npm run release -- --no-fetch            an error where npm would have to fetch another CPU's Node
 */
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import packageJson from '../../package.json' with { type: 'json' };
import { runProgram } from '../run-program.ts';
import { type Arch, arches, ownArch } from './arch.ts';
import { type LockedPackage, readLockFile } from './lock-file.ts';
import { makeDeb } from './make-deb.ts';
import { makeTarball } from './make-tarball.ts';
import { nativeCode } from './native-code.ts';
import { type ReleaseVersion, readCheckout, releaseVersion } from './release-version.ts';
import { type ReleaseFile, releaseFiles, type Shared, sbomOf, sharedFiles } from './tree.ts';

const root = join(import.meta.dirname, '../..');

interface Wanted {
  readonly arches: readonly Arch[];
  readonly out: string;
  readonly compress: boolean;
  readonly deb: boolean;
  readonly tarball: boolean;
  readonly version: string | undefined;
  readonly fetch: boolean;
}

interface Making {
  readonly wanted: Wanted;
  readonly release: ReleaseVersion;
  readonly lock: ReadonlyMap<string, LockedPackage>;
  readonly shared: Shared;
  readonly work: string;
}

const say = (line: string): void => {
  process.stderr.write(`release: ${line}\n`);
};

function wantedOf(argv: readonly string[]): Wanted {
  const { values } = parseArgs({
    args: [...argv],
    allowNegative: true,
    options: {
      'arch': { type: 'string', multiple: true },
      'out': { type: 'string', default: join(root, 'dist/release') },
      'quick': { type: 'boolean', default: false },
      'deb': { type: 'boolean', default: true },
      'tarball': { type: 'boolean', default: true },
      'version': { type: 'string' },
      'fetch': { type: 'boolean', default: true },
    },
  });
  const asked = (values.arch ?? arches).map((name) => {
    const arch = arches.find((known) => known === name);
    if (arch === undefined) throw new Error(`--arch ${name}: it is ${arches.join(' or ')}`);
    return arch;
  });
  const { out, quick, deb, tarball, version, fetch } = values;
  return { arches: asked, out, compress: !quick, deb, tarball, version, fetch };
}

/** Makes everything beside its place, and puts it there when it is whole. */
async function makeRelease(wanted: Wanted): Promise<void> {
  const release = releaseVersion(readCheckout(root, packageJson.version), wanted.version);
  const lock = readLockFile(root);
  say(`shunt ${release.version}, of ${release.date}`);
  mkdirSync(wanted.out, { recursive: true });
  const work = mkdtempSync(join(wanted.out, '.work-'));
  try {
    const shared = await sharedFiles({ root, release, lock });
    const made: string[] = [];
    for (const arch of wanted.arches) made.push(...(await makeArch(arch, { wanted, release, lock, shared, work })));
    for (const old of readdirSync(wanted.out)) {
      if (/^(shunt[-_]|SHA256SUMS)/.test(old)) rmSync(join(wanted.out, old), { recursive: true });
    }
    const placed = made.map((path) => join(wanted.out, basename(path)));
    for (const [index, path] of made.entries()) renameSync(path, placed[index] ?? '');
    writeFileSync(join(wanted.out, 'SHA256SUMS'), placed.toSorted().map(sumLine).join(''));
    for (const path of placed) say(`${path}  ${(statSync(path).size / 1024 / 1024).toFixed(1)} MiB`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function makeArch(arch: Arch, { wanted, release, lock, shared, work }: Making): Promise<readonly string[]> {
  const native = await nativeCode(arch, { root, lock, say, fetch: wanted.fetch });
  const files = releaseFiles(shared, { arch, native, release });
  const name = `shunt-${release.version}-linux-${arch}`;
  const sbom = join(work, `${name}.cdx.json`);
  writeFileSync(sbom, sbomOf(files));
  const common = { files, epoch: release.epoch, compress: wanted.compress };
  // One after the other: each compresses on all processors.
  const made = [sbom];
  if (wanted.tarball) {
    const stage = join(work, name);
    const tarball = await makeTarball({ ...common, stage, target: join(work, `${name}.tar`) });
    if (arch === ownArch()) await tryPrograms(stage, release, files);
    made.push(tarball);
  }
  if (wanted.deb) {
    const target = join(work, `shunt_${release.debVersion}_${arch}.deb`);
    await makeDeb({ release, arch, files, compress: wanted.compress, stage: join(work, `deb-${arch}`), target });
    made.push(target);
  }
  return made;
}

/** A program that cannot say its version cannot do anything else. From /, so that nothing of this tree comes to help. */
async function tryPrograms(stage: string, { version }: ReleaseVersion, files: readonly ReleaseFile[]): Promise<void> {
  for (const { path } of files.filter((file) => file.path.startsWith('usr/bin/'))) {
    const program = join(stage, path.replace(/^usr\//, ''));
    const { status, output } = await runProgram(program, ['--version'], { cwd: '/', limitMs: 60_000, env: {} });
    if (status !== 0 || !output.startsWith(version)) {
      throw new Error(`${basename(program)} --version ended with status ${status}:\n${output}`);
    }
  }
}

function sumLine(path: string): string {
  return `${createHash('sha256').update(readFileSync(path)).digest('hex')}  ${basename(path)}\n`;
}

if (import.meta.main) {
  try {
    await makeRelease(wantedOf(process.argv.slice(2)));
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
