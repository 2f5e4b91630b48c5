import type { Finding, FindingKind, Severity } from '../findings.ts';
import type { LegacyBridgeFacts, NetworkFacts, PortFacts } from '../network-model.ts';
import { isMl2Bridge, macTail, type NetworksByWire, tapName, wireCandidates } from './bridge-names.ts';
import type { HostReport, JoinedTap } from './joined-inventory.ts';
import type { PortIndex } from './match-tap.ts';

/** What the findings of one hypervisor are drawn from. */
export interface FindingFacts {
  readonly report: HostReport;
  readonly taps: readonly JoinedTap[];
  readonly networks: ReadonlyMap<string, NetworkFacts>;
  readonly index: PortIndex;
  /** Port -> the taps that were joined with it. */
  readonly placed: ReadonlyMap<string, readonly Placement[]>;
  readonly networkOf: ReadonlyMap<string, string>;
  readonly byWire: NetworksByWire;
  /** Guests' ports whose `requested-chassis` is this hypervisor. */
  readonly expected: readonly PortFacts[];
}

/** A tap somewhere. */
export interface Placement {
  readonly host: string;
  readonly tap: string;
}

/** The differences between what OVN expects on a hypervisor and what is there; sorted by tap, bridge, port. */
export function hostFindings(facts: FindingFacts): readonly Finding[] {
  if (facts.report.inventory === undefined) return [];
  return [
    ...facts.taps.flatMap((tap) => tapFindings(tap, facts)),
    ...facts.report.inventory.bridges.flatMap((bridge) => bridgeFindings(bridge, facts)),
    ...leftBehind(facts),
    ...missingTaps(facts),
    ...serviceFindings(facts),
  ];
}

function tapFindings(tap: JoinedTap, facts: FindingFacts): readonly Finding[] {
  const { systemId } = facts.report;
  const about = { host: systemId, tap: tap.facts.tap };
  if (tap.port === undefined) return [unmatched(tap, facts)];
  const found: Finding[] = [];
  const port = tap.port;
  const add = (kind: FindingKind, severity: Severity, message: string): void => {
    found.push({ kind, severity, ...about, portId: port.id, networkId: port.networkId, message });
  };
  if (tap.facts.plug.kind === 'target' && macTail(port.mac) !== macTail(tap.facts.hostMac)) {
    add('mac-mismatch', 'warning', `it carries ${tap.facts.hostMac}, its port ${port.mac}`);
  }
  const elsewhere = requestedElsewhere(port, facts);
  if (elsewhere !== undefined) {
    add(
      'requested-chassis-elsewhere',
      'error',
      `OVN wants port ${port.id} on ${elsewhere}: a move under way? wait or repair`,
    );
  }
  const places = facts.placed.get(port.id) ?? [];
  if (places.length > 1) {
    const others = places.filter((place) => place.host !== systemId || place.tap !== tap.facts.tap);
    const where = others.map((place) => `${place.host} (${place.tap})`).toSorted();
    add('port-on-two-hypervisors', 'error', `port ${port.id} has more than one tap, also on ${where.join(', ')}`);
  }
  const mtu = facts.networks.get(port.networkId)?.mtu;
  if (mtu !== undefined && mtu !== tap.facts.mtu) {
    add('mtu-mismatch', 'warning', `its MTU is ${tap.facts.mtu}, the network's ${mtu}: large frames may be lost`);
  }
  if (!tap.facts.linkUp)
    add('link-down', 'warning', 'its link is down: the guest cannot answer, nothing will prove it');
  return found;
}

/** Why a tap has no port, as precisely as the facts allow. A tap that nobody can explain holds its hypervisor. */
function unmatched(tap: JoinedTap, facts: FindingFacts): Finding {
  const { plug, hostMac, tap: name } = tap.facts;
  const about = { host: facts.report.systemId, tap: name, severity: 'error' as const };
  if (plug.kind === 'target') {
    const message = `it is on ${plug.bridge} with iface-id ${plug.ifaceId}, which OVN does not know`;
    return { kind: 'foreign-iface-id', ...about, message };
  }
  const network = tap.networkId === undefined ? {} : { networkId: tap.networkId };
  const sameMac = facts.index.byMacTail.get(macTail(hostMac)) ?? [];
  const [other] = sameMac;
  if (other !== undefined && !sameMac.some((port) => port.networkId === tap.networkId)) {
    const message = `its MAC belongs to port ${other.id} on network ${other.networkId}, but it is on ${whereOf(tap)}`;
    return { kind: 'network-mismatch', ...about, portId: other.id, ...network, message };
  }
  const named = facts.index.namedAfter(name);
  if (named !== undefined && sameMac.length === 0) {
    const message = `its name says port ${named.id}, whose MAC is ${named.mac}; the tap has ${hostMac}`;
    return { kind: 'mac-mismatch', ...about, portId: named.id, ...network, message };
  }
  const message =
    sameMac.length > 1
      ? `${sameMac.length} ports have its MAC ${hostMac} and its name does not tell which`
      : `no port has its MAC ${hostMac} (${whereOf(tap)}): create the port, or remove the tap`;
  return { kind: 'tap-without-port', ...about, ...network, message };
}

