import { isIPv4 } from 'node:net';
import type { NbRows, PortRow } from '../nb/nb-tables.ts';

/** An IPv4 subnet as far as NB tells it. NB has no subnets of its own: they show in DHCP options, ports and routers. */
export interface Subnet {
  /** Network address and prefix length. */
  readonly cidr: string;
  readonly gateway?: string;
  readonly mtu?: number;
}

/** The IPv4 subnets of one switch, by CIDR. First wins: DHCP options (which know the gateway), router ports, then what ports have. */
export function subnetsOf(ports: readonly PortRow[], rows: Pick<NbRows, 'dhcp' | 'routerPorts'>): readonly Subnet[] {
  const found = new Map<string, Subnet>();
  const add = (subnet: Subnet): void => {
    const before = found.get(subnet.cidr);
    found.set(subnet.cidr, { ...subnet, ...before });
  };
  for (const uuid of new Set(ports.flatMap((port) => port.dhcpv4_options ?? []))) {
    const row = rows.dhcp.get(uuid);
    const cidr = row && networkCidr(row.cidr);
    if (!row || !cidr) continue;
    const gateway = row.options.get('router');
    const mtu = Number(row.options.get('mtu'));
    add({ cidr, ...(gateway && isIPv4(gateway) ? { gateway } : {}), ...(mtu > 0 ? { mtu } : {}) });
  }
  for (const subnet of routerSubnets(ports, rows)) add(subnet);
  for (const cidr of ports.flatMap(portCidrs)) add({ cidr });
  return [...found.values()].toSorted((a, b) => (a.cidr < b.cidr ? -1 : 1));
}

function routerSubnets(ports: readonly PortRow[], rows: Pick<NbRows, 'routerPorts'>): readonly Subnet[] {
  const peers = new Set(
    ports.flatMap((port) => (port.type === 'router' ? (port.options.get('router-port') ?? []) : [])),
  );
  if (peers.size === 0) return [];
  const routerPorts = [...rows.routerPorts.values()].filter((row) => peers.has(row.name));
  return routerPorts.flatMap((row) =>
    [...row.networks].flatMap((network) => {
      const cidr = networkCidr(network);
      const gateway = network.split('/')[0];
      return cidr && gateway ? [{ cidr, gateway }] : [];
    }),
  );
}

function portCidrs(port: PortRow): readonly string[] {
  const listed = (port.external_ids.get('neutron:cidrs') ?? '').split(/\s+/);
  return listed.flatMap((text) => networkCidr(text) ?? []);
}

/** `10.0.0.5/24` -> `10.0.0.0/24`; undefined for anything but IPv4 with a prefix length. */
export function networkCidr(text: string): string | undefined {
  const [address, prefixText] = text.split('/');
  const prefix = Number(prefixText);
  if (
    !address ||
    !isIPv4(address) ||
    prefixText === undefined ||
    !Number.isInteger(prefix) ||
    prefix < 0 ||
    prefix > 32
  )
    return undefined;
  const value = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const size = 2 ** (32 - prefix);
  const network = Math.floor(value / size) * size;
  return `${[24, 16, 8, 0].map((shift) => Math.floor(network / 2 ** shift) % 256).join('.')}/${prefix}`;
}
