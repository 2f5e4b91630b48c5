import { closeSync, constants, fchmodSync, fchownSync, fstatSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Gives a file to whoever owns its directory, for that user alone: what root makes in the directory of the coordinator's user has to be writable by it.
 * Not root: does nothing. Follows no symbolic link, which that user could have put there. Makes the file where `create` says so. False: a root that
 * may not give files away (a container without CAP_CHOWN, NFS) left it as it is, which that root can use all the same.
 */
export function giveToOwner(path: string, { create = false }: { readonly create?: boolean } = {}): boolean {
  if (process.geteuid?.() !== 0) return true;
  const owner = statSync(dirname(path));
  const { O_CREAT, O_NOFOLLOW, O_RDWR } = constants;
  const fd = openSync(path, O_RDWR | O_NOFOLLOW | (create ? O_CREAT : 0), 0o600);
  try {
    const { uid, gid, mode } = fstatSync(fd);
    if (uid !== owner.uid || gid !== owner.gid) fchownSync(fd, owner.uid, owner.gid);
    if ((mode & 0o777) !== 0o600) fchmodSync(fd, 0o600);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EPERM' || code === 'EINVAL') return false; // EINVAL: a user that this namespace does not know
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** Who may not write which file, whose it is, and what to do, for the end of a sentence. */
export function whyNotWritable(path: string): string {
  const { uid, mode } = statSync(path);
  const whose = `it is uid ${uid}'s with mode ${(mode & 0o777).toString(8)}`;
  const cure = `As root: chown --reference=${dirname(path)} ${path}*; then restart the coordinator`;
  return `uid ${process.geteuid?.()} may not write ${path} (${whose}, or on a file system that is read-only); nothing was written. ${cure}`;
}
