import type { NetworkFacts, NetworkTarget, PortFacts, TapPlug, TapTarget } from '../network-model.ts';
import type { TapPlace } from '../rewire/places.ts';
import type { TapPlugWord } from '../run-state.ts';
import { hostBridgeNetworks, isOwnDevice, legacyBridgeName, networksByWire } from './bridge-names.ts';
import { hostFindings, type Placement } from './host-findings.ts';
import type {
  HostReport,
  InventoryInput,
  JoinedHost,
  JoinedInventory,
  JoinedTap,
  PlacedTap,
} from './joined-inventory.ts';
import { bridgeNetworks, indexPorts, matchTap, type PortIndex } from './match-tap.ts';
import { isProbePort } from './probe-ports.ts';
import { legacyServicePorts } from './service-ports.ts';

/**
 * Matches every tap that agents observed with the port OVN expects, and shows the differences as findings. Same facts,
 * same result, in whatever order they came.
 */
export function joinInventory(input: InventoryInput): JoinedInventory {
  const services = legacyServicePorts(input.ports);
  const networks = new Map(
    input.networks.map((network) => [network.id, withServices(network, services.get(network.id) ?? [])]),
  );
  const ports = new Map(input.ports.map((port) => [port.id, port]));
  const index = indexPorts(input.ports.filter((port) => !isProbePort(port)));
  const named = bridgeNetworks(networks, input.bridgeToNetwork ?? {});
  const byWire = networksByWire(input.networks);
  const networkOn = (host: HostReport) => hostBridgeNetworks(named, host.inventory?.bridges ?? [], byWire);
  const sorted = input.hosts.toSorted((a, b) => (a.systemId < b.systemId ? -1 : 1));
  const tapsOf = new Map(sorted.map((host) => [host.systemId, joinTaps(host, index, networkOn(host))]));
  const placed = placements(tapsOf);
  const expected = expectedPorts(input.ports, sorted);
  const chassis = input.chassis && new Set(input.chassis.map((one) => one.systemId));
  const hosts = sorted.map((report): [string, JoinedHost] => {
    const taps = tapsOf.get(report.systemId) ?? [];
    const networkOf = networkOn(report);
    const host = joinHost({ report, taps, networks, networkOf, chassis });
    const known = { networks, index, placed, networkOf, byWire };
    const facts = { report, taps, ...known, expected: expected.get(report.systemId) ?? [] };
    return [report.systemId, { ...host, findings: [...host.findings, ...hostFindings(facts)] }];
  });
  return { hosts: new Map(hosts), networks, ports };
}

interface HostFacts {
  readonly report: HostReport;
  readonly taps: readonly JoinedTap[];
  readonly networks: ReadonlyMap<string, NetworkFacts>;
  readonly networkOf: ReadonlyMap<string, string>;
  readonly chassis: ReadonlySet<string> | undefined;
}

function joinHost({ report, taps, networks, networkOf, chassis }: HostFacts): JoinedHost {
  const { systemId, hostname, connected, mode, inventory } = report;
  const bridgeOf = new Map((inventory?.bridges ?? []).map(({ bridge }) => [networkOf.get(bridge), bridge]));
  const placed = taps.flatMap((tap) => placedTap(tap, bridgeOf));
  const movable = placed.flatMap((tap) => (tap.place === 'legacy' ? tap.target : []));
  const bridges = new Map(movable.map((tap) => [tap.networkId, tap.legacyBridge]));
  for (const { bridge } of inventory?.bridges ?? []) {
    const networkId = networkOf.get(bridge);
    if (networkId !== undefined && !bridges.has(networkId)) bridges.set(networkId, bridge);
  }
  const ids = new Set([...bridges.keys(), ...taps.flatMap((tap) => tap.networkId ?? [])]);
  return {
    systemId,
    hostname,
    connected,
    mode,
    chassisReady: (chassis?.has(systemId) ?? true) && (inventory?.chassisReady ?? false),
    inventorySeen: inventory !== undefined,
    plug: plugOf(taps, inventory !== undefined),
    taps,
    movable,
    placed,
    networks: [...ids].toSorted().flatMap((id) => networkTarget(networks.get(id), bridges.get(id))),
    findings: inventory?.findings ?? [],
  };
}

