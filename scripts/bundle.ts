import { join } from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { builtinsAsked, inAscii, koffiBeside, narrowEntrances } from './bundle-plugins.ts';

/** A program, or a part of one that is started from a file of its own. */
export interface Entry {
  readonly source: string;
  readonly bundle: string;
  /** Started by an operator: executable, and answers `--version`. */
  readonly program: boolean;
}

export const entries: readonly Entry[] = [
  { source: 'agent/main.ts', bundle: 'shunt-agent.mjs', program: true },
  { source: 'coordinator/main.ts', bundle: 'shunt-coordinator.mjs', program: true },
  { source: 'coordinator/ledger/ledger-worker.ts', bundle: 'ledger-worker.mjs', program: false },
  { source: 'cli/main.ts', bundle: 'shunt.mjs', program: true },
];

/** What platform/release.ts is told; a build for the lab has none. */
export interface ReleaseStamp {
  readonly version: string;
  /** Day of the last commit. */
  readonly date: string;
}

export interface Bundle {
  readonly contents: Uint8Array;
  readonly metafile: Metafile;
}

/** One file with everything in it, for any CPU: native code lies beside it. The same sources give the same bytes. */
export async function bundleEntry(root: string, entry: Entry, release?: ReleaseStamp): Promise<Bundle> {
  const result = await build(options(root, entry, release));
  const text = result.outputFiles?.[0]?.text;
  if (!text || !result.metafile) throw new Error(`esbuild gave no output for ${entry.source}`);
  return { contents: Buffer.from(inAscii(text)), metafile: result.metafile };
}

/** Packages that are CommonJS call `require`, which an ES module has to make itself. */
const banner = `const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);`;

function options(root: string, { source, bundle, program }: Entry, release?: ReleaseStamp): BuildOptions {
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
    legalComments: 'none',
    logLevel: 'warning',
    banner: { js: program ? `#!/usr/bin/env node\n${banner}` : banner },
    plugins: [koffiBeside, builtinsAsked, narrowEntrances],
    define: release === undefined ? {} : { SHUNT_RELEASE: JSON.stringify(release) },
  };
}
