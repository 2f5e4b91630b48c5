import { randomUUID } from 'node:crypto';
import { macOf } from '../stable-ids.ts';
import {
  FIRST_GUEST,
  LAST_GUEST_24,
  type LabGuest,
  type LabHypervisor,
  type LabNetwork,
  type Topology,
} from '../topology.ts';
import type { Addressing, GuestBehaviour, MoreNic, NicKind, PlugWorld } from './guest-extra.ts';

/** What is asked of a new guest; everything but the place has a default. */
export interface GuestRequest {
  /** Default: the hypervisor with the fewest guests. */
  readonly hypervisor?: string;
  /** Default: the first network. */
  readonly network?: string;
  /** Default: the lowest free address of the network. */
  readonly ip?: string;
  /** MAC addresses behind the tap, 1 to 8; default 1. */
  readonly macs?: number;
  /** VLAN ids of tagged subinterfaces; the kernel must have 8021q. */
  readonly vlans?: readonly number[];
  readonly behaviour?: GuestBehaviour;
  readonly addressing?: Addressing;
  /** Default true. */
  readonly portSecurity?: boolean;
  /** Default true; false: in the group without egress rules. */
  readonly egress?: boolean;
  /** Default: the lab's kind of tap. */
  readonly nic?: NicKind;
}

const MACS_MAX = 8;
/** MAC addresses of macvlans: their fourth octet is above every hypervisor's and below the stations'. */
const MORE_MACS_GROUP = 0xe0;

/** Lays out a guest as Neutron and Nova would: name, free addresses, new ids. Throws a RangeError for what cannot be. */
export function planGuest(topology: Topology, request: GuestRequest, xml: PlugWorld): LabGuest {
  const network = networkFor(topology, request.network);
  const hypervisor = hypervisorFor(topology, request.hypervisor);
  const macs = request.macs ?? 1;
  if (!Number.isInteger(macs) || macs < 1 || macs > MACS_MAX) throw new RangeError(`macs is ${macs}: 1 to ${MACS_MAX}`);
  const nic = request.nic ?? topology.tap;
  refuseImpossible(request, nic);
  const index = freeIndex(topology, hypervisor);
  const hosts = freeHosts(topology, network, { count: macs, wanted: request.ip });
  const [own = FIRST_GUEST, ...more] = hosts;
  const name = `g${hypervisor.index}-${index}`;
  const mac = freeMacs(topology, hypervisor.index, 1)[0] as string; // one was asked for
  const portId = randomUUID();
  const moreMacs = freeMacs(topology, MORE_MACS_GROUP, more.length);
  return {
    name,
    hypervisor: hypervisor.name,
    netns: `${topology.name}-${name}`,
    tap: `tap${portId.slice(0, 11)}`,
    mac,
    tapMac: `fe${mac.slice(2)}`,
    ip4: ip4At(network, own),
    ip6: request.addressing === 'dynamic' ? eui64Address(network, mac) : ip6At(network, own),
    portId,
    deviceId: randomUUID(),
    networkId: network.id,
    network: network.name,
    extra: {
      nic,
      xml,
      ...(nic === 'tap' ? { relay: hypervisor.name } : {}),
      addressing: request.addressing ?? 'static',
      behaviour: request.behaviour ?? 'answers',
      portSecurity: request.portSecurity ?? true,
      ...(request.egress === undefined ? {} : { egress: request.egress }),
      moreNics: more.map((host, i) => moreNic(network, { host, index: i + 1, mac: moreMacs[i] as string })), // as many
      vlans: request.vlans ?? [],
    },
  };
}

