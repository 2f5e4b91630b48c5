import type { Method } from './phases.ts';

/** How the two worlds of a network meet: on the provider wire (flat, vlan) or not at all (overlay). */
export type NetworkClass = 'flat' | 'vlan' | 'overlay';

/** A network as OVN NB knows it. */
export interface NetworkFacts {
  /** Neutron network UUID. */
  readonly id: string;
  /** Neutron's name, for people. */
  readonly name: string;
  readonly class: NetworkClass;
  /** 802.1Q tag, 1..4094; absent on flat networks and overlays. */
  readonly vlan?: number;
  /** `network_name` of the localnet port, absent on overlays. */
  readonly physnet?: string;
  readonly mtu: number;
  /** IPv4 subnets in CIDR notation with their gateway. */
  readonly subnets: readonly { readonly cidr: string; readonly gateway?: string }[];
  /** Neutron's routers, DHCP or metadata that are served by the legacy world: hold, until north-south is built. */
  readonly servicePorts: readonly string[];
}

/** A logical port as OVN NB knows it (Neutron port). */
export interface PortFacts {
  /** Neutron port UUID = `Logical_Switch_Port.name` = `iface-id`. */
  readonly id: string;
  readonly name: string;
  readonly networkId: string;
  /** Lower case, colon separated. */
  readonly mac: string;
  /** All MACs that it may send from, sorted; absent when `mac` is the only one. */
  readonly macs?: readonly string[];
  readonly ips: readonly string[];
  /** `options:requested-chassis`: a chassis name or a hostname. */
  readonly requestedChassis?: string;
  readonly deviceId?: string;
  readonly deviceOwner?: string;
  readonly projectId?: string;
  readonly up: boolean;
  readonly enabled: boolean;
  readonly type: string;
}

/** A tap as the agent of its hypervisor observed it. */
export interface TapFacts {
  readonly tap: string;
  readonly ifindex: number;
  /** The host side's own MAC (libvirt: the guest's with first octet `fe`). */
  readonly hostMac: string;
  readonly mtu: number;
  readonly linkUp: boolean;
  /** Where it is plugged now: name of the legacy bridge, or of the integration bridge, or nothing. */
  readonly plug: TapPlug;
}

/** What a legacy plug is made of. `linux-bridge` (also where none is named): ML2's `brq…`, nova-network's `br100`. */
export const sourceKinds = ['linux-bridge', 'ovs', 'ovs-hybrid', 'midonet'] as const;
export type SourceKind = (typeof sourceKinds)[number];

/** Where a shunt is at rest; `hybrid`: its legacy leg is gone. */
export const shuntPlaces = ['staged', 'shunted', 'hybrid'] as const;
export type ShuntPlace = (typeof shuntPlaces)[number];

export type TapPlug =
  | {
      readonly kind: 'legacy';
      readonly bridge: string;
      /** Absent: `linux-bridge`. */
      readonly source?: SourceKind;
      /** What the legacy plug itself calls the port, where it does (Open vSwitch, MidoNet). */
      readonly ifaceId?: string;
    }
  | {
      readonly kind: 'target';
      readonly bridge: string;
      readonly ifaceId: string;
      readonly ofport?: number;
      readonly installed: boolean;
    }
  /** On a small bridge of its own between the legacy bridge and the integration bridge. */
  | {
      readonly kind: 'shunt';
      readonly place: ShuntPlace;
      /** The small bridge. */
      readonly bridge: string;
      /** Where its legacy leg ends; absent when there is none. */
      readonly legacyBridge?: string;
      /** The legacy plug it began as; absent: `linux-bridge`. */
      readonly source?: SourceKind;
      readonly ifaceId: string;
      /** Of the leg in the integration bridge. */
      readonly ofport?: number;
      readonly installed: boolean;
    }
  | { readonly kind: 'none' };

/** A legacy bridge as the agent observed it. */
export interface LegacyBridgeFacts {
  readonly bridge: string;
  readonly mtu: number;
  /** The bridge's member that leads to the wire, if one was recognised. */
  readonly uplink?: string;
  /** The other end of the uplink in the provider bridge (port name), with that port's access tag. */
  readonly provider?: { readonly bridge: string; readonly port: string; readonly tag?: number };
  readonly members: readonly string[];
}

/** A tap joined with its port: what an order to cut names. */
export interface TapTarget {
  readonly tap: string;
  readonly portId: string;
  readonly networkId: string;
  readonly mac: string;
  /** All MACs that the port may send from: its own, and those of its allowed address pairs. Absent: only `mac`. */
  readonly macs?: readonly string[];
  readonly ips: readonly string[];
  readonly legacyBridge: string;
  /** Nova instance, for `vm-uuid`. */
  readonly deviceId?: string;
  /** Absent: `direct`. */
  readonly method?: Method;
  /** Absent: `linux-bridge`. */
  readonly source?: SourceKind;
}

/**
 * Whether the rest of an overlay is where an operation on one hypervisor needs it; the coordinator sees all of it, the agent does not.
 * `met`: no guest there is cut off by the operation. Networks that meet on a wire need none.
 */
export type Barrier = 'met' | 'open';

/** A network as an order names it, with the probe port that the coordinator made for this hypervisor. */
export interface NetworkTarget {
  readonly networkId: string;
  readonly legacyBridge?: string;
  readonly class: NetworkClass;
  readonly vlan?: number;
  readonly mtu: number;
  readonly probe?: ProbePort;
  /** For overlays; absent is as good as `open`. */
  readonly barrier?: Barrier;
}

export interface ProbePort {
  /** `Logical_Switch_Port.name` = `iface-id`. */
  readonly name: string;
  readonly mac: string;
  readonly ip: string;
}
