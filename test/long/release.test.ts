import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../lab/command.ts';
import { arches, elfMachineOf, nativePackages } from '../../scripts/release/arch.ts';
import { buildClone, clonesOf, hashesOf } from '../lab/release/clone-build.ts';
import { projectRoot, thisArch } from '../lab/release/made-release.ts';

const compressMs = 12 * 60_000;

describe('a release as it is published', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'shunt-release-'));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('has the same bytes after compression, with one thread and with three', async () => {
    const [first, second] = await clonesOf(folder);
    const options = ['--no-tarball', '--arch', thisArch()];
    await buildClone({ ...first, through: ['taskset', '--cpu-list', '0'] }, options, compressMs);
    await buildClone(second, options, compressMs);
    const hashes = hashesOf(join(first.folder, 'out'));
    expect(hashes).toHaveLength(3);
    expect(hashesOf(join(second.folder, 'out'))).toEqual(hashes);
    const [deb = ''] = readdirSync(join(first.folder, 'out')).filter((name) => name.endsWith('.deb'));
    expect(readFileSync(join(first.folder, 'out', deb)).includes('data.tar.xz')).toBe(true);
  });

  it.each(arches)('is made for %s, whose Node and koffi are fetched where they are not here', async (arch) => {
    const out = join(folder, arch);
    const script = join(projectRoot, 'scripts/release/main.ts');
    const options = ['--quick', '--no-tarball', '--arch', arch, '--out', out];
    // Two packages to fetch, each with a limit of its own inside.
    await run([process.execPath, '--disable-warning=ExperimentalWarning', script, ...options], {
      timeoutMs: compressMs,
    });
    const [deb = ''] = readdirSync(out).filter((name) => name.endsWith(`_${arch}.deb`));
    await run(['dpkg-deb', '--raw-extract', join(out, deb), join(out, 'unpacked')]);
    for (const file of ['node', 'koffi.node']) {
      expect(elfMachineOf(join(out, 'unpacked/usr/lib/shunt', file))).toBe(nativePackages[arch].elfMachine);
    }
  });
});
