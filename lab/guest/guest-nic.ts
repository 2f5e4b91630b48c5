import { until } from '../command.ts';
import { vethOf } from '../guests.ts';
import { ipBatch } from '../netns.ts';
import { ensureTapRelay, orderRelay } from '../tap-relay.ts';
import type { LabGuest, LabHypervisor, Topology } from '../topology.ts';
import { extraOf } from './guest-extra.ts';
import { deleteLink, linkExists } from './plug.ts';
import { startMachine, stopMachine } from './virtual-machine.ts';

/** A guest's tap in its hypervisor, not plugged yet, with the guest's `eth0` behind it. */
export async function makeNic(topology: Topology, hypervisor: LabHypervisor, guest: LabGuest): Promise<void> {
  const { nic, relay = guest.hypervisor } = extraOf(guest, topology.tap);
  switch (nic) {
    case 'veth':
      await ipBatch(hypervisor.netns, [vethOf(topology, guest)]);
      return;
    case 'tap':
      await ensureTapRelay(topology, relayHost(topology, relay));
      await orderRelay(topology.name, relay, { kind: 'open', taps: endsOf(hypervisor, guest) });
      await orderRelay(topology.name, relay, { kind: 'wire', taps: endsOf(hypervisor, guest) });
      return;
    case 'qemu':
      return startMachine({ topology, hypervisor, guest });
  }
}

/** What the end of the guest's machine does to its NIC: the tap vanishes on the hypervisor, `eth0` inside. */
export async function dropNic(topology: Topology, hypervisor: LabHypervisor, guest: LabGuest): Promise<void> {
  const { nic, relay = guest.hypervisor } = extraOf(guest, topology.tap);
  if (nic === 'tap') await orderRelay(topology.name, relay, { kind: 'close', taps: endsOf(hypervisor, guest) });
  if (nic === 'qemu') await stopMachine({ topology, hypervisor, guest });
  await deleteLink(hypervisor.netns, guest.tap);
  await until(`${guest.tap} to vanish`, async () => !(await linkExists(hypervisor.netns, guest.tap)) || undefined);
}

export function relayHost(topology: Topology, name: string): LabHypervisor {
  const found = topology.hypervisors.find((h) => h.name === name);
  if (!found) throw new Error(`lab ${topology.name} has no hypervisor '${name}'`);
  return found;
}

/** The two ends of a guest's wire in a relay: the host's tap, the guest's NIC. */
export function endsOf(hypervisor: LabHypervisor, guest: LabGuest): readonly [string, string] {
  return [`${hypervisor.netns}/${guest.tap}`, `${guest.netns}/eth0`];
}
