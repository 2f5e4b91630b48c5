import { together } from './command.ts';
import { ipBatch, scriptIn } from './netns.ts';
import type { LabGuest, LabHypervisor, Topology } from './topology.ts';
import { networkOf } from './topology.ts';

/** Plugs a hypervisor's guests into their legacy bridges and configures them. */
export async function plugGuests(topology: Topology, hypervisor: LabHypervisor): Promise<void> {
  const guests = topology.guests.filter((g) => g.hypervisor === hypervisor.name);
  if (guests.length === 0) return;
  if (topology.tap === 'veth') {
    await ipBatch(
      hypervisor.netns,
      guests.map((g) => vethOf(topology, g)),
    );
  }
  await ipBatch(
    hypervisor.netns,
    guests.map((g) => `link set ${g.tap} master ${networkOf(topology, g).bridge} up`),
  );
  await together(guests.map((g) => configureGuest(topology, g)));
}

function vethOf(topology: Topology, guest: LabGuest): string {
  const { mtu } = networkOf(topology, guest);
  return (
    `link add ${guest.tap} address ${guest.tapMac} mtu ${mtu} type veth ` +
    `peer name eth0 address ${guest.mac} mtu ${mtu} netns ${guest.netns}`
  );
}

/** Addresses are static, IPv6 outlives a link that goes down, checksums are filled in by the guest. */
function configureGuest(topology: Topology, guest: LabGuest): Promise<string> {
  const network = networkOf(topology, guest);
  return scriptIn(guest.netns, [
    'echo 1 > /proc/sys/net/ipv6/conf/eth0/keep_addr_on_down',
    'echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_ra',
    'ip -batch - <<END',
    'link set lo up',
    `link set eth0 address ${guest.mac} mtu ${network.mtu}`,
    `address add ${guest.ip4}/${network.subnet4.prefix} dev eth0`,
    `address add ${guest.ip6}/${network.subnet6.prefix} dev eth0 nodad`,
    'link set eth0 up',
    ...defaultRoutes(topology, guest).map((route) => `route add ${route}`),
    'END',
    ...(topology.tap === 'veth' ? ['ethtool -K eth0 tx off >/dev/null'] : []),
  ]);
}

/** A guest's default routes: they go with the link, addresses stay. */
export function defaultRoutes(topology: Topology, guest: LabGuest): readonly string[] {
  const { subnet4, subnet6 } = networkOf(topology, guest);
  return [`default via ${subnet4.gateway} dev eth0`, `default via ${subnet6.gateway} dev eth0`];
}
