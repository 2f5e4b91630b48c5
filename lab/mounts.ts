import { readFileSync } from 'node:fs';
import { run } from './command.ts';

/** Mount points at a folder or below it, newest first: the order in which they go. */
export function mountsBelow(dir: string, mountinfo = readFileSync('/proc/self/mountinfo', 'utf8')): readonly string[] {
  return mountinfo
    .split('\n')
    .map((line) => unescaped(line.split(' ')[4] ?? ''))
    .filter((path) => path === dir || path.startsWith(`${dir}/`))
    .toReversed();
}

/**
 * Takes away what is mounted at a folder or below it, busy or not: a fault's disk whose test was killed. Throws when something stays: what
 * would remove the folder then would remove what is mounted there, which may be anybody's.
 */
export async function unmountBelow(dir: string): Promise<void> {
  for (const path of mountsBelow(dir)) await run(['umount', '--lazy', path]);
  const left = mountsBelow(dir);
  if (left.length > 0) throw new Error(`would not be unmounted: ${left.join(' ')}`);
}

/** proc(5): space, tab, newline and backslash stand there as three octal digits. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
