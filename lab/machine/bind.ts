import { LABS_DIR } from '../run-dir.ts';

/** A file or folder of the host that the machine sees too. */
export interface Bind {
  readonly from: string;
  /** Default: the same path. */
  readonly to?: string;
  /** Default false. */
  readonly writable?: boolean;
  /**
   * As a folder of /run: writable, and what is in it goes at each boot, sockets and pids of the boot before. Only of a lab's own folders, for
   * it is emptied on the host.
   */
  readonly volatile?: boolean;
}

/** One line for boot.sh: mode, from, to, with a tab between them (a path may have spaces in it). */
export function bindLine({ from, to = from, writable, volatile }: Bind): string {
  for (const path of [from, to]) {
    if (!path.startsWith('/') || /[\t\n\0]/.test(path)) throw new Error(`cannot be bound: ${JSON.stringify(path)}`);
  }
  if (volatile && (!from.startsWith(`${LABS_DIR}/`) || from.split('/').includes('..')))
    throw new Error(`would be emptied at each boot, and is not a lab's: ${from}`);
  const mode = volatile ? 'volatile' : writable ? 'rw' : 'ro';
  return `${mode}\t${from}\t${to}\n`;
}
