import { run } from './command.ts';
import { inNetns } from './netns.ts';
import type { LabGuest, LabHypervisor, Topology } from './topology.ts';

/**
 * What neutron's linuxbridge agent writes against spoofing (its arp_protect.py), in ebtables' `nat` table: a chain for the source MACs and one
 * for the ARP senders of each tap. Text for `ebtables-nft-restore`, the whole table. Pure.
 */
export function arpProtectionRules(topology: Topology, hypervisor: LabHypervisor): string {
  const guests = topology.guests.filter((g) => g.hypervisor === hypervisor.name && (g.extra?.portSecurity ?? true));
  return `${[
    '*nat',
    ':PREROUTING ACCEPT',
    ':OUTPUT ACCEPT',
    ':POSTROUTING ACCEPT',
    ...guests.flatMap((g) => [`:${macChain(g)} DROP`, `:${arpChain(g)} DROP`]),
    ...guests.flatMap(jumps),
    ...guests.flatMap(allowances),
  ].join('\n')}\n`;
}

/** Loads the rules of every hypervisor; the table is the agent's own. */
export async function applyArpProtection(topology: Topology, hypervisor: LabHypervisor): Promise<void> {
  await run(inNetns(hypervisor.netns, ['ebtables-nft-restore']), { input: arpProtectionRules(topology, hypervisor) });
}

function jumps(guest: LabGuest): readonly string[] {
  return [
    `-A PREROUTING -i ${guest.tap} -j ${macChain(guest)}`,
    `-A PREROUTING -p ARP -i ${guest.tap} -j ${arpChain(guest)}`,
  ];
}

function allowances(guest: LabGuest): readonly string[] {
  const owned = [guest, ...(guest.extra?.moreNics ?? [])];
  return [
    `-A ${macChain(guest)} -i ${guest.tap} --among-src ${owned.map((nic) => nic.mac).join(',')} -j RETURN`,
    ...owned.map((nic) => `-A ${arpChain(guest)} -p ARP --arp-ip-src ${nic.ip4} -j ACCEPT`),
  ];
}

/** Neutron's names: longer than ebtables once allowed, within nft's bounds. */
function macChain(guest: LabGuest): string {
  return `neutronMAC-${guest.tap}`;
}

function arpChain(guest: LabGuest): string {
  return `neutronARP-${guest.tap}`;
}
