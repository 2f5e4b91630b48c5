import type { Datapath } from './datapath.ts';
import type { GuestExtra } from './guest/guest-extra.ts';
import { requireLabName } from './lab-name.ts';
import type { LabService } from './services/lab-service.ts';
import type { LabSource } from './sources/lab-source.ts';
import { macOf, uuidOf } from './stable-ids.ts';
import type { Uplinks } from './uplink-kinds.ts';

/** What a lab is made of; everything else about it follows from these (see {@link planTopology}). */
export interface TopologyOptions {
  /** Lower-case letters and digits, at most 10: it prefixes namespaces and must not hide another lab's prefix. */
  readonly name: string;
  readonly hosts: number;
  /** Guests on each hypervisor. */
  readonly guests: number;
  /** Provider networks: VLAN 100, 101, … and the last one flat (a single one is a VLAN). */
  readonly networks: number;
  /** Tenant networks after them: VXLAN on Linux bridges, Geneve in OVN, no wire in common, no gateway and no `ext` host. Default 0. */
  readonly overlays?: number;
  /** Of provider networks; overlays leave room for VXLAN's headers. Default 1500. */
  readonly mtu?: number;
  /** Multicast snooping in both worlds, and somebody who asks for members. Default false. */
  readonly snooping?: boolean;
  /** The flat network lets guests' own tags pass ({@link TRANSPARENT_VLANS}). Default false. */
  readonly vlanTransparent?: boolean;
  readonly tap: TapKind;
  /** Default `netdev`. */
  readonly datapath?: Datapath;
}

/** `veth`: guest = namespace + veth; `tap`: a real tap device on both sides, joined by the lab's relay. */
export type TapKind = 'veth' | 'tap';

export interface LabNetwork {
  /** 1, 2, …; used in names of namespaces. */
  readonly index: number;
  readonly id: string;
  readonly name: string;
  readonly kind: 'vlan' | 'flat' | 'overlay';
  readonly vlan?: number;
  /** VXLAN id of an overlay's legacy side. */
  readonly vni?: number;
  readonly mtu: number;
  readonly snooping: boolean;
  readonly vlanTransparent: boolean;
  readonly segmentId: string;
  readonly subnet4: Subnet;
  readonly subnet6: Subnet;
  /** The legacy bridge on each hypervisor, `brq…`. */
  readonly bridge: string;
  /** End of the leg in the legacy bridge; an overlay's VXLAN device. */
  readonly uplink: string;
  /** End of the leg in `br-ex`; overlays have none. */
  readonly leg: string;
  /** This and `ext` are there on provider networks only ({@link providerNetworks}). */
  readonly gateway: Station;
  readonly ext: Station;
  /** Conntrack zone of the legacy firewall: one a network, from 4097 as neutron counts. */
  readonly zone: number;
}

export interface Subnet {
  readonly id: string;
  readonly cidr: string;
  readonly prefix: number;
  readonly gateway: string;
}

/** A machine on the fabric's side of a provider network. */
export interface Station {
  readonly netns: string;
  readonly mac: string;
  readonly ip4: string;
  readonly ip6: string;
  /** Its port on the fabric's provider bridge. */
  readonly fabricPort: string;
}

export interface LabHypervisor {
  readonly index: number;
  readonly name: string;
  readonly hostname: string;
  readonly systemId: string;
  readonly netns: string;
  readonly managementIp: string;
  readonly underlayIp: string;
}

export interface LabGuest {
  readonly name: string;
  readonly hypervisor: string;
  readonly netns: string;
  readonly tap: string;
  readonly mac: string;
  /** libvirt's address of the host side: the guest's with first octet `fe`. */
  readonly tapMac: string;
  readonly ip4: string;
  readonly ip6: string;
  readonly portId: string;
  readonly deviceId: string;
  readonly networkId: string;
  readonly network: string;
  readonly extra?: GuestExtra;
}

export interface Topology {
  readonly name: string;
  readonly tap: TapKind;
  readonly datapath: Datapath;
  /** Absent: Linux bridges. */
  readonly source?: LabSource;
  readonly uplinks?: Uplinks;
  readonly centralNetns: string;
  readonly fabricNetns: string;
  readonly managementIp: string;
  readonly projectId: string;
  readonly securityGroupId: string;
  readonly networks: readonly LabNetwork[];
  readonly hypervisors: readonly LabHypervisor[];
  readonly guests: readonly LabGuest[];
  /** Absent in a lab without legacy services. */
  readonly services?: readonly LabService[];
}

