import type { LegacyBridgeFacts, TapPlug } from '../../domain/network-model.ts';
import { markKeys } from '../../domain/rewire/moves.ts';
import { legacySegments, type SwitchPort, segmentName, segmentOf } from '../../domain/sources/ovs-segments.ts';
import type { Link } from '../../platform/native/netlink-links.ts';
import type { OvsPort } from '../host/open-vswitch.ts';
import { deriveLegacyBridges } from '../observe/legacy-bridges.ts';

/** What is looked at to find legacy plugs of either kind. */
export interface SourceView {
  readonly links: readonly Link[];
  readonly ports: ReadonlyMap<string, OvsPort>;
  readonly integrationBridge: string;
  /** `external_ids:ovn-bridge-mappings`. */
  readonly bridgeMappings: string;
}

/** Linux bridges, and what ML2/OVS has in their stead: a segment of its integration bridge for each network. */
export function legacyBridges(view: SourceView): readonly LegacyBridgeFacts[] {
  const mtus = new Map(view.links.map((link) => [link.name, link.mtu]));
  const ports = new Map([...view.ports].map(([name, port]) => [name, switchPort(port)]));
  const { integrationBridge, bridgeMappings } = view;
  const segments = legacySegments({ integrationBridge, bridgeMappings, ports, mtuOf: (name) => mtus.get(name) });
  return [...deriveLegacyBridges(view.links, view.ports), ...segments];
}

/** A tap that ML2/OVS has plugged, natively or through a bridge of its own. Undefined: another source looks at it. */
export function ovsPlugOf(link: Link, view: SourceView): TapPlug | undefined {
  const found = view.ports.get(link.name);
  if (found !== undefined) return isLeg(link, view) ? undefined : plugAt(found, 'ovs', view);
  if (link.master === undefined || link.slaveKind === 'openvswitch') return undefined;
  const legs = view.links.flatMap((member) => {
    const outer = member.master === link.master && member.name !== link.name ? peerOf(member, view.links) : undefined;
    const port = outer === undefined ? undefined : view.ports.get(outer.name);
    return port === undefined ? [] : [port];
  });
  // A leg to OVN makes it a shunt.
  if (legs.some((port) => port.bridge.name === view.integrationBridge) || isLeg(link, view)) return undefined;
  const [port] = legs;
  return port === undefined ? undefined : plugAt(port, 'ovs-hybrid', view);
}

function plugAt(found: OvsPort, source: 'ovs' | 'ovs-hybrid', view: SourceView): TapPlug | undefined {
  const port = switchPort(found);
  const segment = segmentOf(port, view.integrationBridge);
  if (segment === undefined || port.ifaceId === undefined) return undefined;
  return { kind: 'legacy', bridge: segmentName(segment), source, ifaceId: port.ifaceId };
}

/** One end of a veth of this host: it leads from a bridge to a bridge, no guest is at it. */
function isLeg(link: Link, view: SourceView): boolean {
  return peerOf(link, view.links) !== undefined;
}

function peerOf(link: Link, links: readonly Link[]): Link | undefined {
  if (link.kind !== 'veth' || link.peerIfindex === undefined || link.peerNetnsId !== undefined) return undefined;
  const peer = links.find((candidate) => candidate.ifindex === link.peerIfindex);
  return peer?.peerIfindex === link.ifindex ? peer : undefined;
}

function switchPort({ bridge, port, iface }: OvsPort): SwitchPort {
  const ifaceId = iface.external_ids.get('iface-id');
  const peer = iface.type === 'patch' ? iface.options.get('peer') : undefined;
  return {
    name: port.name,
    bridge: bridge.name,
    ...(port.tag === null ? {} : { tag: port.tag }),
    type: iface.type,
    ...(ifaceId === undefined ? {} : { ifaceId }),
    own: port.external_ids.get(markKeys.owner) === 'agent',
    wiring: Object.fromEntries(port.other_config),
    ...(peer === undefined ? {} : { peer }),
  };
}