function joinTaps(host: HostReport, index: PortIndex, networkOf: ReadonlyMap<string, string>): readonly JoinedTap[] {
  return (host.inventory?.taps ?? [])
    .filter((facts) => !isOwnDevice(facts.tap))
    .map((facts) => matchTap(facts, index, networkOf))
    .toSorted((a, b) => (a.facts.tap < b.facts.tap ? -1 : 1));
}

/** A tap that an order can name: it has its port, on a legacy bridge of that port's network or beyond. */
function placedTap(
  { facts, port, networkId }: JoinedTap,
  bridgeOf: ReadonlyMap<string | undefined, string>,
): readonly PlacedTap[] {
  const { plug } = facts;
  if (plug.kind === 'none' || port === undefined || networkId !== port.networkId) return [];
  const { source } = plug.kind === 'target' ? {} : plug;
  const target: TapTarget = {
    tap: facts.tap,
    portId: port.id,
    networkId: port.networkId,
    mac: port.mac,
    ...(port.macs === undefined ? {} : { macs: port.macs }),
    ips: port.ips,
    legacyBridge: legacyBridgeOf(plug) ?? bridgeOf.get(port.networkId) ?? legacyBridgeName(port.networkId),
    ...(port.deviceId === undefined ? {} : { deviceId: port.deviceId }),
    ...(source === undefined ? {} : { source }),
  };
  return [{ place: placeOf(plug), target }];
}

function placeOf(plug: Exclude<TapPlug, { kind: 'none' }>): TapPlace {
  const word = plugWord(plug);
  return word === 'target' || word === 'none' ? 'direct' : word;
}

/** Where its way back would end, as far as its plug tells. */
function legacyBridgeOf(plug: Exclude<TapPlug, { kind: 'none' }>): string | undefined {
  if (plug.kind === 'legacy') return plug.bridge;
  return plug.kind === 'shunt' ? plug.legacyBridge : undefined;
}

function networkTarget(network: NetworkFacts | undefined, legacyBridge: string | undefined): readonly NetworkTarget[] {
  if (network === undefined) return [];
  return [
    {
      networkId: network.id,
      ...(legacyBridge === undefined ? {} : { legacyBridge }),
      class: network.class,
      ...(network.vlan === undefined ? {} : { vlan: network.vlan }),
      mtu: network.mtu,
    },
  ];
}

function plugOf(taps: readonly JoinedTap[], seen: boolean): JoinedHost['plug'] {
  if (!seen) return 'unknown';
  const words = new Set(taps.map((tap) => plugWord(tap.facts.plug)).filter((word) => word !== 'none'));
  if (words.size > 1) return 'mixed';
  return [...words][0] ?? 'none';
}

/** Where a tap is, in one word. */
export function plugWord(plug: TapPlug): TapPlugWord {
  return plug.kind === 'shunt' ? plug.place : plug.kind;
}

/** Where taps of each port are. */
function placements(tapsOf: ReadonlyMap<string, readonly JoinedTap[]>): ReadonlyMap<string, readonly Placement[]> {
  const placed = new Map<string, Placement[]>();
  for (const [host, taps] of tapsOf) {
    for (const { port, facts } of taps) {
      if (port === undefined) continue;
      const places = placed.get(port.id);
      if (places === undefined) placed.set(port.id, [{ host, tap: facts.tap }]);
      else places.push({ host, tap: facts.tap });
    }
  }
  return placed;
}

/** The guests' ports that OVN expects on each hypervisor, by `requested-chassis` (a chassis name or a hostname). */
function expectedPorts(
  ports: readonly PortFacts[],
  hosts: readonly HostReport[],
): ReadonlyMap<string, readonly PortFacts[]> {
  const idOf = new Map<string, string>();
  for (const host of hosts) idOf.set(host.hostname, host.systemId);
  for (const host of hosts) idOf.set(host.systemId, host.systemId);
  const expected = new Map<string, PortFacts[]>();
  for (const port of ports) {
    const systemId = port.requestedChassis === undefined ? undefined : idOf.get(port.requestedChassis);
    if (systemId === undefined || port.type !== '' || isProbePort(port)) continue;
    const list = expected.get(systemId);
    if (list === undefined) expected.set(systemId, [port]);
    else list.push(port);
  }
  return expected;
}

function withServices(network: NetworkFacts, found: readonly string[]): NetworkFacts {
  if (found.length === 0) return network;
  return { ...network, servicePorts: [...new Set([...network.servicePorts, ...found])].toSorted() };
}