/** The address that a guest makes of a router advertisement's prefix and its MAC (RFC 4291, appendix A). */
export function eui64Address(network: LabNetwork, mac: string): string {
  const octets = mac.split(':').map((octet) => Number.parseInt(octet, 16));
  const [first = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = octets;
  const words = [((first ^ 2) << 8) | b, (c << 8) | 0xff, 0xfe00 | d, (e << 8) | f];
  return `${network.subnet6.gateway.replace(/::1$/, ':0')}:${words.map((word) => word.toString(16)).join(':')}`;
}

export function hypervisorFor(topology: Topology, name: string | undefined): LabHypervisor {
  const load = (h: LabHypervisor) => topology.guests.filter((g) => g.hypervisor === h.name).length;
  const [emptiest] = topology.hypervisors.toSorted((a, b) => load(a) - load(b));
  const found = name === undefined ? emptiest : topology.hypervisors.find((h) => h.name === name);
  if (!found) throw new RangeError(`lab ${topology.name} has no hypervisor '${name}'`);
  return found;
}

function networkFor(topology: Topology, name: string | undefined): LabNetwork {
  const found = name === undefined ? topology.networks[0] : topology.networks.find((n) => n.name === name);
  if (!found) throw new RangeError(`lab ${topology.name} has no network '${name}'`);
  return found;
}

function refuseImpossible(request: GuestRequest, nic: NicKind): void {
  for (const vlan of request.vlans ?? []) {
    if (!Number.isInteger(vlan) || vlan < 1 || vlan > 4094) throw new RangeError(`VLAN ${vlan}: 1 to 4094`);
  }
  if (nic !== 'qemu') return;
  const asked =
    (request.macs ?? 1) > 1 || request.vlans?.length || request.addressing === 'dynamic' || request.behaviour;
  if (asked) throw new RangeError('a QEMU guest answers, with one MAC and static addresses');
}

function freeIndex(topology: Topology, hypervisor: LabHypervisor): number {
  const taken = topology.guests.flatMap((g) => {
    const [, host, index] = /^g(\d+)-(\d+)$/.exec(g.name) ?? [];
    return Number(host) === hypervisor.index ? [Number(index)] : [];
  });
  return Math.max(0, ...taken) + 1;
}

function freeHosts(
  topology: Topology,
  network: LabNetwork,
  { count, wanted }: { readonly count: number; readonly wanted: string | undefined },
): readonly number[] {
  const taken = takenIps(topology);
  const first = wanted === undefined ? [] : [hostOf(network, wanted, taken)];
  const last = 2 ** (32 - network.subnet4.prefix) - 1;
  const hosts = [...first];
  for (let host = FIRST_GUEST; host < last && hosts.length < count; host += 1) {
    // .240 and up of every third octet stay free for probe ports, as in the plan of the lab.
    const usable = (host & 255) >= FIRST_GUEST && (host & 255) <= LAST_GUEST_24;
    if (usable && !hosts.includes(host) && !taken.has(ip4At(network, host))) hosts.push(host);
  }
  if (hosts.length < count) throw new RangeError(`network ${network.name} has no free address left`);
  return hosts;
}

function hostOf(network: LabNetwork, ip: string, taken: ReadonlySet<string>): number {
  const size = 2 ** (32 - network.subnet4.prefix);
  const host = numberOf(ip) - (numberOf(network.subnet4.gateway) - 1);
  if (!(host > 1 && host < size - 1)) throw new RangeError(`${ip} is not an address of ${network.subnet4.cidr}`);
  if (taken.has(ip)) throw new RangeError(`${ip} is taken`);
  return host;
}

function takenIps(topology: Topology): ReadonlySet<string> {
  return new Set([
    ...topology.networks.flatMap((n) => [n.gateway.ip4, n.ext.ip4]), // on overlays too: Neutron gives the gateway's to a router
    ...topology.guests.flatMap((g) => [g.ip4, ...(g.extra?.moreNics ?? []).map((n) => n.ip4)]),
    ...(topology.services ?? []).map((s) => s.ip4),
  ]);
}

function freeMacs(topology: Topology, group: number, count: number): readonly string[] {
  const taken = new Set(topology.guests.flatMap((g) => [g.mac, ...(g.extra?.moreNics ?? []).map((n) => n.mac)]));
  const macs: string[] = [];
  for (let n = 0; macs.length < count; n += 1) {
    const mac = macOf(group, n);
    if (!taken.has(mac)) macs.push(mac);
  }
  return macs;
}

function moreNic(network: LabNetwork, of: { host: number; index: number; mac: string }): MoreNic {
  return { name: `mv${of.index}`, mac: of.mac, ip4: ip4At(network, of.host), ip6: ip6At(network, of.host) };
}

function numberOf(ip: string): number {
  return ip.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

/** Address of a host number in a network: gateways are number 1. */
export function ip4At(network: LabNetwork, host: number): string {
  const value = numberOf(network.subnet4.gateway) - 1 + host;
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.');
}

export function ip6At(network: LabNetwork, host: number): string {
  return network.subnet6.gateway.replace(/1$/, host.toString(16));
}
