import { hybridNames } from './sources/lab-source.ts';
import type { LabGuest, LabHypervisor, LabNetwork, Topology } from './topology.ts';
import { networkOf } from './topology.ts';

const WRAP = 'neutron-linuxbri';
/** The same driver under neutron-openvswitch-agent (`iptables_hybrid`). */
const HYBRID_WRAP = 'neutron-openvswi';
type Family = 4 | 6;

/**
 * The stateful groups of a hypervisor as neutron's linuxbridge `iptables_firewall` lays them out: conntrack zones in raw
 * PREROUTING, FORWARD by physdev into a chain for each direction of each tap. Text for `iptables-restore` (family 4) or
 * `ip6tables-restore` (6). Members of the group are listed one by one, as neutron does without ipset.
 */
export function firewallRules(topology: Topology, hypervisor: LabHypervisor, family: Family): string {
  const guests = topology.guests.filter((g) => g.hypervisor === hypervisor.name);
  const filters = topology.source !== 'ml2-ovs'; // there Open vSwitch itself would filter: nothing here does
  const text = `${[...rawTable(topology, filters ? guests : []), ...filterTable(topology, filters ? guests : [], family)].join('\n')}\n`;
  return topology.source === 'ml2-ovs-hybrid' ? text.replaceAll(WRAP, HYBRID_WRAP) : text;
}

/**
 * The same as a change to what is loaded already: for `iptables-restore --noflush`, as the agent applies it. Own chains are written anew,
 * those of taps that are `gone` removed, jumps from the built-in chains and rules of others left alone.
 */
export function firewallUpdate(topology: Topology, change: FirewallChange): string {
  const gone = change.gone.flatMap((g) => [chain('i', g), chain('o', g), chain('s', g)]);
  const lines = firewallRules(topology, change.hypervisor, change.family).trimEnd().split('\n');
  let table = '';
  return `${lines
    .filter((line) => !/^-A (PREROUTING|INPUT|FORWARD|OUTPUT) /.test(line))
    .flatMap((line) => {
      if (line.startsWith('*')) table = line;
      if (line !== 'COMMIT' || table !== '*filter') return [line];
      // Declared first, so that deleting one that never was is no error; last, when nothing jumps there any more.
      return [...gone.map((name) => `:${name} - [0:0]`), ...gone.map((name) => `-X ${name}`), line];
    })
    .join('\n')}\n`;
}

export interface FirewallChange {
  readonly hypervisor: LabHypervisor;
  readonly family: Family;
  /** Guests whose taps have left this hypervisor. */
  readonly gone: readonly LabGuest[];
}

function rawTable(topology: Topology, guests: readonly LabGuest[]): string[] {
  const rules = guests.flatMap((guest) => zoneRules(guest, networkOf(topology, guest), topology));
  return [
    '*raw',
    `:${WRAP}-OUTPUT - [0:0]`,
    `:${WRAP}-PREROUTING - [0:0]`,
    `-A PREROUTING -j ${WRAP}-PREROUTING`,
    `-A OUTPUT -j ${WRAP}-OUTPUT`,
    ...rules.map((rule) => `-A ${WRAP}-PREROUTING ${rule}`),
    'COMMIT',
  ];
}

/** Neutron writes the three for every port, so a bridge's appear as often as it has taps. */
function zoneRules(guest: LabGuest, network: LabNetwork, topology: Topology): string[] {
  const bridge = topology.source === 'ml2-ovs-hybrid' ? hybridNames(guest).qvb : network.bridge;
  const target = `-m comment --comment "Set zone for ${guest.tap.slice(4)}" -j CT --zone ${network.zone}`;
  return [
    `-m physdev --physdev-in ${bridge} ${target}`,
    `-i ${bridge} ${target}`,
    `-m physdev --physdev-in ${guest.tap} ${target}`,
  ];
}

function filterTable(topology: Topology, guests: readonly LabGuest[], family: Family): string[] {
  const filtered = guests.filter((g) => g.extra?.portSecurity ?? true);
  const fixed = ['neutron-filter-top', ...['FORWARD', 'INPUT', 'OUTPUT', 'local', 'sg-chain', 'sg-fallback'].map(wrap)];
  const perTap = filtered.flatMap((g) => [chain('i', g), chain('o', g), chain('s', g)]);
  return [
    '*filter',
    ...[...fixed, ...perTap].map((name) => `:${name} - [0:0]`),
    '-A FORWARD -j neutron-filter-top',
    ...['INPUT', 'FORWARD', 'OUTPUT'].map((hook) => `-A ${hook} -j ${wrap(hook)}`),
    '-A OUTPUT -j neutron-filter-top',
    `-A neutron-filter-top -j ${wrap('local')}`,
    ...guests.filter((g) => !filtered.includes(g)).flatMap(openRules),
    ...filtered.flatMap(dispatchRules),
    ...filtered.flatMap((g) => ingressRules(topology, g, family)),
    ...filtered.flatMap((g) => egressRules(g, family)),
    `-A ${wrap('sg-chain')} -j ACCEPT`,
    `-A ${wrap('sg-fallback')} -m comment --comment "Default drop rule for unmatched traffic." -j DROP`,
    'COMMIT',
  ];
}

