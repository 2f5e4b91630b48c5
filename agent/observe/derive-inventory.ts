import type { Finding } from '../../domain/findings.ts';
import type { LegacyBridgeFacts, TapFacts, TapPlug } from '../../domain/network-model.ts';
import type { HostInventory } from '../../domain/orders.ts';
import { markKeys } from '../../domain/rewire/moves.ts';
import type { ConntrackUse } from '../../platform/native/conntrack.ts';
import type { Link } from '../../platform/native/netlink-links.ts';
import { unconfirmedKey } from '../adopt/read-adopt-facts.ts';
import type { OvsPort } from '../host/open-vswitch.ts';
import type { OvnState } from '../host/ovn-controller.ts';
import { midonetPlugOf } from '../sources/midonet.ts';
import { type OwnAddresses, ownAddressFindings } from '../sources/nova-network.ts';
import { legacyBridges, ovsPlugOf } from '../sources/ovs-observe.ts';
import { ownLegName } from './legacy-bridges.ts';
import { type ObservedShunts, observeShunts } from './shunt-plugs.ts';

export interface HostView {
  readonly systemId: string;
  readonly integrationBridge: string;
  /** `external_ids:ovn-bridge-mappings`. */
  readonly bridgeMappings: string;
  readonly ovsVersion: string;
  readonly links: readonly Link[];
  readonly ports: ReadonlyMap<string, OvsPort>;
  /** The hypervisor's own addresses by link, and whether it serves DHCP; absent: not looked at. */
  readonly own?: { readonly own: ReadonlyMap<string, OwnAddresses>; readonly dhcp: boolean };
  /** Of the kernel; absent: it tracks no connections. */
  readonly conntrack?: ConntrackUse;
  /** What is known of this host besides what is seen here. */
  readonly standing?: readonly Finding[];
  /** Of ovn-controller; absent: it was not asked. */
  readonly ovn?: OvnState;
  /** Absent: this host has none. */
  readonly midonetDatapath?: string;
  /** Row of the integration bridge, as far as it is needed. */
  readonly integration:
    | { readonly datapathType: string; readonly externalIds: ReadonlyMap<string, string> }
    | undefined;
}

/** Guest taps as Nova and Neutron name them. */
const tapName = /^(tap[0-9a-f-]{1,11}|vnet\d+)$/;

/** What links and rows mean: taps and where they are plugged, legacy bridges, and what is odd about them. */
export function deriveInventory(view: HostView): HostInventory {
  const bridges = legacyBridges(view);
  const shunts = observeShunts(view);
  const taps = deriveTaps(view, bridges, shunts);
  return {
    taps,
    bridges,
    findings: [
      ...bridgeFindings(view, bridges),
      ...(view.own === undefined ? [] : ownAddressFindings(view.systemId, bridges, view.own)),
      ...tapFindings(view, taps),
      ...shunts.findings,
      ...conntrackFindings(view),
      ...(view.standing ?? []),
    ],
    chassisReady: chassisReady(view),
    ovsVersion: view.ovsVersion,
    datapathType: view.integration?.datapathType ?? '',
  };
}

function deriveTaps(
  view: HostView,
  bridges: readonly LegacyBridgeFacts[],
  shunts: ObservedShunts,
): readonly TapFacts[] {
  return view.links
    .filter((link) => link.name !== 'lo' && !shunts.own.has(link.name))
    .flatMap((link) => {
      const plug = shunts.plugs.get(link.name) ?? plugOf(link, view, bridges);
      if (plug === undefined) return [];
      return [
        {
          tap: link.name,
          ifindex: link.ifindex,
          hostMac: link.mac,
          mtu: link.mtu,
          linkUp: link.up && link.lowerUp,
          plug,
        },
      ];
    })
    .toSorted((a, b) => (a.tap < b.tap ? -1 : 1));
}

/** Undefined: not a guest's tap. */
function plugOf(link: Link, view: HostView, bridges: readonly LegacyBridgeFacts[]): TapPlug | undefined {
  const ovs = ovsPlugOf(link, view);
  if (ovs !== undefined) return ovs;
  const port = view.ports.get(link.name);
  if (port !== undefined) return targetPlug(port, view.integrationBridge);
  const midonet =
    view.midonetDatapath === undefined ? undefined : midonetPlugOf(link, view.links, view.midonetDatapath);
  if (midonet !== undefined) return midonet;
  const legacy = bridges.find((bridge) => bridge.members.includes(link.name));
  if (legacy !== undefined) {
    if (link.name === legacy.uplink || ownLegName.test(link.name)) return undefined;
    return { kind: 'legacy', bridge: legacy.bridge };
  }
  return tapName.test(link.name) && link.master === undefined ? { kind: 'none' } : undefined;
}

