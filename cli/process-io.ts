import { readFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { text } from 'node:stream/consumers';
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

function loginName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid${process.getuid?.() ?? ''}`; // a container's user may have no entry in passwd
  }
}
