import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Metafile } from 'esbuild';
import { bundleEntry, entries } from '../bundle.ts';
import { configSamples } from '../config-samples.ts';
import type { Arch } from './arch.ts';
import { bundledPackages, thirdPartyNotices } from './bundled-packages.ts';
import type { LockedPackage } from './lock-file.ts';
import type { NativeCode } from './native-code.ts';
import { completionFiles, manualPages } from './pages.ts';
import type { ReleaseVersion } from './release-version.ts';
import { renderSbom } from './sbom.ts';

/** A file of a release. */
export interface ReleaseFile {
  /** Below the root that it is unpacked to, without a leading slash: `usr/bin/shunt`. */
  readonly path: string;
  readonly mode: number;
  /** What is in it, or the file of this machine that is copied. */
  readonly content: string | Uint8Array | { readonly from: string };
  /** An operator's to edit: an upgrade keeps it. */
  readonly config?: true;
}

/** What is the same for every CPU: made once. */
export interface Shared {
  readonly files: readonly ReleaseFile[];
  readonly packages: readonly LockedPackage[];
}

export interface TreeOptions {
  readonly root: string;
  readonly release: ReleaseVersion;
  readonly lock: ReadonlyMap<string, LockedPackage>;
}

/** Bundles, units, samples, manual pages, completion, documents. */
export async function sharedFiles({ root, release, lock }: TreeOptions): Promise<Shared> {
  const bundles = await Promise.all(
    entries.map(async (entry) => ({ entry, ...(await bundleEntry(root, entry, release)) })),
  );
  const packages = bundledPackages(
    bundles.map(({ metafile }): Metafile => metafile),
    lock,
  );
  const programs = entries.filter(({ program }) => program);
  return {
    packages,
    files: [
      ...bundles.map(({ entry, contents }) => plain(`usr/lib/shunt/${entry.bundle}`, contents)),
      ...programs.map(({ bundle }) => wrapper(bundle)),
      ...unitFiles(root),
      ...[...configSamples()].map(([name, content]) => sample(name, content)),
      ...[...manualPages(release)].map(([path, text]) => plain(`usr/share/man/${path}.gz`, zipped(text))),
      ...[...completionFiles()].map(([path, text]) => plain(`usr/share/${path}`, text)),
      ...documents(root),
      plain('usr/share/doc/shunt/THIRD-PARTY-NOTICES.gz', zipped(thirdPartyNotices(root, packages))),
    ],
  };
}

/** Everything of one CPU's release, sorted by path. */
export function releaseFiles(
  { files, packages }: Shared,
  { arch, native, release }: { readonly arch: Arch; readonly native: NativeCode; readonly release: ReleaseVersion },
): readonly ReleaseFile[] {
  const { node: _, ...nodeParts } = process.versions;
  const sbom = renderSbom({ release, arch, packages, native, nodeParts: definedOnly(nodeParts) });
  const all: readonly ReleaseFile[] = [
    ...files,
    { path: 'usr/lib/shunt/node', mode: 0o755, content: { from: native.node.file } },
    { path: 'usr/lib/shunt/koffi.node', mode: 0o644, content: { from: native.koffi.file } },
    plain('usr/share/doc/shunt/LICENSE.node.gz', zipped(readFileSync(native.node.license))),
    plain('usr/share/doc/shunt/sbom.cdx.json', sbom),
  ];
  return all.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** The bill of materials among the files. */
export function sbomOf(files: readonly ReleaseFile[]): string {
  const found = files.find(({ path }) => path.endsWith('/sbom.cdx.json'))?.content;
  if (typeof found !== 'string') throw new TypeError('a release without its bill of materials');
  return found;
}

/** Writes files below a folder, all with the time of the release. */
export function writeTree(folder: string, files: readonly ReleaseFile[], epoch: number): void {
  for (const { path, mode, content } of files) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
    if (typeof content === 'string' || content instanceof Uint8Array) writeFileSync(target, content);
    else copyFileSync(content.from, target);
    chmodSync(target, mode);
    utimesSync(target, epoch, epoch);
  }
  for (const below of folders(folder)) {
    chmodSync(below, 0o755);
    utimesSync(below, epoch, epoch);
  }
}

/** A folder and all below it, the deepest first. */
function folders(folder: string): readonly string[] {
  const below = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...below.flatMap(({ name }) => folders(join(folder, name))), folder];
}

function wrapper(bundle: string): ReleaseFile {
  const content = [
    '#!/bin/sh',
    '# Runs on the Node beside it, wherever the release was unpacked; settings meant for other Node programs stay outside.',
    'unset NODE_OPTIONS NODE_PATH',
    `lib=$(dirname -- "$(readlink -f -- "$0")")/../lib/shunt`,
    `exec "$lib/node" --disable-warning=ExperimentalWarning "$lib/${bundle}" "$@"`,
    '',
  ].join('\n');
  return { path: `usr/bin/${bundle.replace(/\.mjs$/, '')}`, mode: 0o755, content };
}

function unitFiles(root: string): readonly ReleaseFile[] {
  const copy = (name: string, path: string) => plain(path, readFileSync(join(root, 'systemd', name)));
  return [
    copy('shunt-agent.service', 'usr/lib/systemd/system/shunt-agent.service'),
    copy('shunt-settle.service', 'usr/lib/systemd/system/shunt-settle.service'),
    copy('shunt-coordinator.service', 'usr/lib/systemd/system/shunt-coordinator.service'),
    copy('shunt-grace-sweep.service', 'usr/lib/systemd/system/shunt-grace-sweep.service'),
    copy('shunt-grace-sweep.timer', 'usr/lib/systemd/system/shunt-grace-sweep.timer'),
    copy('shunt.sysusers', 'usr/lib/sysusers.d/shunt.conf'),
    copy('shunt.tmpfiles', 'usr/lib/tmpfiles.d/shunt.conf'),
  ];
}

/** May hold passwords in URLs: the group is what the coordinator runs as, and the installation gives the file to it. */
function sample(name: string, content: string): ReleaseFile {
  return {
    path: `etc/shunt/${name}`,
    mode: 0o640,
    content: content.replace(': copy to /etc/shunt/.', '.'),
    config: true,
  };
}

function documents(root: string): readonly ReleaseFile[] {
  const doc = (name: string, from = name) =>
    plain(`usr/share/doc/shunt/${name}`, readFileSync(join(root, from), 'utf8'));
  const below = (folder: string) => readdirSync(join(root, folder)).filter((name) => name.endsWith('.md'));
  return [
    ...['README.md', 'NOTICE', 'LICENSE'].map((name) => doc(name)),
    doc('copyright', 'scripts/release/debian/copyright'),
    plain('usr/share/doc/shunt/changelog.gz', zipped(readFileSync(join(root, 'CHANGELOG.md')))),
    ...['docs', 'docs/decisions'].flatMap((folder) => below(folder).map((name) => doc(`${folder}/${name}`))),
  ];
}

function plain(path: string, content: string | Uint8Array): ReleaseFile {
  return { path, mode: 0o644, content };
}

function zipped(content: string | Uint8Array): Uint8Array {
  return gzipSync(content, { level: 9 });
}

function definedOnly(versions: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(versions).flatMap(([k, v]) => (v === undefined ? [] : [[k, v]])));
}
