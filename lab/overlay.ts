import { together, tryRun } from './command.ts';
import { ipBatch } from './netns.ts';
import { isMidonet } from './sources/lab-source.ts';
import type { LabHypervisor, LabNetwork, Topology } from './topology.ts';
import { overlayNetworks } from './topology.ts';

const EVERYBODY = '00:00:00:00:00:00';

/**
 * VXLAN segments in the legacy bridges of a hypervisor, as neutron's linuxbridge agent makes them with `l2_population`: no multicast
 * group, a list of everybody to whom broadcasts are copied, and an entry for each guest elsewhere. After the underlay has its address.
 */
export async function furnishOverlays(topology: Topology, hypervisor: LabHypervisor): Promise<void> {
  const networks = overlayNetworks(topology).filter((network) => !isMidonet(topology, network));
  if (networks.length === 0) return;
  await ipBatch(
    hypervisor.netns,
    networks.flatMap((network) => segment(hypervisor, network)),
  );
  const others = topology.hypervisors.filter((h) => h !== hypervisor);
  await bridgeBatch(hypervisor, [
    ...networks.flatMap(({ uplink }) =>
      others.map((h) => `fdb append ${EVERYBODY} dev ${uplink} dst ${h.underlayIp} self`),
    ),
    ...peerEntries(topology, hypervisor),
  ]);
}

/** Brings every hypervisor's entries up to date after a guest came, moved or went, as the agents are told by Neutron. */
export async function refreshOverlays(topology: Topology): Promise<void> {
  if (overlayNetworks(topology).length === 0 || topology.source === 'midonet') return;
  await together(topology.hypervisors.map((h) => bridgeBatch(h, peerEntries(topology, h))));
}

/** Bound to no device: one that sits on a userspace datapath's port would go with it when vswitchd starts again. */
function segment({ underlayIp }: LabHypervisor, network: LabNetwork): readonly string[] {
  const { uplink, vni, mtu, bridge } = network;
  return [
    `link add ${uplink} mtu ${mtu} type vxlan id ${vni} local ${underlayIp} dstport 8472`,
    `link set ${uplink} master ${bridge} up`,
  ];
}

/** Who lives elsewhere gets an entry; who lives here loses the one he may have had. */
function peerEntries(topology: Topology, here: LabHypervisor): readonly string[] {
  return topology.guests.flatMap((guest) => {
    const network = overlayNetworks(topology).find((n) => n.id === guest.networkId);
    const there = topology.hypervisors.find((h) => h.name === guest.hypervisor);
    if (!network || !there) return [];
    const macs = [guest.mac, ...(guest.extra?.moreNics ?? []).map((nic) => nic.mac)];
    const { uplink } = network;
    return macs.map((mac) =>
      there.name === here.name
        ? `fdb del ${mac} dev ${uplink} self`
        : `fdb replace ${mac} dev ${uplink} dst ${there.underlayIp} self`,
    );
  });
}

/** With `-force`: an entry that is to go may never have been; what could not be added shows in the traffic. */
async function bridgeBatch({ netns }: LabHypervisor, lines: readonly string[]): Promise<void> {
  await tryRun(['bridge', '-n', netns, '-force', '-batch', '-'], { input: `${lines.join('\n')}\n` });
}
