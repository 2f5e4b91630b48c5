import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProcess, signalProcess } from '../processes.ts';
import { hypervisorDir, pathsOf } from '../run-dir.ts';
import type { Topology } from '../topology.ts';
import type { LabService } from './lab-service.ts';

/** Folder of a service, with its configuration and leases. */
export function serviceDir(topology: Topology, service: LabService): string {
  return join(hypervisorDir(topology.name, service.hypervisor), service.name);
}

/** Lines of dnsmasq's `--dhcp-hostsfile` in the words of Neutron's DHCP agent: MAC, name, address. Pure. */
export function dhcpHosts(topology: Topology, service: LabService): string {
  const lines = topology.guests
    .filter((g) => g.networkId === service.networkId)
    .map((g) => `${g.mac},host-${g.ip4.replaceAll('.', '-')}.${topology.name}.lab,${g.ip4}`);
  return lines.map((line) => `${line}\n`).join('');
}

export function writeDhcpHosts(topology: Topology, service: LabService): void {
  writeFileSync(join(serviceDir(topology, service), 'host'), dhcpHosts(topology, service));
}

/** Tells every dnsmasq of the lab which ports there are now, as Neutron's DHCP agent does: file, then SIGHUP. */
export function refreshDhcpHosts(topology: Topology): void {
  for (const service of topology.services ?? []) {
    if (service.kind !== 'dhcp') continue;
    writeDhcpHosts(topology, service);
    const dnsmasq = findProcess(pathsOf(topology.name), service.name);
    if (dnsmasq) signalProcess(dnsmasq, 'SIGHUP');
  }
}