/** First guest's offset in its subnet; `.1` is the gateway, `.10` the `ext` host. */
export const FIRST_GUEST = 20;
/** Host numbers above this stay free in every subnet: probe ports take the highest free addresses. */
export const LAST_GUEST_24 = 239;
export const LIMITS = { hostsMax: 64, guestsMax: 200, networksMax: 20, mtuMax: 9000 } as const;
/** Tags that guests of a VLAN-transparent network may use themselves. */
export const TRANSPARENT_VLANS = [7, 8] as const;
const FIRST_VNI = 5001;
const DEFAULT_MTU = 1500;
/** IPv6 demands it (RFC 8200, section 5), on overlays too. */
const MTU_MIN = 1330;
/** Headers of VXLAN over IPv4 round a frame. */
const VXLAN_BYTES = 50;

/** Lays out a lab: same options, same names, addresses and UUIDs. Throws a RangeError for what cannot be built. */
export function planTopology(options: TopologyOptions): Topology {
  checkOptions(options);
  const count = options.networks + (options.overlays ?? 0);
  const perNetwork = Math.ceil(options.guests / count) * options.hosts;
  const networks = times(count, (i) => planNetwork(options, i, perNetwork));
  const hypervisors = times(options.hosts, (i) => planHypervisor(options.name, i));
  return {
    name: options.name,
    tap: options.tap,
    datapath: options.datapath ?? 'netdev',
    centralNetns: `${options.name}-central`,
    fabricNetns: `${options.name}-fabric`,
    managementIp: '172.20.0.1',
    projectId: uuidOf(options.name, 'project').replaceAll('-', ''),
    securityGroupId: uuidOf(options.name, 'security-group'),
    networks,
    hypervisors,
    guests: planGuests(options, networks, hypervisors),
  };
}

/** The namespaces of a topology, all prefixed by the lab's name. */
export function namespacesOf(topology: Topology): readonly string[] {
  return [
    topology.centralNetns,
    topology.fabricNetns,
    ...topology.hypervisors.map((h) => h.netns),
    ...providerNetworks(topology).flatMap((n) => [n.gateway.netns, n.ext.netns]),
    ...topology.guests.map((g) => g.netns),
    ...(topology.services ?? []).map((s) => s.netns),
  ];
}

/** Networks on the wire of the provider: their two worlds meet there. */
export function providerNetworks(topology: Topology): readonly LabNetwork[] {
  return topology.networks.filter((network) => network.kind !== 'overlay');
}

export function overlayNetworks(topology: Topology): readonly LabNetwork[] {
  return topology.networks.filter((network) => network.kind === 'overlay');
}

/** The network of a guest or service. */
export function networkOf(topology: Topology, port: Pick<LabGuest, 'name' | 'networkId'>): LabNetwork {
  const network = topology.networks.find((n) => n.id === port.networkId);
  if (!network) throw new Error(`${port.name} is on no network of lab ${topology.name}`);
  return network;
}

function checkOptions(o: TopologyOptions): void {
  requireLabName(o.name);
  const counts = [
    ['hosts', o.hosts, 1, LIMITS.hostsMax],
    ['guests', o.guests, 0, LIMITS.guestsMax],
    ['networks', o.networks, o.overlays ? 0 : 1, LIMITS.networksMax],
    ['overlays', o.overlays ?? 0, 0, LIMITS.networksMax - o.networks],
    ['mtu', o.mtu ?? DEFAULT_MTU, MTU_MIN, LIMITS.mtuMax],
  ] as const;
  for (const [what, value, min, max] of counts) {
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new RangeError(`${what} is ${value}: a whole number from ${min} to ${max} is needed`);
    }
  }
}

