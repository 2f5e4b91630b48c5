import { basename, dirname } from 'node:path';
import { runProgram } from '../run-program.ts';
import { type ReleaseFile, writeTree } from './tree.ts';

export interface TarballOptions {
  readonly epoch: number;
  readonly files: readonly ReleaseFile[];
  /** Laid out here; its last part is the folder inside the tarball. Empty. */
  readonly stage: string;
  /** Ends in .tar; `.xz` is added where it is compressed. */
  readonly target: string;
  readonly compress: boolean;
}

/** Makes a tarball; the same files give the same bytes. Returns its path. */
export async function makeTarball({ epoch, files, stage, target, compress }: TarballOptions): Promise<string> {
  writeTree(stage, files.map(relocated), epoch);
  const fixed = ['--sort=name', `--mtime=@${epoch}`, '--owner=0', '--group=0', '--numeric-owner', '--format=ustar'];
  await run('tar', ['-C', dirname(stage), ...fixed, '-cf', target, basename(stage)]);
  if (!compress) return target;
  // Two threads or more cut the input into blocks of a fixed size: the number of processors does not show in the result.
  await run('xz', ['-6', '-T2', '--force', target]);
  return `${target}.xz`;
}

/** `usr/bin/shunt` is `bin/shunt` in a tarball. */
function relocated(file: ReleaseFile): ReleaseFile {
  return { ...file, path: file.path.replace(/^usr\//, '') };
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const { status, output } = await runProgram(command, args, {
    cwd: '/',
    limitMs: 1_800_000,
    env: { ...process.env, LC_ALL: 'C.UTF-8', XZ_OPT: '', XZ_DEFAULTS: '', TAR_OPTIONS: '' },
  });
  if (status === 127) throw new Error(`${command} is needed to make a tarball, and is not there`);
  if (status !== 0) throw new Error(`${command} ended with status ${status}:\n${output}`);
}
