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
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import { runProgram } from './run-program.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const stampPath = join(dist, '.build.json');

interface Entry {
  readonly source: string;
  readonly bundle: string;
  /** Started by an operator: executable, and answers `--version`. */
  readonly program: boolean;
}

const entries: readonly Entry[] = [
  { source: 'agent/main.ts', bundle: 'shunt-agent.mjs', program: true },
  { source: 'coordinator/main.ts', bundle: 'shunt-coordinator.mjs', program: true },
  { source: 'coordinator/ledger/ledger-worker.ts', bundle: 'ledger-worker.mjs', program: false },
  { source: 'cli/main.ts', bundle: 'shunt.mjs', program: true },
];

/** What the last build was made of and made. */
interface Stamp {
  readonly settings: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
}

/**
 * koffi looks for its binary in node_modules; a bundle has it beside itself. koffi keeps the list of packages to look in in a
 * file of its own, which is replaced by one look.
 */
const koffiBeside: Plugin = {
  name: 'koffi-beside',
  setup(builder) {
    builder.onLoad({ filter: /[\\/]koffi[\\/]src[\\/]koffi[\\/]src[\\/]static\.js$/ }, () => ({
      contents: [
        "import { createRequire } from 'node:module';",
        "export const loadStatic = () => createRequire(import.meta.url)('./koffi.node');",
      ].join('\n'),
      loader: 'js',
    }));
  },
};

/** Packages that are CommonJS call `require`, which an ES module has to make itself. */
const banner = `import { createRequire as shuntCreateRequire } from 'node:module';
const require = shuntCreateRequire(import.meta.url);`;

function options({ source, bundle, program }: Entry): BuildOptions {
  return {
    absWorkingDir: root,
    entryPoints: [source],
    outfile: join('dist', bundle),
    write: false,
    metafile: true,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    legalComments: 'none',
    logLevel: 'warning',
    banner: { js: program ? `#!/usr/bin/env node\n${banner}` : banner },
    plugins: [koffiBeside],
  };
}

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Whatever changes a bundle but is no source of it: this file, and the packages. */
function settings(present: readonly Entry[]): string {
  const parts = [
    hashOf(import.meta.filename),
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

async function bundleEntry(entry: Entry): Promise<Metafile> {
  const result = await build(options(entry));
  const contents = result.outputFiles?.[0]?.contents;
  if (!contents || !result.metafile) throw new Error(`esbuild gave no output for ${entry.source}`);
  replaceFile(join(dist, entry.bundle), (temporary) => {
    writeFileSync(temporary, contents);
    if (entry.program) chmodSync(temporary, 0o755);
  });
  return result.metafile;
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
  const metafiles = await Promise.all(present.map(bundleEntry));
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