function planNetwork(options: TopologyOptions, i: number, guestsOnIt: number): LabNetwork {
  const id = uuidOf(options.name, 'network', i);
  const kind = kindOf(options, i);
  const name = `net${i + 1}`;
  const prefix = guestsOnIt <= LAST_GUEST_24 - FIRST_GUEST + 1 ? 24 : 20;
  const base = 16 * i; // third octets apart by a /20
  const v4 = (host: number) => `10.${100 + (base >> 8)}.${(base & 255) + (host >> 8)}.${host & 255}`;
  const v6 = (host: number) => `fd00:51:${i + 1}::${host.toString(16)}`;
  const station = (kind: 'gw' | 'ext', host: number): Station => ({
    netns: `${options.name}-${kind}-${name}`,
    mac: macOf(kind === 'gw' ? 0xf1 : 0xf2, i),
    ip4: v4(host),
    ip6: v6(host),
    fabricPort: `${kind}-${name}`,
  });
  const short = id.slice(0, 11);
  return {
    index: i + 1,
    id,
    name,
    kind,
    ...(kind === 'vlan' ? { vlan: 100 + i } : {}),
    ...(kind === 'overlay' ? { vni: FIRST_VNI + i } : {}),
    mtu: (options.mtu ?? DEFAULT_MTU) - (kind === 'overlay' ? VXLAN_BYTES : 0),
    snooping: options.snooping ?? false,
    vlanTransparent: kind === 'flat' && (options.vlanTransparent ?? false),
    segmentId: uuidOf(options.name, 'segment', i),
    subnet4: { id: uuidOf(options.name, 'subnet4', i), cidr: `${v4(0)}/${prefix}`, prefix, gateway: v4(1) },
    subnet6: { id: uuidOf(options.name, 'subnet6', i), cidr: `${v6(0).slice(0, -1)}/64`, prefix: 64, gateway: v6(1) },
    bridge: `brq${short}`,
    uplink: kind === 'overlay' ? `vxlan-${FIRST_VNI + i}` : `upl${short}`,
    leg: `leg${short}`,
    gateway: station('gw', 1),
    ext: station('ext', 10),
    zone: 4097 + i,
  };
}

function kindOf({ networks }: TopologyOptions, i: number): LabNetwork['kind'] {
  if (i >= networks) return 'overlay';
  return networks > 1 && i === networks - 1 ? 'flat' : 'vlan';
}

function planHypervisor(lab: string, i: number): LabHypervisor {
  const name = `hv${i + 1}`;
  return {
    index: i + 1,
    name,
    hostname: `${name}.${lab}.lab`, // differs from the system-id on purpose: whoever mixes them up must notice here
    systemId: name,
    netns: `${lab}-${name}`,
    managementIp: `172.20.0.${11 + i}`,
    underlayIp: `172.21.0.${11 + i}`,
  };
}

function planGuests(
  options: TopologyOptions,
  networks: readonly LabNetwork[],
  hypervisors: readonly LabHypervisor[],
): LabGuest[] {
  const next = new Map(networks.map((n) => [n.id, FIRST_GUEST]));
  return hypervisors.flatMap((hv) =>
    times(options.guests, (n) => {
      const network = networks[n % networks.length] as LabNetwork; // networks is never empty (checkOptions)
      const host = next.get(network.id) ?? FIRST_GUEST;
      next.set(network.id, (host & 255) === LAST_GUEST_24 ? (host | 255) + FIRST_GUEST : host + 1);
      return planGuest(options.name, { hv, network, host, n });
    }),
  );
}

function planGuest(lab: string, at: { hv: LabHypervisor; network: LabNetwork; host: number; n: number }): LabGuest {
  const { hv, network, host, n } = at;
  const portId = uuidOf(lab, 'port', hv.index, n);
  const mac = macOf(hv.index, n);
  const [a = 0, b = 0, c = 0] = network.subnet4.gateway.split('.').map(Number);
  return {
    name: `g${hv.index}-${n + 1}`,
    hypervisor: hv.name,
    netns: `${lab}-g${hv.index}-${n + 1}`,
    tap: `tap${portId.slice(0, 11)}`,
    mac,
    tapMac: `fe${mac.slice(2)}`,
    ip4: `${a}.${b}.${c + (host >> 8)}.${host & 255}`,
    ip6: network.subnet6.gateway.replace(/1$/, host.toString(16)),
    portId,
    deviceId: uuidOf(lab, 'device', hv.index, n),
    networkId: network.id,
    network: network.name,
  };
}

function times<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}
