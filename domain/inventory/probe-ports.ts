import { createHash } from 'node:crypto';
import type { Finding } from '../findings.ts';
import type { NetworkFacts, PortFacts, ProbePort } from '../network-model.ts';
import { formatIp4, parseCidr4, parseIp4 } from './ipv4.ts';

/** How far down a subnet a free address is looked for: bounds the work on a /8. */
export const addressesTriedMax = 65_536;

/** Name (= `iface-id`) of the probe port of one hypervisor on one network; hashed, since system-ids share prefixes. */
export function probePortName(networkId: string, systemId: string): string {
  return `shunt-probe-${networkId.slice(0, 8)}-${hashOf(networkId, systemId).slice(0, 12)}`;
}

export function isProbePort(port: Pick<PortFacts, 'name' | 'id'>): boolean {
  return port.name.startsWith('shunt-probe-') || port.id.startsWith('shunt-probe-');
}

/** Locally administered (02:…) address by hash: the same on every day and every coordinator. */
export function probeMac(networkId: string, systemId: string): string {
  const digest = hashOf(networkId, systemId);
  return `02:${[0, 2, 4, 6, 8].map((at) => digest.slice(at, at + 2)).join(':')}`;
}

/**
 * The highest IPv4 address of the network that nobody has: not a port's, not the gateway's, not network or broadcast,
 * not in `usedByProbes`. Undefined when there is none (no IPv4 subnet, or full).
 */
export function probeAddressFor(
  network: NetworkFacts,
  ports: Iterable<PortFacts>,
  usedByProbes: Iterable<string>,
): string | undefined {
  const used = new Set<number>();
  for (const ip of usedByProbes) addAddress(used, ip);
  for (const port of ports) if (port.networkId === network.id) for (const ip of port.ips) addAddress(used, ip);
  return highestFree(network, used);
}

export interface ProbeRequest {
  readonly wanted: readonly { readonly systemId: string; readonly networkId: string }[];
  readonly networks: Iterable<NetworkFacts>;
  readonly ports: Iterable<PortFacts>;
}

export interface ProbeAllocation {
  /** By `<systemId>/<networkId>` (`probeKey`). A want without an address is missing here and has a finding. */
  readonly probes: Readonly<Record<string, ProbePort>>;
  readonly findings: readonly Finding[];
}

/** Gives each want its probe port: the one that exists already, by name, or a new one with a free address. */
export function allocateProbePorts({ wanted, networks, ports }: ProbeRequest): ProbeAllocation {
  const byId = new Map([...networks].map((network) => [network.id, network]));
  const needed = new Set(wanted.map((want) => want.networkId));
  const existing = new Map<string, PortFacts>();
  const used = new Map([...needed].map((id) => [id, new Set<number>()]));
  for (const port of ports) {
    existing.set(port.name, port);
    const taken = used.get(port.networkId);
    if (taken !== undefined) for (const ip of port.ips) addAddress(taken, ip);
  }
  const probes: Record<string, ProbePort> = {};
  const findings: Finding[] = [];
  for (const { systemId, networkId } of wanted) {
    const name = probePortName(networkId, systemId);
    const old = existing.get(name);
    const oldIp = old?.ips.find((ip) => parseIp4(ip) !== undefined);
    const taken = used.get(networkId) ?? new Set<number>();
    const network = byId.get(networkId);
    const ip = oldIp ?? (network && highestFree(network, taken));
    if (ip === undefined) {
      findings.push(noAddress(networkId, systemId));
      continue;
    }
    addAddress(taken, ip);
    probes[`${systemId}/${networkId}`] = { name, mac: old?.mac || probeMac(networkId, systemId), ip };
  }
  return { probes, findings };
}

function highestFree(network: NetworkFacts, used: ReadonlySet<number>): string | undefined {
  for (const { cidr, gateway } of network.subnets) {
    const subnet = parseCidr4(cidr);
    if (subnet === undefined || subnet.prefix > 30) continue; // no room beside guest and gateway
    const gatewayAddress = gateway === undefined ? undefined : parseIp4(gateway);
    const lowest = Math.max(subnet.first + 1, subnet.last - addressesTriedMax);
    for (let address = subnet.last - 1; address >= lowest; address -= 1) {
      if (!used.has(address) && address !== gatewayAddress) return formatIp4(address);
    }
  }
  return undefined;
}

function hashOf(networkId: string, systemId: string): string {
  return createHash('sha256').update(`${networkId}/${systemId}`).digest('hex');
}

function addAddress(used: Set<number>, ip: string): void {
  const address = parseIp4(ip);
  if (address !== undefined) used.add(address);
}

function noAddress(networkId: string, host: string): Finding {
  return {
    kind: 'probe-address-taken',
    severity: 'warning',
    host,
    networkId,
    message: `no free IPv4 address on network ${networkId} for a probe port; free one, or plan without the remote vantage`,
  };
}
