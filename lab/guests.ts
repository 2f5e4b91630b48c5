import { together } from './command.ts';
import { extraOf, type MoreNic } from './guest/guest-extra.ts';
import { ipBatch, scriptIn } from './netns.ts';
import { isMidonet, isOpenVSwitchSource } from './sources/lab-source.ts';
import { plugIntoOpenVSwitch } from './sources/ml2-ovs-plug.ts';
import { gatewayOf } from './sources/nova-network.ts';
import type { LabGuest, LabHypervisor, Subnet, Topology } from './topology.ts';
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
  if (isOpenVSwitchSource(topology)) await plugIntoOpenVSwitch(topology, hypervisor, guests);
  else {
    await ipBatch(
      hypervisor.netns,
      guests.map((g) => {
        const network = networkOf(topology, g);
        return isMidonet(topology, network) ? `link set ${g.tap} up` : `link set ${g.tap} master ${network.bridge} up`;
      }),
    );
  }
  await together(guests.map((g) => configureGuest(topology, g)));
}

/** The `ip` command that makes a guest's veth pair, to be run in its hypervisor's namespace. */
export function vethOf(topology: Topology, guest: LabGuest): string {
  const { mtu } = networkOf(topology, guest);
  return (
    `link add ${guest.tap} address ${guest.tapMac} mtu ${mtu} type veth ` +
    `peer name eth0 address ${guest.mac} mtu ${mtu} netns ${guest.netns}`
  );
}

/** What a guest's own operating system does once its NIC is there: addresses, routes, and how it behaves. */
export function configureGuest(topology: Topology, guest: LabGuest): Promise<string> {
  return scriptIn(guest.netns, guestScript(topology, guest));
}

/**
 * Static addresses outlive a link that goes down; a dynamic guest gets its own by DHCP (elsewhere) and router advertisements. A silent
 * one answers neither ARP nor ICMP and speaks no IPv6. Checksums are filled in by the guest. Pure.
 */
export function guestScript(topology: Topology, guest: LabGuest): readonly string[] {
  const network = networkOf(topology, guest);
  const extra = extraOf(guest, topology.tap);
  const dynamic = extra.addressing === 'dynamic';
  const mute = extra.behaviour !== 'answers';
  const macvlans = extra.moreNics.map(
    (n) => `link add link eth0 name ${n.name} address ${n.mac} type macvlan mode bridge`,
  );
  return [
    ...sysctls({
      'ipv6/conf/eth0/keep_addr_on_down': 1,
      'ipv6/conf/eth0/accept_ra': dynamic ? 2 : 0,
      'ipv6/conf/eth0/autoconf': dynamic ? 1 : 0,
      'ipv6/conf/eth0/addr_gen_mode': 0, // EUI-64, as Neutron expects it of SLAAC
      'ipv4/icmp_echo_ignore_all': mute ? 1 : 0,
      ...(extra.moreNics.length > 0 ? { 'ipv4/conf/all/arp_ignore': 1, 'ipv4/conf/all/arp_announce': 2 } : {}),
      ...(mute ? { 'ipv4/conf/all/arp_ignore': 8, 'ipv6/conf/eth0/disable_ipv6': 1 } : {}),
    }),
    'ip -batch - <<END',
    'link set lo up',
    `link set eth0 address ${guest.mac} mtu ${network.mtu}`,
    ...(dynamic ? [] : addressLines(topology, guest, mute)),
    ...macvlans,
    ...extra.vlans.map((vlan) => `link add link eth0 name eth0.${vlan} type vlan id ${vlan}`),
    'link set eth0 up',
    ...extra.moreNics.flatMap((nic, i) => moreNicLines(topology, guest, { nic, table: 101 + i })),
    ...extra.vlans.map((vlan) => `link set eth0.${vlan} up`),
    ...(dynamic ? [] : defaultRoutes(topology, guest).map((route) => `route add ${route}`)),
    'END',
    ...extra.moreNics.flatMap((nic, i) => [
      `ip rule add from ${nic.ip4} lookup ${101 + i}`, // not in the batch, which is of no family: it refuses an IPv6 source
      `ip -6 rule add from ${nic.ip6} lookup ${101 + i}`,
    ]),
    ...(extra.nic === 'veth' ? ['ethtool -K eth0 tx off >/dev/null'] : []),
  ];
}

function addressLines(topology: Topology, guest: LabGuest, mute: boolean): readonly string[] {
  const { subnet4, subnet6 } = networkOf(topology, guest);
  const v4 = `address add ${guest.ip4}/${subnet4.prefix} dev eth0`;
  return mute ? [v4] : [v4, `address add ${guest.ip6}/${subnet6.prefix} dev eth0 nodad`];
}

/** A MAC of its own speaks for its own addresses only, and answers leave by the interface that was asked. */
function moreNicLines(
  topology: Topology,
  guest: LabGuest,
  { nic, table }: { readonly nic: MoreNic; readonly table: number },
): readonly string[] {
  const { subnet4, subnet6 } = networkOf(topology, guest);
  const routes = (subnet: Subnet) => [
    `route add ${subnet.cidr} dev ${nic.name} table ${table}`,
    `route add default via ${subnet.gateway} dev ${nic.name} table ${table}`,
  ];
  return [
    `address add ${nic.ip4}/${subnet4.prefix} dev ${nic.name}`,
    `address add ${nic.ip6}/${subnet6.prefix} dev ${nic.name} nodad`,
    `link set ${nic.name} up`,
    ...routes(subnet4),
    ...routes(subnet6),
  ];
}

function sysctls(values: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(values).map(([key, value]) => `echo ${value} > /proc/sys/net/${key}`);
}

/** A guest's default routes: they go with the link, addresses stay. */
export function defaultRoutes(topology: Topology, guest: LabGuest): readonly string[] {
  const network = networkOf(topology, guest);
  const { subnet6 } = network;
  const v4 = `default via ${gatewayOf(topology, guest, network)} dev eth0`;
  const speaksIpv6 = (guest.extra?.behaviour ?? 'answers') === 'answers';
  return speaksIpv6 ? [v4, `default via ${subnet6.gateway} dev eth0`] : [v4];
}
