import { run, together } from '../command.ts';
import { inNetns } from '../netns.ts';
import { applyArpProtection } from '../neutron-arp-protection.ts';
import { firewallUpdate } from '../neutron-firewall.ts';
import type { LabGuest, LabHypervisor, Topology } from '../topology.ts';

/** Brings the legacy firewall of every hypervisor up to date: members of the group have changed, and maybe where they live. */
export async function refreshFirewalls(topology: Topology, left?: LeftTap): Promise<void> {
  await together(topology.hypervisors.map((hypervisor) => applyArpProtection(topology, hypervisor)));
  await together(
    topology.hypervisors.flatMap((hypervisor) => {
      const gone = left && left.hypervisor === hypervisor.name ? [left.guest] : [];
      return ([4, 6] as const).map((family) =>
        run(inNetns(hypervisor.netns, [`${family === 4 ? 'iptables' : 'ip6tables'}-restore`, '--noflush', '--wait']), {
          input: firewallUpdate(topology, { hypervisor, family, gone }),
        }),
      );
    }),
  );
}

/** A guest that is not on that hypervisor any more. */
export interface LeftTap {
  readonly guest: LabGuest;
  readonly hypervisor: LabHypervisor['name'];
}