function targetPlug({ bridge, port, iface }: OvsPort, integrationBridge: string): TapPlug | undefined {
  const ifaceId = iface.external_ids.get('iface-id');
  const ownProbe = iface.type === 'internal' && port.external_ids.get(markKeys.owner) === 'agent';
  if (bridge.name !== integrationBridge || ifaceId === undefined || ownProbe) return undefined;
  const ofport = iface.ofport ?? 0;
  const installed = iface.external_ids.get('ovn-installed') === 'true';
  return { kind: 'target', bridge: bridge.name, ifaceId, installed, ...(ofport > 0 ? { ofport } : {}) };
}

function bridgeFindings(view: HostView, bridges: readonly LegacyBridgeFacts[]): readonly Finding[] {
  return bridges.flatMap((bridge): Finding[] => {
    const host = view.systemId;
    if (bridge.uplink === undefined) {
      const message = `no member of ${bridge.bridge} leads to the wire: its guests reach each other only, and will reach more after a cut`;
      return [{ kind: 'no-uplink', severity: 'warning', host, message }];
    }
    if (bridge.provider !== undefined && isOnTrial(bridge.provider.port, view)) {
      const message = `${bridge.uplink} of ${bridge.bridge} is adopted on trial, and may go back by itself: shunt-agent adopt --confirm`;
      return [{ kind: 'no-provider-leg', severity: 'error', host, message }];
    }
    if (bridge.provider !== undefined || isTunnel(bridge.uplink, view)) return [];
    const message = `${bridge.uplink} of ${bridge.bridge} does not end in Open vSwitch: there is no provider leg to meet OVN on; shunt-agent adopt --nic ${nicOf(bridge.uplink, view)} makes one`;
    return [{ kind: 'no-provider-leg', severity: 'error', host, message }];
  });
}

/** Above this the copies of a fleet's connections may not fit. In tenths: what is said must not change with each connection. */
const conntrackTenthsMax = 3;

function conntrackFindings({ conntrack, systemId }: HostView): readonly Finding[] {
  if (conntrack === undefined || conntrack.entries * 3 <= conntrack.max) return [];
  const tenths = Math.max(conntrackTenthsMax, Math.floor((conntrack.entries * 10) / conntrack.max));
  const message =
    `the kernel's table of connections is more than ${tenths * 10} % full (net.netfilter.nf_conntrack_max is ${conntrack.max}): ` +
    'in the mixed state a connection may be in it twice, and one that does not fit is refused; raise the limit first';
  return [{ kind: 'conntrack-full', severity: 'warning', host: systemId, message }];
}

/** An adoption of uplinks made this leg, and nobody has confirmed it yet. */
function isOnTrial(leg: string, { ports }: HostView): boolean {
  return ports.get(leg)?.port.external_ids.has(unconfirmedKey) ?? false;
}

/** The NIC below a VLAN's subinterface. */
function nicOf(uplink: string, { links }: HostView): string {
  const link = links.find(({ name }) => name === uplink);
  const below = link?.kind === 'vlan' ? links.find(({ ifindex }) => ifindex === link.peerIfindex) : undefined;
  return below?.name ?? uplink;
}

/** An overlay's: its two worlds have no wire to meet on, and need none. */
function isTunnel(uplink: string, { links }: HostView): boolean {
  return links.some((link) => link.name === uplink && link.kind === 'vxlan');
}

function tapFindings(view: HostView, taps: readonly TapFacts[]): readonly Finding[] {
  return taps.flatMap((tap): Finding[] => {
    const about = { host: view.systemId, tap: tap.tap };
    if (tap.plug.kind === 'none') {
      return [{ kind: 'tap-without-port', severity: 'warning', ...about, message: `${tap.tap} is plugged nowhere` }];
    }
    if (tap.linkUp) return [];
    return [
      {
        kind: 'link-down',
        severity: 'warning',
        ...about,
        message: `${tap.tap} is down: its guest is off, or not there yet`,
      },
    ];
  });
}

/**
 * ovn-controller writes `ovn-nb-cfg` on the integration bridge once it has worked through what the Southbound database told it; that stays when it
 * ends, or hears no more.
 */
function chassisReady({ integration, ovn = 'unknown' }: HostView): boolean {
  return (ovn === 'ready' || ovn === 'unknown') && (integration?.externalIds.has('ovn-nb-cfg') ?? false);
}
