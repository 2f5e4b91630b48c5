import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../run-program.ts';
import type { Arch } from './arch.ts';
import type { ReleaseVersion } from './release-version.ts';
import { type ReleaseFile, writeTree } from './tree.ts';

export interface DebOptions {
  readonly release: ReleaseVersion;
  readonly arch: Arch;
  readonly files: readonly ReleaseFile[];
  /** Where the tree is laid out; empty. */
  readonly stage: string;
  readonly target: string;
  /** `false`: as it is, for tests. */
  readonly compress: boolean;
}

const debian = join(import.meta.dirname, 'debian');
const scripts = ['preinst', 'postinst', 'prerm', 'postrm'] as const;

/**
 * What the Node and koffi of the npm packages are linked against (their ELF version needs: GLIBC_2.28, GLIBCXX_3.4.22), and what the agent
 * opens by itself.
 */
const depends = 'libc6 (>= 2.28), libgcc-s1 | libgcc1, libstdc++6 (>= 6), libnftables1';

/** Makes a .deb with Debian's own tool; the same files give the same bytes. */
export async function makeDeb({ release, arch, files, stage, target, compress }: DebOptions): Promise<void> {
  writeTree(stage, files, release.epoch);
  const control = join(stage, 'DEBIAN');
  mkdirSync(control);
  chmodSync(control, 0o755);
  const put = (name: string, text: string, mode = 0o644) => {
    writeFileSync(join(control, name), text);
    chmodSync(join(control, name), mode);
    utimesSync(join(control, name), release.epoch, release.epoch);
  };
  put('control', controlFile({ release, arch, installedKib: installedKib(stage, files) }));
  put('conffiles', files.flatMap(({ path, config }) => (config ? [`/${path}\n`] : [])).join(''));
  put('md5sums', files.map(({ path }) => `${md5Of(join(stage, path))}  ${path}\n`).join(''));
  for (const name of scripts) put(name, maintainerScript(name), 0o755);
  for (const folder of [control, stage]) utimesSync(folder, release.epoch, release.epoch);
  await dpkgDeb(['--root-owner-group', '--uniform-compression', ...(compress ? ['-Zxz', '-z6'] : ['-Znone'])], {
    stage,
    target,
    epoch: release.epoch,
  });
}

/** Each with the functions that all of them share: nothing of a package can be relied on while it is being changed. */
export function maintainerScript(name: (typeof scripts)[number]): string {
  const shared = readFileSync(join(debian, 'rest.sh'), 'utf8');
  return readFileSync(join(debian, name), 'utf8').replace('#REST#\n', `\n${shared}\n`);
}

interface ControlFacts {
  readonly release: ReleaseVersion;
  readonly arch: Arch;
  readonly installedKib: number;
}

function controlFile({ release, arch, installedKib }: ControlFacts): string {
  return `Package: shunt
Version: ${release.debVersion}
Architecture: ${arch}
Maintainer: The Shunt authors <shunt@example.org>
Installed-Size: ${installedKib}
Depends: ${depends}
Recommends: systemd
Suggests: openvswitch-switch, ovn-host, ovn-central, nats-server, bash-completion
Section: net
Priority: optional
Description: moves a running cloud from Linux bridge to OVN, hypervisor by hypervisor
 The agent for every hypervisor, the coordinator for one machine of the cloud, and
 shunt, the operator's command. Everything they need is inside, Node.js included.
 .
 Nothing is enabled or started by the installation. The agent is passive until its
 configuration says otherwise: it looks, reports, and changes nothing.
`;
}

/** As dpkg-gencontrol counts: files in whole KiB, one KiB for each folder. */
function installedKib(stage: string, files: readonly ReleaseFile[]): number {
  const folders = new Set(files.flatMap(({ path }) => ancestorsOf(path)));
  return files.reduce((sum, { path }) => sum + Math.ceil(statSync(join(stage, path)).size / 1024), folders.size);
}

function ancestorsOf(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function md5Of(path: string): string {
  return createHash('md5').update(readFileSync(path)).digest('hex');
}

interface DpkgRun {
  readonly stage: string;
  readonly target: string;
  readonly epoch: number;
}

async function dpkgDeb(options: readonly string[], { stage, target, epoch }: DpkgRun): Promise<void> {
  const { status, output } = await runProgram('dpkg-deb', [...options, '--build', stage, target], {
    cwd: stage,
    limitMs: 1_800_000,
    env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch), LC_ALL: 'C.UTF-8' },
  });
  if (status === 127) throw new Error('dpkg-deb is needed to make a .deb: install the package dpkg, or say --no-deb');
  if (status !== 0) throw new Error(`dpkg-deb ended with status ${status}:\n${output}`);
}
