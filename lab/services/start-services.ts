import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { together } from '../command.ts';
import { waitUntilListening } from '../listening.ts';
import { inNetns, ipBatch, scriptIn } from '../netns.ts';
import { startDaemon } from '../processes.ts';
import { pathsOf } from '../run-dir.ts';
import { type LabNetwork, networkOf, type Topology } from '../topology.ts';
import { serviceDir, writeDhcpHosts } from './dhcp-hosts.ts';
import type { LabService } from './lab-service.ts';

const DNS_PORT = 53;
const LEASE = '86400s';

/** Starts the legacy DHCP and router namespaces of a lab whose bridges are there. */
export async function startServices(topology: Topology): Promise<void> {
  await together((topology.services ?? []).map((service) => startService(topology, service)));
}

async function startService(topology: Topology, service: LabService): Promise<void> {
  mkdirSync(serviceDir(topology, service), { recursive: true });
  await plugService(topology, service);
  await (service.kind === 'dhcp' ? startDnsmasq(topology, service) : startRadvd(topology, service));
}

/** As the linuxbridge interface driver does: a veth, its host side in the network's bridge as any guest's tap. */
async function plugService(topology: Topology, service: LabService): Promise<void> {
  const network = networkOf(topology, service);
  const hypervisor = topology.hypervisors.find((h) => h.name === service.hypervisor);
  if (!hypervisor) throw new Error(`${service.name} is on no hypervisor of lab ${topology.name}`);
  const { mtu } = network;
  await ipBatch(hypervisor.netns, [
    `link add ${service.tap} mtu ${mtu} type veth peer name ${service.device} address ${service.mac} mtu ${mtu} netns ${service.netns}`,
    `link set ${service.tap} master ${network.bridge} up`,
  ]);
  const router = service.kind === 'router';
  await scriptIn(service.netns, [
    ...(router ? ['ipv4/ip_forward', 'ipv6/conf/all/forwarding'].map((key) => `echo 1 > /proc/sys/net/${key}`) : []),
    'ip -batch - <<END',
    'link set lo up',
    `address add ${service.ip4}/${network.subnet4.prefix} dev ${service.device}`,
    `address add ${service.ip6}/${network.subnet6.prefix} dev ${service.device} nodad`,
    `link set ${service.device} up`,
    `route add default via ${network.subnet4.gateway}`,
    'END',
    `ethtool -K ${service.device} tx off >/dev/null`,
  ]);
}

async function startDnsmasq(topology: Topology, service: LabService): Promise<void> {
  const dir = serviceDir(topology, service);
  const network = networkOf(topology, service);
  writeDhcpHosts(topology, service);
  writeFileSync(join(dir, 'opts'), dhcpOptions(network, service));
  writeFileSync(join(dir, 'leases'), '');
  const paths = pathsOf(topology.name);
  const record = startDaemon(paths, topology.name, {
    name: service.name,
    argv: inNetns(service.netns, ['dnsmasq', ...dnsmasqArguments(topology, { service, network, dir })]),
  });
  await waitUntilListening(paths, record, { tcp: DNS_PORT });
}

/** The words of Neutron's DHCP agent (neutron/agent/linux/dhcp.py), in the foreground and as root: its files are root's alone. */
function dnsmasqArguments(
  topology: Topology,
  { service, network, dir }: { readonly service: LabService; readonly network: LabNetwork; readonly dir: string },
): readonly string[] {
  const [base = ''] = network.subnet4.cidr.split('/');
  const mask = network.subnet4.prefix === 24 ? '255.255.255.0' : '255.255.240.0';
  return [
    ...['--keep-in-foreground', '--user=root', '--group=root', '--no-hosts', '--no-resolv', '--conf-file=/dev/null'],
    ...['--log-facility=-', '--log-dhcp', '--bind-dynamic', `--interface=${service.device}`, '--except-interface=lo'],
    ...[
      `--pid-file=${join(dir, 'pid')}`,
      `--dhcp-hostsfile=${join(dir, 'host')}`,
      `--dhcp-optsfile=${join(dir, 'opts')}`,
    ],
    ...[`--dhcp-leasefile=${join(dir, 'leases')}`, '--dhcp-authoritative', '--dhcp-lease-max=256'],
    `--dhcp-range=set:subnet-${network.subnet4.id},${base},static,${mask},${LEASE}`,
    `--dhcp-option-force=option:mtu,${network.mtu}`,
    `--domain=${topology.name}.lab`,
  ];
}

/** Lines of `--dhcp-optsfile`: dnsmasq's own address is the resolver, as where a subnet has no dns_nameservers. */
function dhcpOptions(network: LabNetwork, service: LabService): string {
  const tag = `tag:subnet-${network.subnet4.id}`;
  return [`${tag},option:dns-server,${service.ip4}`, `${tag},option:router,${network.subnet4.gateway}`, ''].join('\n');
}

async function startRadvd(topology: Topology, service: LabService): Promise<void> {
  const dir = serviceDir(topology, service);
  const config = join(dir, 'radvd.conf');
  writeFileSync(config, radvdConfig(networkOf(topology, service), service), { mode: 0o600 });
  startDaemon(pathsOf(topology.name), topology.name, {
    name: service.name,
    argv: inNetns(service.netns, ['radvd', '-n', '-C', config, '-p', join(dir, 'pid'), '-m', 'stderr']),
  });
}

/** As Neutron's L3 agent writes it for a SLAAC subnet, only more often than its 30 to 100 s: nobody waits that long in a test. */
function radvdConfig(network: LabNetwork, service: LabService): string {
  return `interface ${service.device}
{
   AdvSendAdvert on;
   MinRtrAdvInterval 3;
   MaxRtrAdvInterval 10;
   AdvLinkMTU ${network.mtu};
   prefix ${network.subnet6.cidr}
   {
        AdvOnLink on;
        AdvAutonomous on;
   };
};
`;
}
