import { writeFileSync } from 'node:fs';
import { ShuntError } from '../shunt-error.ts';

/**
 * Takes IPv6 away from a link (also its link-local address), in the namespace of the calling thread. Does nothing on a kernel without
 * IPv6, where the file does not exist.
 */
export function disableIpv6(linkName: string): void {
  // A dot in a name is a dot in the path: /proc/sys only translates when sysctl(8) writes.
  const path = `/proc/sys/net/ipv6/conf/${linkName}/disable_ipv6`;
  try {
    writeFileSync(path, '1');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return;
    throw new ShuntError('native-failed', `disabling IPv6 on ${linkName}`, { cause, detail: { path } });
  }
}
