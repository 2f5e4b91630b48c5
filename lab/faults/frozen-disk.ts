import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { run } from '../command.ts';
import { type Fault, standingFault } from './fault.ts';

/** Whoever froze a file system and died leaves it so for ever: it thaws by itself after this. */
const frozenMaxS = 60;

/**
 * A disk that hangs: whoever writes to this file system (ext4, with a device of its own) or syncs it sleeps until the fault is removed, and no signal wakes it.
 * What is in the page cache can be read.
 */
export async function frozenDisk(dir: string): Promise<Fault> {
  await run(['fsfreeze', '--freeze', dir]);
  const thaw = spawn('sh', ['-c', 'sleep "$1"; fsfreeze --unfreeze "$2"', 'thaw', String(frozenMaxS), dir], {
    detached: true,
    stdio: 'ignore',
  });
  return standingFault(`${dir} hangs`, async () => {
    await run(['fsfreeze', '--unfreeze', dir]);
    if (thaw.pid === undefined || thaw.exitCode !== null) return;
    const ended = once(thaw, 'exit');
    process.kill(-thaw.pid, 'SIGKILL'); // sh and its sleep
    await ended;
  });
}
