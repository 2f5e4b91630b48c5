import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { hostname, tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { runChild } from '../platform/child.ts';
import { ShuntError } from '../platform/shunt-error.ts';
import { writeBundle } from '../platform/support-bundle.ts';
import type { CliIo } from './io.ts';

/** The process's own world. */
export function processIo(): CliIo {
  // Whoever reads us has seen enough (`shunt events | head`): that is no failure, and nothing is left to say.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    user: process.env['USER'] || loginName(),
    hostname: hostname(),
    readFile: (path) => (path === '-' ? text(process.stdin) : readFile(path, 'utf8')),
    writeNewFile: writeBundle,
    localBundle,
    now: () => new Date().toISOString(),
    nowMs: () => performance.now(),
    onInterrupt(listener) {
      process.on('SIGINT', listener).on('SIGTERM', listener);
      return {
        [Symbol.dispose]() {
          process.off('SIGINT', listener).off('SIGTERM', listener);
        },
      };
    },
  };
}

const localTimeoutMs = 180_000;

/** It lies beside us, in the sources too. */
async function localBundle(args: readonly string[], signal: AbortSignal) {
  const here = fileURLToPath(import.meta.url);
  const beside = here.endsWith('.ts') ? '../coordinator/main.ts' : 'shunt-coordinator.mjs';
  const program = join(dirname(here), beside);
  if (!existsSync(program)) throw new ShuntError('not-found', `there is no coordinator's program here: ${program}`);
  const dir = await mkdtemp(join(tmpdir(), 'shunt-support-'));
  try {
    const output = join(dir, 'coordinator.tar.gz');
    const argv = [process.execPath, program, 'support-bundle', '--output', output, ...args];
    const { stdout } = await runChild(argv, { timeoutMs: localTimeoutMs, signal });
    return { archive: await readFile(output), said: stdout };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function loginName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid${process.getuid?.() ?? ''}`; // a container's user may have no entry in passwd
  }
}
