/** `npm run build`: one bundled file a program in dist/, beside koffi's binary. Does nothing when nothing changed. */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { bundleEntry, type Entry, entries } from './bundle.ts';
import { runProgram } from './run-program.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const stampPath = join(dist, '.build.json');

/** What the last build was made of and made. */
interface Stamp {
  readonly settings: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
}

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Whatever changes a bundle but is no source of it: this file, its neighbours, and the packages. */
function settings(present: readonly Entry[]): string {
  const parts = [
    hashOf(import.meta.filename),
    hashOf(join(import.meta.dirname, 'bundle.ts')),
    hashOf(join(import.meta.dirname, 'bundle-plugins.ts')),
    hashOf(join(root, 'package-lock.json')),
    hashOf(join(root, 'package.json')),
  ];
  return [process.version, process.arch, ...parts, ...present.map((entry) => entry.source)].join(' ');
}

function hashes(paths: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(paths.map((path) => [path, hashOf(join(root, path))]));
}

function upToDate(present: readonly Entry[]): boolean {
  try {
    const stamp = JSON.parse(readFileSync(stampPath, 'utf8')) as Stamp; // our own file; anything odd in it means: build
    const same = (files: Stamp['inputs']) =>
      Object.entries(files).every(([path, hash]) => hashOf(join(root, path)) === hash);
    return stamp.settings === settings(present) && same(stamp.inputs) && same(stamp.outputs);
  } catch {
    return false;
  }
}

/** A running program keeps the file it started from: replaced in one step, never written into. */
function replaceFile(path: string, write: (temporary: string) => void): void {
  const temporary = `${path}.${process.pid}.new`;
  write(temporary);
  renameSync(temporary, path);
}

async function writeBundle(entry: Entry): Promise<Metafile> {
  const { contents, metafile } = await bundleEntry(root, entry);
  replaceFile(join(dist, entry.bundle), (temporary) => {
    writeFileSync(temporary, contents);
    if (entry.program) chmodSync(temporary, 0o755);
  });
  return metafile;
}

function copyKoffi(): void {
  const binary = join(root, `node_modules/@koromix/koffi-linux-${process.arch}/linux_${process.arch}/koffi.node`);
  replaceFile(join(dist, 'koffi.node'), (temporary) => copyFileSync(binary, temporary));
}

/** A bundle that cannot say its version cannot do anything else. From /, so that no node_modules comes to help. */
async function askVersion({ bundle }: Entry): Promise<string> {
  const { status, output } = await runProgram(process.execPath, [join(dist, bundle), '--version'], {
    cwd: '/',
    limitMs: 20_000,
  });
  if (status !== 0) throw new Error(`dist/${bundle} --version ended with status ${status}:\n${output}`);
  return output.trim();
}

function kibibytes(bundle: string): string {
  return `${Math.round(statSync(join(dist, bundle)).size / 1024)} KiB`;
}

async function main(): Promise<void> {
  const present = entries.filter(({ source }) => existsSync(join(root, source)));
  for (const { source } of entries.filter((entry) => !present.includes(entry)))
    console.log(`build: no ${source} yet, left out`);
  if (upToDate(present)) {
    console.log('build: dist/ is up to date');
    return;
  }
  mkdirSync(dist, { recursive: true });
  rmSync(stampPath, { force: true });
  const metafiles = await Promise.all(present.map(writeBundle));
  copyKoffi();
  const sources = metafiles.flatMap((metafile) => Object.keys(metafile.inputs));
  const own = [...new Set(sources)].filter((path) => !path.startsWith('node_modules/') && !path.includes(':'));
  for (const entry of present) {
    const version = entry.program ? await askVersion(entry) : 'worker';
    console.log(`build: dist/${entry.bundle}  ${kibibytes(entry.bundle)}  ${version}`);
  }
  console.log(`build: dist/koffi.node  ${kibibytes('koffi.node')}`);
  const outputs = [...present.map(({ bundle }) => bundle), 'koffi.node'].map((bundle) => `dist/${bundle}`);
  const stamp: Stamp = { settings: settings(present), inputs: hashes(own), outputs: hashes(outputs) };
  replaceFile(stampPath, (temporary) => writeFileSync(temporary, JSON.stringify(stamp)));
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(`build: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
