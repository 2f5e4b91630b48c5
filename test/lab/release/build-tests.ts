import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { run, together, tryRun } from '../../../lab/command.ts';
import { arches, elfMachineOf, nativePackages } from '../../../scripts/release/arch.ts';
import { readLockFile } from '../../../scripts/release/lock-file.ts';
import { buildClone, clonesOf, hashesOf } from './clone-build.ts';
import { archesHere, type MadeRelease, madeIn, projectRoot, thisArch, type Versions } from './made-release.ts';

const programs = ['shunt', 'shunt-agent', 'shunt-coordinator'];

const lock = readLockFile(projectRoot);
const missing = arches.filter((arch) => !archesHere().includes(arch));
if (missing.length > 0) {
  console.warn(
    `!! NOT BUILT: the release for ${missing.join(', ')}: its Node and koffi are not here, and tests fetch nothing.`,
  );
  console.warn('!! "npm run release" and "npm run test:long" fetch them; then this test builds it too.');
}

/** What is in the packages; for `test/lab/release.test.ts`. */
export function buildTests(releases: () => Versions): void {
  describe('a release', () => {
    let made: MadeRelease;
    /** Every CPU's package, unpacked. */
    const unpacked = (arch: string) => join(releases().folder.path, 'unpacked', arch);

    beforeAll(async () => {
      made = releases().older;
      for (const arch of archesHere()) {
        mkdirSync(unpacked(arch), { recursive: true });
        await run(['dpkg-deb', '--raw-extract', madeIn(made.folder, arch).deb, unpacked(arch)]);
      }
    });

    it.each(archesHere())('has machine code of %s, and the same programs as for any other CPU', (arch) => {
      for (const file of ['node', 'koffi.node']) {
        expect(elfMachineOf(join(unpacked(arch), 'usr/lib/shunt', file))).toBe(nativePackages[arch].elfMachine);
      }
      expect(readFileSync(join(unpacked(arch), 'DEBIAN/control'), 'utf8')).toContain(`\nArchitecture: ${arch}\n`);
      const bundles = (of: string) =>
        readdirSync(join(unpacked(of), 'usr/lib/shunt')).filter((name) => name.endsWith('.mjs'));
      expect(bundles(arch)).toEqual(bundles(thisArch()));
      for (const bundle of bundles(arch)) {
        const text = (of: string) => readFileSync(join(unpacked(of), 'usr/lib/shunt', bundle), 'utf8');
        expect(text(arch) === text(thisArch())).toBe(true);
      }
    });

    for (const arch of missing) it.skip(`has machine code of ${arch} (not here, and tests fetch nothing)`, () => {});

    it('lists the hash of every file it is made of', async () => {
      await run(['sh', '-c', `cd '${made.folder}' && sha256sum --check --strict SHA256SUMS`]);
      const listed = readFileSync(join(made.folder, 'SHA256SUMS'), 'utf8').trimEnd().split('\n');
      const files = readdirSync(made.folder).filter((name) => name !== 'SHA256SUMS');
      expect(listed.map((line) => line.split('  ')[1])).toEqual(files.toSorted());
    });

    it('has the same files in the tarball, below one folder, as root and with the time of the commit', async () => {
      const listing = await run(['tar', '--list', '--verbose', '--numeric-owner', '--full-time', '-f', made.tarball]);
      const rows = listing
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/\s+/));
      expect(new Set(rows.map(([, owner]) => owner))).toEqual(new Set(['0/0']));
      expect(new Set(rows.map((row) => `${row[3]} ${row[4]}`)).size).toBe(1);
      const top = rows[0]?.[5] ?? '';
      const inTarball = rows.filter((row) => !row[5]?.endsWith('/')).map((row) => row[5]?.slice(top.length));
      const sums = readFileSync(join(unpacked(thisArch()), 'DEBIAN/md5sums'), 'utf8')
        .trimEnd()
        .split('\n');
      expect(inTarball).toEqual(sums.map((line) => line.split('  ')[1]?.replace(/^usr\//, '')).toSorted());
    });

    it('keeps secrets from others, and nothing else', async () => {
      const listing = await run(['dpkg-deb', '--contents', made.deb]);
      const modeOf = (path: string) =>
        listing
          .split('\n')
          .find((line) => line.endsWith(` ./${path}`))
          ?.slice(0, 10);
      expect([modeOf('etc/shunt/agent.yaml'), modeOf('etc/shunt/coordinator.yaml')]).toEqual([
        '-rw-r-----',
        '-rw-r-----',
      ]);
      const others = listing.split('\n').filter((line) => line !== '' && !line.includes('/etc/shunt/'));
      expect(others.filter((line) => !/^(drwxr-xr-x|-rwxr-xr-x|-rw-r--r--) root\/root /.test(line))).toEqual([]);
      expect(readFileSync(join(unpacked(thisArch()), 'DEBIAN/conffiles'), 'utf8')).toBe(
        '/etc/shunt/agent.yaml\n/etc/shunt/coordinator.yaml\n',
      );
    });

    it('names in its bill of materials what is inside, at the hashes of package-lock.json', () => {
      const sbom = JSON.parse(readFileSync(made.sbom, 'utf8')) as Sbom; // our own file
      expect(sbom).toMatchObject({
        bomFormat: 'CycloneDX',
        specVersion: '1.6',
        metadata: { component: { name: 'shunt' } },
      });
      const names = sbom.components.map(({ group, name }) => (group === undefined ? name : `${group}/${name}`));
      const { nodePackage, koffiPackage } = nativePackages[thisArch()];
      expect(names).toEqual(
        expect.arrayContaining(['@grpc/grpc-js', 'commander', 'koffi', 'zod', nodePackage, koffiPackage]),
      );
      for (const outside of ['esbuild', 'typescript', 'vitest', 'prompts']) expect(names).not.toContain(outside);
      for (const [index, { version, hashes, purl, licenses }] of sbom.components.entries()) {
        const locked = lock.get(`node_modules/${names[index]}`);
        expect({ version, hash: hashes[0]?.content, purl }).toEqual({
          version: locked?.version,
          hash: Buffer.from(locked?.integrity.replace('sha512-', '') ?? '', 'base64').toString('hex'),
          purl: `pkg:npm/${names[index]?.replace('@', '%40')}@${locked?.version}`,
        });
        expect(licenses).toHaveLength(1);
      }
    });

    it('repeats the licence of every package that is inside', async () => {
      const doc = join(unpacked(thisArch()), 'usr/share/doc/shunt');
      const notices = await run(['zcat', join(doc, 'THIRD-PARTY-NOTICES.gz')]);
      const sbom = JSON.parse(readFileSync(made.sbom, 'utf8')) as Sbom; // our own file
      const bundled = sbom.components.filter(({ type, name }) => type === 'library' && !name.startsWith('koffi-linux'));
      for (const { group, name, version } of bundled) {
        expect(notices).toContain(`\n${group === undefined ? name : `${group}/${name}`} ${version} (`);
      }
      expect(await run(['zcat', join(doc, 'LICENSE.node.gz')])).toContain('Node.js is licensed for use as follows');
    });

    it('has manual pages without a warning, that know every command', async () => {
      const man = join(unpacked(thisArch()), 'usr/share/man');
      const pages = ['1', '5', '8'].flatMap((section) =>
        readdirSync(join(man, `man${section}`)).map((name) => join(man, `man${section}`, name)),
      );
      expect(pages).toHaveLength(6);
      for (const page of pages) {
        const { stdout, stderr } = await tryRun(['man', '--warnings=all', '--local-file', page], {
          env: { LC_ALL: 'C.UTF-8', MANWIDTH: '100' },
        });
        expect({ page, stderr }).toEqual({ page, stderr: '' });
        for (const section of ['NAME', 'SYNOPSIS', 'DESCRIPTION', 'SEE ALSO'])
          expect(stdout).toContain(`\n${section}\n`);
        if (page.endsWith('shunt.1.gz'))
          expect(stdout).toMatch(/shunt wave start <plan>[\s\S]*--wait[\s\S]*shunt host revert/);
        if (page.endsWith('agent.yaml.5.gz')) expect(stdout).toMatch(/log\.level[\s\S]*SHUNT_LOG_LEVEL/);
      }
    });

    it('has completion of every program for bash, zsh and fish', async () => {
      const share = join(unpacked(thisArch()), 'usr/share');
      for (const name of programs) {
        await run(['bash', '-n', join(share, 'bash-completion/completions', name)]);
        expect(readFileSync(join(share, 'zsh/vendor-completions', `_${name}`), 'utf8')).toContain(`#compdef ${name}\n`);
        expect(readFileSync(join(share, 'fish/vendor_completions.d', `${name}.fish`), 'utf8')).toContain(`-c ${name} `);
      }
    });

    it('has the same bytes from two clones in different folders, whatever the umask, zone and language', async () => {
      const builds = await clonesOf(join(releases().folder.path, 'clones'));
      await together(builds.map((build) => buildClone(build, ['--quick', '--no-tarball', '--arch', thisArch()])));
      const [first, second] = builds.map(({ folder }) => hashesOf(join(folder, 'out')));
      expect(first).toHaveLength(3);
      expect(first).toEqual(second);
    });
  });
}

interface Sbom {
  readonly components: readonly {
    readonly type: string;
    readonly group?: string;
    readonly name: string;
    readonly version: string;
    readonly purl: string;
    readonly hashes: readonly { readonly content: string }[];
    readonly licenses: readonly unknown[];
  }[];
}
