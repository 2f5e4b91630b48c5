/** A link as adoption sees it: what it is, what it sits on, and what of the hypervisor itself rides on it. */
export interface AdoptLink {
  readonly name: string;
  readonly mac: string;
  readonly mtu: number;
  readonly up: boolean;
  /** `vlan`, `bond`, `bridge`, `veth`, `macvtap`, …; undefined for hardware. */
  readonly kind?: string;
  /** Name of the link that it is a member of. */
  readonly master?: string;
  /** What it is a member of: `bridge`, `bond`, `openvswitch`, … */
  readonly slaveKind?: string;
  /** The link that a VLAN, macvtap, … sits on. */
  readonly parent?: string;
  readonly vlan?: {
    readonly id: number;
    readonly protocol: string;
    readonly flags: readonly string[];
    readonly qos: boolean;
  };
  readonly bondMode?: string;
  readonly bridge?: { readonly vlanFiltering: boolean; readonly stp: boolean };
  /** Without link-local ones. */
  readonly addresses: readonly string[];
  readonly defaultRoute: boolean;
}

export interface AdoptPort {
  readonly bridge: string;
  readonly tag?: number;
  /** Present on ports that an adoption made. */
  readonly adoption?: number;
}

export interface AdoptFacts {
  readonly links: readonly AdoptLink[];
  /** Ports of Open vSwitch by name. */
  readonly ports: ReadonlyMap<string, AdoptPort>;
  /** Bridges of Open vSwitch: name -> datapath type (`system` where none is said). */
  readonly bridges: ReadonlyMap<string, string>;
  readonly integrationBridge: string;
  /** `external_ids:ovn-bridge-mappings`. */
  readonly bridgeMappings: string;
}

/** A VLAN subinterface that can be made again just as it was, or the NIC itself as member of a flat network's bridge. */
export type LegacyUplink =
  | { readonly kind: 'vlan'; readonly name: string; readonly vlan: number; readonly mac: string; readonly mtu: number }
  | { readonly kind: 'flat'; readonly name: string; readonly mac: string; readonly mtu: number };

/** One legacy bridge whose way to the wire changes: from its uplink to a leg into the provider bridge. */
export interface UplinkMove {
  /** The legacy bridge. */
  readonly bridge: string;
  readonly uplink: LegacyUplink;
  readonly leg: {
    /** In the legacy bridge; it has the uplink's MAC, so that the bridge keeps its own. */
    readonly legacy: string;
    /** In the provider bridge. */
    readonly provider: string;
    readonly providerMac: string;
  };
}

/** All that an adoption changes, in order. */
export interface Adoption {
  readonly nic: string;
  readonly provider: string;
  readonly datapath: string;
  /** The provider bridge was not there. */
  readonly makesBridge: boolean;
  /**
   * When the NIC becomes a port of the provider bridge. `there`: it is one. `first`: before any uplink moves; on the kernel datapath its VLAN
   * subinterfaces go on taking their frames (the kernel asks for them before it asks the switch). `with-flat`: the kernel gives a NIC one
   * owner only, so it has to leave its Linux bridge first.
   */
  readonly joins: 'there' | 'first' | 'with-flat';
  /** The flat one is first. */
  readonly moves: readonly UplinkMove[];
}

/** Why an uplink is not adopted, in a sentence; `about` is the link that it is about. */
export interface AdoptRefusal {
  readonly kind:
    | 'unknown-nic'
    | 'not-a-nic'
    | 'bond-member'
    | 'bond-mode'
    | 'own-address'
    | 'vlan-aware-bridge'
    | 'stp'
    | 'odd-vlan'
    | 'other-riders'
    | 'other-owner'
    | 'second-uplink'
    | 'provider-bridge'
    | 'nothing-to-adopt';
  readonly about: string;
  readonly message: string;
}
