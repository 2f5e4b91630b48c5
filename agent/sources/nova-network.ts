import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { Finding } from '../../domain/findings.ts';
import type { LegacyBridgeFacts } from '../../domain/network-model.ts';

/** What of this hypervisor itself rides on a link. */
export interface OwnAddresses {
  /** Without link-local ones, CIDR notation. */
  readonly addresses: readonly string[];
  readonly defaultRoute: boolean;
}

const dhcpServerPort = 67;

/** The hypervisor's own addresses and default routes, by link. Read from libc and /proc: a few tens of microseconds. */
export function readOwnAddresses(): ReadonlyMap<string, OwnAddresses> {
  const routed = new Set([
    ...defaultRoutes4(readProc('/proc/self/net/route')),
    ...defaultRoutes6(readProc('/proc/self/net/ipv6_route')),
  ]);
  const found = new Map<string, OwnAddresses>();
  for (const [name, list = []] of Object.entries(networkInterfaces())) {
    const addresses = list
      .filter(({ address }) => !address.startsWith('fe80:'))
      .map(({ cidr, address }) => cidr ?? address);
    found.set(name, { addresses, defaultRoute: routed.has(name) });
  }
  for (const name of routed) if (!found.has(name)) found.set(name, { addresses: [], defaultRoute: true });
  return found;
}

/** True when some socket of this hypervisor serves DHCP: in nova-network's multi-host mode its dnsmasq does. */
export function servesDhcp(): boolean {
  return dhcpSocket(readProc('/proc/self/net/udp'));
}

/**
 * Legacy bridges with guests on which the hypervisor itself has an address or its default route: nova-network's multi-host mode, where it is
 * gateway, DHCP and metadata server of its guests. That is a service that a cut does not take along.
 */
export function ownAddressFindings(
  host: string,
  bridges: readonly LegacyBridgeFacts[],
  { own, dhcp }: { readonly own: ReadonlyMap<string, OwnAddresses>; readonly dhcp: boolean },
): readonly Finding[] {
  return bridges.flatMap((bridge): readonly Finding[] => {
    const mine = own.get(bridge.bridge);
    const guests = bridge.members.some((member) => member !== bridge.uplink && /^(tap|vnet)/.test(member));
    if (!guests || mine === undefined || (mine.addresses.length === 0 && !mine.defaultRoute)) return [];
    const what = [
      ...(mine.addresses.length > 0 ? [`its address ${mine.addresses.join(', ')}`] : []),
      ...(mine.defaultRoute ? ['its default route'] : []),
    ].join(' and ');
    const server = dhcp ? ', and it serves DHCP' : '';
    const message = `this hypervisor has ${what} on ${bridge.bridge}${server}: guests there may use it as gateway, DHCP or metadata server, which does not move with them`;
    return [{ kind: 'own-address', severity: 'error', host, message }];
  });
}

/** Interface names of /proc/net/route's rows for 0.0.0.0/0. */
export function defaultRoutes4(text: string): readonly string[] {
  return rowsOf(text)
    .slice(1)
    .flatMap(([name = '', destination, , , , , , mask]) =>
      destination === '00000000' && mask === '00000000' ? [name] : [],
    );
}

/** Interface names of /proc/net/ipv6_route's rows for ::/0 that lead somewhere: the kernel keeps an unreachable one on `lo`. */
export function defaultRoutes6(text: string): readonly string[] {
  return rowsOf(text).flatMap((row) => {
    const [destination = '', length] = row;
    const name = row[9] ?? '';
    return /^0+$/.test(destination) && length === '00' && name !== 'lo' ? [name] : [];
  });
}

/** Whether /proc/net/udp has a socket bound to the DHCP server's port. */
export function dhcpSocket(text: string): boolean {
  const port = dhcpServerPort.toString(16).toUpperCase().padStart(4, '0');
  return rowsOf(text).some(([, local = '']) => local.endsWith(`:${port}`));
}

function rowsOf(text: string): readonly (readonly string[])[] {
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((row) => row[0] !== '');
}

/** Absent where the kernel has no IPv6. */
function readProc(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
