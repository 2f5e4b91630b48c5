import { joinInventory } from '../../../domain/inventory/join-inventory.ts';
import type { HostReport, JoinedInventory } from '../../../domain/inventory/joined-inventory.ts';
import type { NetworkFacts, PortFacts, TapFacts, TapPlug } from '../../../domain/network-model.ts';
import type { HostInventory } from '../../../domain/orders.ts';
import type { PlanSpec } from '../../../domain/plan.ts';
import type { TapPlace } from '../../../domain/rewire/places.ts';

/** Facts of a small cloud, each overridable: `tests say only what matters to them`. */
export const netA = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa';
export const netB = 'bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb';

export function network(over: Partial<NetworkFacts> = {}): NetworkFacts {
  return {
    id: netA,
    name: 'blue',
    class: 'vlan',
    vlan: 100,
    physnet: 'physnet1',
    mtu: 1500,
    subnets: [{ cidr: '10.1.0.0/24', gateway: '10.1.0.1' }],
    servicePorts: [],
    ...over,
  };
}

/** The `n`th guest of hypervisor `hv`: ids, MAC and address follow from the two numbers. */
export function portOf(hv: number, n: number, over: Partial<PortFacts> = {}): PortFacts {
  const hex = (value: number): string => value.toString(16).padStart(2, '0');
  return {
    id: `${hex(hv)}${hex(n)}0000-0000-4000-8000-000000000000`,
    name: `guest-${hv}-${n}`,
    networkId: netA,
    mac: `fa:16:3e:00:${hex(hv)}:${hex(n)}`,
    ips: [`10.1.${hv}.${n}`],
    requestedChassis: `hv${hv}`,
    deviceOwner: 'compute:nova',
    up: false,
    enabled: true,
    type: '',
    ...over,
  };
}

export function tapOf(port: PortFacts, over: Partial<TapFacts> = {}): TapFacts {
  return {
    tap: `tap${port.id.slice(0, 11)}`,
    ifindex: 7,
    hostMac: `fe${port.mac.slice(2)}`,
    mtu: 1500,
    linkUp: true,
    plug: { kind: 'legacy', bridge: `brq${port.networkId.slice(0, 11)}` },
    ...over,
  };
}

export function onTarget(port: PortFacts): TapPlug {
  return { kind: 'target', bridge: 'br-int', ifaceId: port.id, ofport: 9, installed: true };
}

/** The plug of a tap that is in that place. */
export function plugAt(place: TapPlace, port: PortFacts): TapPlug {
  if (place === 'legacy') return { kind: 'legacy', bridge: `brq${port.networkId.slice(0, 11)}` };
  if (place === 'direct') return onTarget(port);
  const legs = { bridge: `qbr${port.id.slice(0, 11)}`, ifaceId: port.id, ofport: 9, installed: true };
  return { kind: 'shunt', place, ...legs };
}

export function bridgeOf(networkId: string, tag: number | undefined, members: readonly string[]) {
  const bridge = `brq${networkId.slice(0, 11)}`;
  const provider = { bridge: 'br-ex', port: `leg${networkId.slice(0, 8)}`, ...(tag === undefined ? {} : { tag }) };
  return { bridge, mtu: 1500, uplink: `up${networkId.slice(0, 8)}`, provider, members };
}

export function hostInventory(over: Partial<HostInventory> = {}): HostInventory {
  return {
    taps: [],
    bridges: [bridgeOf(netA, 100, [])],
    findings: [],
    chassisReady: true,
    ovsVersion: '3.1.0',
    datapathType: 'netdev',
    ...over,
  };
}

export function hostReport(hv: number, over: Partial<HostReport> = {}): HostReport {
  return {
    systemId: `hv${hv}`,
    hostname: `compute${hv}.example`,
    connected: true,
    mode: 'active',
    inventory: hostInventory(),
    ...over,
  };
}

export interface CloudShape {
  /** Over the network's own facts. */
  readonly network?: Partial<NetworkFacts>;
  /** Where a guest's tap is; by default on legacy. */
  readonly placeOf?: (systemId: string, portId: string) => TapPlace;
}

/** A cloud with the given numbers of guests on hv1, hv2, …; `moved` hypervisors are on the target. */
export function cloud(
  guests: readonly number[],
  moved: ReadonlySet<string> = new Set(),
  { network: over = {}, placeOf = () => 'legacy' }: CloudShape = {},
): JoinedInventory {
  const ports = guests.map((count, at) => Array.from({ length: count }, (_, n) => portOf(at + 1, n + 1)));
  const hosts = ports.map((own, at): HostReport => {
    const id = `hv${at + 1}`;
    const taps = own.map((port) =>
      tapOf(port, { plug: plugAt(moved.has(id) ? 'direct' : placeOf(id, port.id), port) }),
    );
    return hostReport(at + 1, { inventory: hostInventory({ taps }) });
  });
  return joinInventory({ networks: [network(over)], ports: ports.flat(), hosts });
}

export function planSpec(over: Partial<PlanSpec> = {}): PlanSpec {
  return {
    version: 1,
    name: 'cell',
    method: 'direct',
    include: ['*'],
    exclude: [],
    waveSize: 2,
    maxOpen: 2,
    errorBudget: 0,
    zones: {},
    deadlineMs: 20_000,
    soakMs: 1_000,
    commitOn: 'word',
    batchSize: 4,
    ...over,
  };
}
