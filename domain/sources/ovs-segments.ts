import type { LegacyBridgeFacts } from '../network-model.ts';

/**
 * ML2/OVS has one integration bridge for all networks; a network is a local VLAN of it. Where other sources have a bridge a network, this
 * one has a *segment*: `br-int:7`. A colon is in no interface's name (dev_valid_name in the kernel's net/core/dev.c).
 */
export interface Segment {
  readonly bridge: string;
  /** Local VLAN, 1..4094; undefined: neutron-openvswitch-agent has not wired the port (yet). */
  readonly tag?: number;
}

/** What neutron-openvswitch-agent gives to a port that it does not know: every frame of it is dropped. */
export const deadVlan = 4095;

/** A port of Open vSwitch, as far as this source looks at it. */
export interface SwitchPort {
  readonly name: string;
  readonly bridge: string;
  readonly tag?: number;
  /** `Interface.type`: empty for a tap or veth. */
  readonly type: string;
  readonly ifaceId?: string;
  /** Made by us. */
  readonly own: boolean;
  /** `Port.other_config`; here the agent keeps what it has wired the port to. */
  readonly wiring: Readonly<Record<string, string>>;
  /** The patch port at the other end. */
  readonly peer?: string;
}

export interface SwitchView {
  readonly integrationBridge: string;
  readonly ports: ReadonlyMap<string, SwitchPort>;
  /** `external_ids:ovn-bridge-mappings`: `physnet1:br-ex,…` */
  readonly bridgeMappings: string;
  /** MTU of a link, if there is one. */
  readonly mtuOf: (name: string) => number | undefined;
}

export function segmentName({ bridge, tag }: Segment): string {
  return tag === undefined ? `${bridge}:` : `${bridge}:${tag}`;
}

/** Undefined: not a segment, but the name of some bridge. */
export function parseSegment(name: string): Segment | undefined {
  const found = /^([^:]+):(\d*)$/.exec(name);
  if (found === null) return undefined;
  const [, bridge = '', tag = ''] = found;
  return { bridge, ...(tag === '' ? {} : { tag: Number(tag) }) };
}

/** The segment that a guest's port is on; undefined: it is no legacy port of a guest. */
export function segmentOf(port: SwitchPort | undefined, integrationBridge: string): Segment | undefined {
  if (port === undefined || port.bridge === integrationBridge || port.own) return undefined;
  if (port.type !== '' || port.ifaceId === undefined) return undefined;
  return { bridge: port.bridge, ...(port.tag === undefined ? {} : { tag: port.tag }) };
}

/** Every segment with a guest's port on it, as other sources have legacy bridges; sorted by name. */
export function legacySegments(view: SwitchView): readonly LegacyBridgeFacts[] {
  const members = [...view.ports.values()].flatMap((port) => {
    const segment = segmentOf(port, view.integrationBridge);
    return segment === undefined ? [] : [{ port, segment, name: segmentName(segment) }];
  });
  return [...Map.groupBy(members, (member) => member.name)]
    .map(([bridge, found]) => ({
      bridge,
      mtu: Math.min(...found.map(({ port }) => view.mtuOf(port.name) ?? 1500)),
      members: found.map(({ port }) => port.name).toSorted(),
      ...wayOut(found[0]?.segment, wiringOf(found), view),
    }))
    .toSorted((a, b) => (a.bridge < b.bridge ? -1 : 1));
}

type Member = { readonly port: SwitchPort; readonly segment: Segment };

/** What the agent wrote beside the tag, of the first port where it did. */
function wiringOf(members: readonly Member[]): Readonly<Record<string, string>> {
  return members.map(({ port }) => port.wiring).find((wiring) => wiring['network_type'] !== undefined) ?? {};
}

/** `int-br-ex ~ phy-br-ex`, and the VLAN that the wire knows. An overlay has none: it leaves by `br-tun`. */
function wayOut(
  segment: Segment | undefined,
  wiring: Readonly<Record<string, string>>,
  view: SwitchView,
): Pick<LegacyBridgeFacts, 'uplink' | 'provider'> {
  const type = wiring['network_type'];
  if (segment === undefined || (type !== 'vlan' && type !== 'flat')) return {};
  const patches = [...view.ports.values()].flatMap((port) => {
    const peer = port.peer === undefined ? undefined : view.ports.get(port.peer);
    return port.bridge === segment.bridge && port.type === 'patch' && peer !== undefined ? [{ port, peer }] : [];
  });
  const mapped = bridgeOf(wiring['physical_network'], view.bridgeMappings);
  const patch = patches.find(({ peer }) => peer.bridge === mapped);
  if (patch === undefined) return {};
  const vlan = type === 'vlan' ? Number(wiring['segmentation_id']) : undefined;
  const tag = vlan === undefined || !Number.isInteger(vlan) ? {} : { tag: vlan };
  return { uplink: patch.port.name, provider: { bridge: patch.peer.bridge, port: patch.peer.name, ...tag } };
}

function bridgeOf(physnet: string | undefined, mappings: string): string | undefined {
  const pairs = mappings.split(',').map((pair) => pair.trim().split(':'));
  return pairs.find(([name]) => name === physnet)?.[1];
}
