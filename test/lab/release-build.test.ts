import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, together, tryRun } from '../../lab/command.ts';
import { arches, elfMachineOf, nativePackages } from '../../scripts/release/arch.ts';
import { readLockFile } from '../../scripts/release/lock-file.ts';
import { type MadeRelease, madeIn, projectRoot, ReleaseFolder, thisArch } from './release/made-release.ts';

const programs = ['shunt', 'shunt-agent', 'shunt-coordinator'];

describe('a release', () => {
  let folder: ReleaseFolder;
  let made: MadeRelease;
  /** Every CPU's package, unpacked. */
  const unpacked = (arch: string) => join(folder.path, 'unpacked', arch);

  beforeAll(async () => {
    folder = new ReleaseFolder();
    made = await folder.make('own', ['--arch', thisArch()]);
    const others = arches.filter((arch) => arch !== thisArch());
    const foreign = await folder.make('other', ['--no-tarball', ...others.flatMap((arch) => ['--arch', arch])]);
    for (const [arch, { deb }] of [[thisArch(), made], ...others.map((other) => [other, foreign] as const)] as const) {
      mkdirSync(unpacked(arch), { recursive: true });
      await run(['dpkg-deb', '--raw-extract', deb, unpacked(arch)]);
    }
  });

  afterAll(() => folder[Symbol.dispose]());

  it.each(arches)('has machine code of %s, and the same programs as for any other CPU', (arch) => {
    for (const file of ['node', 'koffi.node']) {
      expect(elfMachineOf(join(unpacked(arch), 'usr/lib/shunt', file))).toBe(nativePackages[arch].elfMachine);
    }
    expect(readFileSync(join(unpacked(arch), 'DEBIAN/control'), 'utf8')).toContain(`\nArchitecture: ${arch}\n`);
    for (const bundle of readdirSync(join(unpacked(arch), 'usr/lib/shunt')).filter((name) => name.endsWith('.mjs'))) {
      const text = (of: string) => readFileSync(join(unpacked(of), 'usr/lib/shunt', bundle), 'utf8');
      expect(text(arch) === text(thisArch())).toBe(true);
    }
  });

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
    const lock = readLockFile(projectRoot);
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
      for (const section of ['NAME', 'SYNOPSIS', 'DESCRIPTION', 'SEE ALSO']) expect(stdout).toContain(`\n${section}\n`);
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
    const builds = [
      { folder: 'first', umask: '022', env: 'TZ=UTC LC_ALL=C' },
      { folder: 'second/deeper', umask: '077', env: 'TZ=Asia/Tokyo LC_ALL=C.UTF-8 HOME=/nonexistent' },
    ];
    await together(builds.map((build) => buildClone(join(folder.path, build.folder), build)));
    const [first, second] = builds.map((build) => hashesOf(madeIn(join(folder.path, build.folder, 'out'))));
    expect(first).toEqual(second);
  });
});

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

/** What was committed last, built in a clone of its own; the packages of this tree are mounted where npm would have put them. */
async function buildClone(
  folder: string,
  { umask, env }: { readonly umask: string; readonly env: string },
): Promise<void> {
  const clone = join(folder, 'clone');
  await run(['git', '-c', 'safe.directory=*', 'clone', '--quiet', '--shared', projectRoot, clone]);
  mkdirSync(join(clone, 'node_modules'));
  const script = [
    'set -e',
    `mount --bind '${join(projectRoot, 'node_modules')}' '${join(clone, 'node_modules')}'`,
    `umask ${umask}`,
    `export ${env}`,
    `exec '${process.execPath}' '${join(clone, 'scripts/release/main.ts')}' --quick --arch ${thisArch()} --out '${folder}/out'`,
  ];
  await run(['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script.join('\n')], { timeoutMs: 180_000 });
}

function hashesOf({ deb, tarball, sbom }: MadeRelease): readonly string[] {
  return [deb, tarball, sbom].map(
    (path) => `${path.replace(/^.*\//, '')} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`,
  );
}