function dispatchRules(guest: LabGuest): string[] {
  const { tap } = guest;
  const forward = `-A ${wrap('FORWARD')} -m physdev`;
  const why = (text: string) => `-m comment --comment "${text}"`;
  const toGroup = why('Direct traffic from the VM interface to the security group chain.');
  return [
    `${forward} --physdev-out ${tap} --physdev-is-bridged ${toGroup} -j ${wrap('sg-chain')}`,
    `${forward} --physdev-in ${tap} --physdev-is-bridged ${toGroup} -j ${wrap('sg-chain')}`,
    `-A ${wrap('INPUT')} -m physdev --physdev-in ${tap} --physdev-is-bridged ` +
      `${why('Direct incoming traffic from VM to the security group chain.')} -j ${chain('o', guest)}`,
    `-A ${wrap('sg-chain')} -m physdev --physdev-out ${tap} --physdev-is-bridged ` +
      `${why('Jump to the VM specific chain.')} -j ${chain('i', guest)}`,
    `-A ${wrap('sg-chain')} -m physdev --physdev-in ${tap} --physdev-is-bridged ` +
      `${why('Jump to the VM specific chain.')} -j ${chain('o', guest)}`,
  ];
}

/** A port without port security. */
function openRules({ tap }: LabGuest): string[] {
  const why = '-m comment --comment "Accept all packets when port security is disabled."';
  return ['out', 'in'].map(
    (way) => `-A ${wrap('FORWARD')} -m physdev --physdev-${way} ${tap} --physdev-is-bridged ${why} -j ACCEPT`,
  );
}

/** Towards the guest: what the group allows. */
function ingressRules(topology: Topology, guest: LabGuest, family: Family): string[] {
  const peers = topology.guests.filter((g) => g.networkId === guest.networkId && g.portId !== guest.portId);
  const inGroup = peers.filter((g) => (g.extra?.portSecurity ?? true) && (g.extra?.egress ?? true));
  const members = inGroup.flatMap((g) => [g, ...(g.extra?.moreNics ?? [])]);
  return [
    '-m state --state RELATED,ESTABLISHED -j RETURN',
    ...dhcpAnswers(guest, family),
    family === 4 ? '-p icmp -j RETURN' : '-p ipv6-icmp -j RETURN',
    '-p tcp -m tcp --dport 22 -j RETURN',
    ...members.map((m) => `-s ${family === 4 ? `${m.ip4}/32` : `${m.ip6}/128`} -j RETURN`),
    '-m state --state INVALID -j DROP',
    `-j ${wrap('sg-fallback')}`,
  ].map((rule) => `-A ${chain('i', guest)} ${rule}`);
}

/** What a DHCP server says, to all or to this guest: conntrack does not take it for an answer to a broadcast. */
function dhcpAnswers(guest: LabGuest, family: Family): string[] {
  if (family === 6) return [];
  return ['255.255.255.255', guest.ip4].map((to) => `-d ${to}/32 -p udp -m udp --sport 67 --dport 68 -j RETURN`);
}

/** From the guest: no spoofing, no DHCP server, else all, unless its group has no egress rule. */
function egressRules(guest: LabGuest, family: Family): string[] {
  const dhcp =
    family === 4
      ? ['-s 0.0.0.0/32 -d 255.255.255.255/32 -p udp -m udp --sport 68 --dport 67 -j RETURN']
      : [133, 135, 143].map((type) => `-s ::/128 -p ipv6-icmp -m icmp6 --icmpv6-type ${type} -j RETURN`);
  const neighbour = family === 6 ? ['-s fe80::/64 -p ipv6-icmp -j RETURN'] : [];
  const [client, server] = family === 4 ? [68, 67] : [546, 547];
  const out = [
    ...dhcp,
    ...neighbour,
    `-j ${chain('s', guest)}`,
    `-p udp -m udp --sport ${client} --dport ${server} -j RETURN`,
    `-p udp -m udp --sport ${server} --dport ${client} -j DROP`,
    '-m state --state RELATED,ESTABLISHED -j RETURN',
    ...((guest.extra?.egress ?? true) ? ['-j RETURN'] : []),
    '-m state --state INVALID -j DROP',
    `-j ${wrap('sg-fallback')}`,
  ];
  return [
    ...out.map((rule) => `-A ${chain('o', guest)} ${rule}`),
    ...[guest, ...(guest.extra?.moreNics ?? [])].map(({ mac, ip4, ip6 }) => {
      const source = family === 4 ? `${ip4}/32` : `${ip6}/128`;
      return `-A ${chain('s', guest)} -s ${source} -m mac --mac-source ${mac} -j RETURN`;
    }),
    `-A ${chain('s', guest)} -m comment --comment "Drop traffic without an IP/MAC allow rule." -j DROP`,
  ];
}

function wrap(name: string): string {
  return `${WRAP}-${name}`;
}

/** Neutron cuts the name at 28 characters: a letter and ten of the port's id. */
function chain(direction: 'i' | 'o' | 's', guest: LabGuest): string {
  return wrap(`${direction}${guest.portId.slice(0, 10)}`);
}
