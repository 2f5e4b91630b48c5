import { writeFileSync } from 'node:fs';
import { ShuntError } from '../shunt-error.ts';

/**
 * Takes IPv6 away from a link (also its link-local address), in the namespace of the calling thread. Does nothing on a kernel without
 * IPv6, where the file does not exist.
 */
export function disableIpv6(linkName: string): void {
  set(`ipv6/conf/${linkName}/disable_ipv6`, '1', `disabling IPv6 on ${linkName}`);
}

/** The host answers no ARP request that it hears on this link, whatever address of its own it asks for (arp_ignore 8). */
export function ignoreArp(linkName: string): void {
  set(`ipv4/conf/${linkName}/arp_ignore`, '8', `silencing ARP on ${linkName}`);
}

/** A dot in a name is a dot in the path: /proc/sys only translates when sysctl(8) writes. */
function set(key: string, value: string, doing: string): void {
  const path = `/proc/sys/net/${key}`;
  try {
    writeFileSync(path, value);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return;
    throw new ShuntError('native-failed', doing, { cause, detail: { path } });
  }
}
