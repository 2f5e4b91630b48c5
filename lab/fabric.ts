import { together } from './command.ts';
import type { Datapath } from './datapath.ts';
import { ipBatch, scriptIn } from './netns.ts';
import { deepenQueues, dropBehindSwitch, type SwitchPlace, startSwitch, vsctl } from './open-vswitch.ts';
import { pathsOf } from './run-dir.ts';
import { type LabNetwork, providerNetworks, type Station, type Topology, TRANSPARENT_VLANS } from './topology.ts';

/** Linux bridge of the Geneve underlay, and the provider network's switch (the kernel here cannot filter VLANs). */
export const UNDERLAY_BRIDGE = 'underlay';
export const PROVIDER_BRIDGE = 'provider';
/** Headers of Geneve as OVN uses it round a frame of a network, and some to spare. */
const TUNNEL_BYTES = 100;

export function fabricPlace(topology: Topology): SwitchPlace {
  return {
    lab: topology.name,
    name: 'fabric',
    netns: topology.fabricNetns,
    dir: pathsOf(topology.name).fabricRundir,
  };
}

/**
 * The wires between the namespaces, before any daemon runs: management (a bridge in central), underlay and provider. NICs of a
 * hypervisor: eth0 management, eth1 underlay, eth2 provider. Both ends are born in their namespace: the root sees nothing.
 */
export async function wireFabric(topology: Topology): Promise<void> {
  const [wire, underlay] = [wireMtu(topology), underlayMtu(topology)];
  await together([
    scriptIn(topology.fabricNetns, ['echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6']),
    scriptIn(topology.centralNetns, ['echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6']),
  ]);
  await together([
    ipBatch(topology.centralNetns, [
      'link set lo up',
      'link add management type bridge',
      `address add ${topology.managementIp}/24 dev management`,
      'link set management up',
      ...topology.hypervisors.flatMap((h) => [
        `link add m-${h.name} type veth peer name eth0 netns ${h.netns}`,
        `link set m-${h.name} master management up`,
      ]),
    ]),
    ipBatch(topology.fabricNetns, [
      'link set lo up',
      `link add ${UNDERLAY_BRIDGE} type bridge`,
      `link set ${UNDERLAY_BRIDGE} up`,
      ...topology.hypervisors.flatMap((h) => [
        `link add u-${h.name} mtu ${underlay} type veth peer name eth1 mtu ${underlay} netns ${h.netns}`,
        `link set u-${h.name} master ${UNDERLAY_BRIDGE} up`,
        `link add p-${h.name} mtu ${wire} type veth peer name eth2 mtu ${wire} netns ${h.netns}`,
        `link set p-${h.name} up`,
      ]),
      ...providerNetworks(topology)
        .flatMap(stationsOf)
        .flatMap((s) => [
          `link add ${s.fabricPort} mtu ${wire} type veth peer name eth0 address ${s.mac} mtu ${wire} netns ${s.netns}`,
          `link set ${s.fabricPort} up`,
        ]),
    ]),
  ]);
}

/** Starts the provider switch: hypervisors on trunks, gateway and `ext` host of a network on its access ports. */
export async function startFabric(topology: Topology): Promise<void> {
  const place = fabricPlace(topology);
  const trunks = topology.hypervisors.map((h) => `p-${h.name}`);
  const access = providerNetworks(topology).flatMap((n) => stationsOf(n).map((s) => [s.fabricPort, ...accessOf(n)]));
  await startSwitch(place, topology.datapath);
  await vsctl(place, [
    ...[
      'add-br',
      PROVIDER_BRIDGE,
      '--',
      'set',
      'bridge',
      PROVIDER_BRIDGE,
      `datapath_type=${topology.datapath}`,
      'fail-mode=standalone',
    ],
    ...trunks.flatMap((port) => ['--', 'add-port', PROVIDER_BRIDGE, port]),
    ...access.flatMap((portArgs) => ['--', 'add-port', PROVIDER_BRIDGE, ...portArgs]),
  ]);
  if (topology.datapath !== 'netdev') return;
  await dropBehindSwitch(place.netns, [...trunks, ...access.map(([port]) => port as string)]); // each row starts with its port
  await deepenQueues(place);
}

/** The physical gateway and the `ext` host of every network. */
export async function furnishStations(topology: Topology): Promise<void> {
  await together(
    providerNetworks(topology).flatMap((network) =>
      stationsOf(network).map((station) =>
        scriptIn(station.netns, [
          'ip -batch - <<END',
          'link set lo up',
          `link set eth0 mtu ${network.mtu} up`,
          `address add ${station.ip4}/${network.subnet4.prefix} dev eth0`,
          `address add ${station.ip6}/${network.subnet6.prefix} dev eth0 nodad`,
          'END',
          ...checksumsFor(topology.datapath),
        ]),
      ),
    ),
  );
}

/** Columns of a port that carries this network untagged and nothing else. */
export function accessOf(network: LabNetwork): readonly string[] {
  if (network.vlan !== undefined) return [`tag=${network.vlan}`];
  return [`trunks=${[0, ...(network.vlanTransparent ? TRANSPARENT_VLANS : [])].join(',')}`];
}

/** Of the provider's wire: the largest of its networks. */
function wireMtu(topology: Topology): number {
  return Math.max(1500, ...providerNetworks(topology).map((network) => network.mtu));
}

/** Room for a tunnel's headers round a full frame of a network. */
export function underlayMtu(topology: Topology): number {
  return Math.max(1500, ...topology.networks.map((network) => network.mtu)) + TUNNEL_BYTES;
}

/** For frames from a veth that the kernel leaves to be finished by whoever sends them on: vswitchd does not. */
export function checksumsFor(datapath: Datapath): readonly string[] {
  return datapath === 'netdev' ? ['ethtool -K eth0 tx off >/dev/null'] : [];
}

function stationsOf(network: LabNetwork): readonly Station[] {
  return [network.gateway, network.ext];
}
