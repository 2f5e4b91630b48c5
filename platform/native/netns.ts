import { closeSync, openSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { libc, nativeFailure } from './libc.ts';

const CLONE_NEWNET = 0x40000000;
const threadsMax = 1024;

/**
 * Starts libuv's worker threads. To be done once before the first {@link inNetns}: a thread that is born in the middle of it stays in
 * that namespace for ever.
 */
export async function warmThreadPool(): Promise<void> {
  const threads = Math.min(Number(process.env.UV_THREADPOOL_SIZE ?? 4) || 4, threadsMax);
  await Promise.all(Array.from({ length: threads }, () => stat('/')));
}

/**
 * Runs `body` with the calling thread in another network namespace: sockets that it opens belong there ever after. `body` must not
 * wait for anything. A name is looked up in /run/netns.
 */
export function inNetns<T>(nameOrPath: string, body: () => T): T {
  const home = openSync('/proc/thread-self/ns/net', 'r');
  try {
    enter(openSync(nameOrPath.includes('/') ? nameOrPath : `/run/netns/${nameOrPath}`, 'r'), nameOrPath);
    try {
      return body();
    } finally {
      // Staying would put everything that follows into the wrong namespace: better no process than such a one.
      if (libc().setns(home, CLONE_NEWNET) < 0) process.abort();
    }
  } finally {
    closeSync(home);
  }
}

function enter(fd: number, name: string): void {
  try {
    if (libc().setns(fd, CLONE_NEWNET) < 0) throw nativeFailure(`entering the namespace ${name}`, { netns: name });
  } finally {
    closeSync(fd);
  }
}
