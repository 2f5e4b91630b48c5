import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { together } from '../command.ts';
import { ip4At } from '../guest/plan-guest.ts';
import { inNetns, scriptIn } from '../netns.ts';
import { startDaemon } from '../processes.ts';
import { hypervisorDir, pathsOf } from '../run-dir.ts';
import type { LabGuest, LabHypervisor, LabNetwork, Topology } from '../topology.ts';

/** FlatDHCPManager's `flat_network_bridge`. VLANs begin one higher, so that VlanManager's `brN` is never this one. */
const FLAT_BRIDGE = 'br100';
const FIRST_VLAN = 101;
/** Address of hypervisor 1 in each network, in multi-host mode; guests begin at `.20`. */
const FIRST_HOST_ADDRESS = 11;
export const NOVA_MULTI_HOST_MAX = 8;
/** Of legs: below libvirt's `fe:…` of taps, so that the bridge takes the leg's, as it takes the NIC's (FACTS: lowest MAC). */
const LEG_OUI = 'fa:16:3f';

/** The same cloud with the names that nova-network gives: `vlan101` in `br101`, `br100` for the flat one, taps `vnet0`, `vnet1`, … Pure. */
export function asNovaNetwork(topology: Topology): Topology {
  const networks = topology.networks.map(novaNetwork);
  return { ...topology, networks, guests: withVnetTaps(topology) };
}

function novaNetwork(network: LabNetwork): LabNetwork {
  if (network.kind === 'overlay') return network; // nova-network has none: they stay ML2's
  if (network.vlan === undefined) return { ...network, bridge: FLAT_BRIDGE };
  const vlan = FIRST_VLAN + network.index - 1;
  return { ...network, vlan, bridge: `br${vlan}`, uplink: `vlan${vlan}` };
}

/** libvirt counts on each hypervisor for itself: the same name is another guest's on the next. */
function withVnetTaps(topology: Topology): readonly LabGuest[] {
  const next = new Map<string, number>();
  return topology.guests.map((guest) => {
    const n = next.get(guest.hypervisor) ?? 0;
    next.set(guest.hypervisor, n + 1);
    return { ...guest, tap: `vnet${n}` };
  });
}

/** The name that libvirt gives to the next tap on a hypervisor: the lowest that is free, also one that another guest had. */
export function nextVnet(topology: Topology, hypervisor: Pick<LabHypervisor, 'name'>): string {
  const taken = new Set(topology.guests.filter((g) => g.hypervisor === hypervisor.name).map((g) => g.tap));
  for (let n = 0; ; n += 1) if (!taken.has(`vnet${n}`)) return `vnet${n}`;
}

/** Address of a hypervisor on a network's bridge in multi-host mode: gateway and DHCP server of its guests. */
export function novaGateway(network: LabNetwork, hypervisor: Pick<LabHypervisor, 'index'>): string {
  return ip4At(network, FIRST_HOST_ADDRESS + hypervisor.index - 1);
}

/** The MAC of a leg, and so of its bridge. */
export function novaLegMac(network: LabNetwork, hypervisor: Pick<LabHypervisor, 'index'>): string {
  const tail = [hypervisor.index, 0, network.index].map((octet) => octet.toString(16).padStart(2, '0'));
  return [LEG_OUI, ...tail].join(':');
}

/** What nova-network adds to the bridges of a hypervisor: the NIC's address as the bridge's own, and in multi-host mode gateway and dnsmasq. */
export async function furnishNovaNetwork(topology: Topology, hypervisor: LabHypervisor): Promise<void> {
  const networks = topology.networks.filter((network) => network.kind !== 'overlay');
  await scriptIn(hypervisor.netns, [
    'ip -batch - <<END',
    ...networks.map((n) => `link set ${n.uplink} address ${novaLegMac(n, hypervisor)}`),
    'END',
  ]);
  if (topology.source === 'nova-multi-host')
    await together(networks.map((network) => serveNetwork(topology, hypervisor, network)));
}

/** As linux_net.py: the address on the bridge, forwarding on, dnsmasq listening on it. */
async function serveNetwork(topology: Topology, hypervisor: LabHypervisor, network: LabNetwork): Promise<void> {
  const gateway = novaGateway(network, hypervisor);
  await scriptIn(hypervisor.netns, [
    'echo 1 > /proc/sys/net/ipv4/ip_forward',
    `ip address add ${gateway}/${network.subnet4.prefix} dev ${network.bridge}`,
  ]);
  const dir = join(hypervisorDir(topology.name, hypervisor.name), `nova-${network.bridge}`);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'conf'), novaHosts(topology, hypervisor, network));
  const [base = ''] = network.subnet4.cidr.split('/');
  startDaemon(pathsOf(topology.name), topology.name, {
    name: `dnsmasq-${hypervisor.name}-${network.bridge}`,
    argv: inNetns(hypervisor.netns, [
      ...['dnsmasq', '--keep-in-foreground', '--user=root', '--group=root', '--strict-order', '--bind-interfaces'],
      ...['--conf-file=', `--pid-file=${join(dir, 'pid')}`, `--dhcp-optsfile=/dev/null`, '--except-interface=lo'],
      ...[`--listen-address=${gateway}`, `--dhcp-hostsfile=${join(dir, 'conf')}`, '--dhcp-lease-max=256', '--no-hosts'],
      ...[`--dhcp-range=set:${network.name},${base},static,120s`, `--dhcp-leasefile=${join(dir, 'leases')}`],
      ...['--no-resolv', '--log-facility=-', `--interface=${network.bridge}`, `--domain=${topology.name}.lab`],
    ]),
  });
}

function novaHosts(topology: Topology, hypervisor: LabHypervisor, network: LabNetwork): string {
  const guests = topology.guests.filter((g) => g.hypervisor === hypervisor.name && g.networkId === network.id);
  return guests.map((g) => `${g.mac},${g.name}.${topology.name}.lab,${g.ip4}\n`).join('');
}

/** The IPv4 gateway that a guest uses: in multi-host mode its own hypervisor. */
export function gatewayOf(topology: Topology, guest: Pick<LabGuest, 'hypervisor'>, network: LabNetwork): string {
  const hypervisor = topology.hypervisors.find((h) => h.name === guest.hypervisor);
  if (topology.source !== 'nova-multi-host' || hypervisor === undefined || network.kind === 'overlay')
    return network.subnet4.gateway;
  return novaGateway(network, hypervisor);
}