function bridgeFindings(bridge: LegacyBridgeFacts, facts: FindingFacts): readonly Finding[] {
  const networkId = facts.networkOf.get(bridge.bridge);
  const inUse = facts.taps.some((tap) => tap.facts.plug.kind === 'legacy' && tap.facts.plug.bridge === bridge.bridge);
  if (!inUse) return [];
  if (networkId === undefined) return isMl2Bridge(bridge.bridge) ? [] : [unknownNetwork(bridge, facts)];
  const network = facts.networks.get(networkId);
  if (network === undefined || network.class === 'overlay') return [];
  const error = (kind: FindingKind, message: string): readonly Finding[] => [
    { kind, severity: 'error', host: facts.report.systemId, networkId, message },
  ];
  if (bridge.uplink === undefined) {
    return error('no-uplink', `${bridge.bridge} has no member that leads to the wire: guests would lose their peers`);
  }
  if (bridge.provider === undefined) {
    return error(
      'no-provider-leg',
      `${bridge.uplink} of ${bridge.bridge} does not end in an OVS provider bridge: shunt-agent adopt on that host brings it there`,
    );
  }
  if (bridge.provider.tag !== network.vlan) {
    const [leg, expected] = [tagText(bridge.provider.tag), tagText(network.vlan)];
    return error(
      'network-mismatch',
      `leg ${bridge.provider.port} of ${bridge.bridge} is ${leg}, the network ${expected}`,
    );
  }
  return [];
}

/** A bridge whose name says nothing, and whose wire does not say one network. */
function unknownNetwork(bridge: LegacyBridgeFacts, { report, byWire }: FindingFacts): Finding {
  const candidates = wireCandidates(bridge, byWire);
  const wire = bridge.provider === undefined ? 'its uplink ends in no provider bridge' : tagText(bridge.provider.tag);
  const found =
    candidates.length === 0
      ? `no network has its wire (${wire})`
      : `${candidates.length} networks have its wire (${wire}): ${candidates.join(', ')}`;
  const message = `${bridge.bridge} has guests, but ${found}: say in the coordinator's 'bridges' which network it is`;
  return { kind: 'network-mismatch', severity: 'error', host: report.systemId, message };
}

/** A guest that was booted while the others of its network were moved, or that a plan's slice left out: nobody takes it along by himself. */
function leftBehind({ report, taps }: FindingFacts): readonly Finding[] {
  const moved = Map.groupBy(
    taps.filter(({ facts: { plug } }) => plug.kind === 'target' || (plug.kind === 'shunt' && plug.place !== 'staged')),
    ({ networkId }) => networkId,
  );
  return taps.flatMap(({ facts: { tap, plug }, port, networkId }): Finding[] => {
    const others = networkId === undefined ? undefined : moved.get(networkId);
    if (plug.kind !== 'legacy' || port === undefined || others === undefined) return [];
    const about = { host: report.systemId, tap, portId: port.id, networkId: port.networkId };
    const message =
      `it is in ${plug.bridge}, and ${others.length} of its network here are on the target: ` +
      'it was plugged while they were moved, or a plan left it out; plan again to take it along';
    return [{ kind: 'tap-elsewhere', severity: 'warning', ...about, message }];
  });
}

function missingTaps({ report, expected, placed }: FindingFacts): readonly Finding[] {
  return expected
    .filter((port) => !placed.get(port.id)?.some((place) => place.host === report.systemId))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map((port) => ({
      kind: 'port-without-tap',
      severity: 'warning',
      host: report.systemId,
      portId: port.id,
      networkId: port.networkId,
      message: `OVN expects port ${port.id} here (tap ${tapName(port.id)}?), but no tap has its MAC ${port.mac}`,
    }));
}

function serviceFindings({ report, taps, networks }: FindingFacts): readonly Finding[] {
  const used = new Set(taps.flatMap((tap) => (tap.facts.plug.kind === 'legacy' ? (tap.networkId ?? []) : [])));
  return [...used].toSorted().flatMap((networkId) =>
    (networks.get(networkId)?.servicePorts ?? []).map((portId) => ({
      kind: 'service-port' as const,
      severity: 'warning' as const,
      host: report.systemId,
      portId,
      networkId,
      message: `network ${networkId} is served by the legacy router or DHCP port ${portId}: not built yet`,
    })),
  );
}

function requestedElsewhere(port: PortFacts, { report }: FindingFacts): string | undefined {
  const wanted = port.requestedChassis;
  if (wanted === undefined || wanted === '') return undefined;
  return wanted === report.systemId || wanted === report.hostname ? undefined : wanted;
}

function whereOf(tap: JoinedTap): string {
  const { plug } = tap.facts;
  if (plug.kind === 'none') return 'no bridge';
  return tap.networkId === undefined ? `${plug.bridge}, which is no known network's` : `${plug.bridge}`;
}

function tagText(tag: number | undefined): string {
  return tag === undefined ? 'untagged' : `VLAN ${tag}`;
}
