import type { LegacyBridgeFacts, TapTarget } from '../network-model.ts';
import type { ShuntFacts, ShuntPlug } from './shunt-plug.ts';

/** Text columns as OVSDB keeps them, without the volatile keys that ovn-controller writes. */
export type TextMap = Readonly<Record<string, string>>;

/** What a tap's Port and Interface rows on the integration bridge say: intended (forward) or pre-image (back). */
export interface PlugRows {
  readonly port: { readonly external_ids: TextMap; readonly other_config: TextMap; readonly tag?: number };
  readonly iface: { readonly external_ids: TextMap; readonly other_config: TextMap; readonly mtu_request?: number };
}

/** Whether two ports say the same. */
export function sameRows(a: PlugRows, b: PlugRows): boolean {
  const text = ({ port, iface }: PlugRows) =>
    JSON.stringify([
      port.tag ?? null,
      iface.mtu_request ?? null,
      ...[port.external_ids, port.other_config, iface.external_ids, iface.other_config].map((map) =>
        Object.entries(map).toSorted(([x], [y]) => (x < y ? -1 : 1)),
      ),
    ]);
  return text(a) === text(b);
}

/** An OVS port as it is now. */
export interface PlugFacts {
  readonly bridge: string;
  readonly portUuid: string;
  readonly rows: PlugRows;
}

export interface LinkFacts {
  readonly ifindex: number;
  /** Its own address: of a tap the host's side (libvirt: the guest's with first octet `fe`). */
  readonly mac?: string;
  /** Name of the bridge it is a member of. */
  readonly master?: string;
}

/** Names of taps are given away anew (vnet0): true for one that is another guest's, as far as addresses tell. */
export function isAnothers(link: LinkFacts, { hostMac }: Pick<TapMove, 'hostMac'>): boolean {
  return link.mac !== undefined && hostMac !== undefined && link.mac !== hostMac;
}

/** What the planner looks at: links and OVS ports by name, legacy bridges. */
export interface RewireFacts {
  readonly integrationBridge: string;
  readonly links: ReadonlyMap<string, LinkFacts>;
  readonly plugs: ReadonlyMap<string, PlugFacts>;
  readonly bridges: readonly LegacyBridgeFacts[];
  /** What stands of the shunts of the taps that were asked about, by tap. */
  readonly shunts: ReadonlyMap<string, ShuntFacts>;
}

/** A legacy bridge and the way out of it, by which announcements leave. */
export interface LegacyPlace {
  readonly bridge: string;
  /** Its member that leads to the wire. */
  readonly uplink?: string;
  /** Members that may lead out as well, and were there when the move was planned: they are nobody's mistake of today. */
  readonly besides?: readonly string[];
  /** The port of a provider bridge in which the uplink ends. */
  readonly provider?: {
    readonly bridge: string;
    readonly port: string;
    /** VLAN of the wire, where the port itself does not say it (ML2/OVS: flows do). */
    readonly tag?: number;
    /** VLAN that frames carry on that port, before flows give them the wire's. */
    readonly localTag?: number;
  };
  /** Where what the guest says enters the legacy world, if that is a port of Open vSwitch: announcements of its place go in by it. */
  readonly entry?: { readonly bridge: string; readonly port: string };
  /** The bridge is MidoNet's datapath: only MidoNet lets the tap go, and takes it. */
  readonly midonet?: true;
  /** The tap is a port of another Open vSwitch bridge than the target (ML2/OVS): that bridge, and the rows that belong there. */
  readonly ovs?: { readonly bridge: string; readonly rows: PlugRows };
}

/** One tap's way between its two plugs, with all that is needed to walk it in both directions. */
export interface TapMove {
  readonly tap: string;
  readonly portId: string;
  readonly networkId: string;
  readonly mac: string;
  readonly ips: readonly string[];
  /** The tap's own address on the host's side: a tap of the same name with another one is another guest's. */
  readonly hostMac?: string;
  readonly legacy: LegacyPlace;
  /** Where the tap itself goes (direct, collapsed); of a shunt's claim the same rows, at o. */
  readonly target: { readonly bridge: string; readonly rows: PlugRows };
  /** It goes by a shunt; absent: direct. */
  readonly shunt?: ShuntPlug;
}

/** `external_ids` of a Port that say who made it, for which attempt, and where the tap came from. */
export const markKeys = {
  owner: 'shunt-owner',
  epoch: 'shunt-epoch',
  legacyBridge: 'shunt-legacy-bridge',
  /** There for an instant only, to have the database synced. */
  synced: 'shunt-synced',
} as const;

/** What ovn-controller writes into `Interface.external_ids`; a copied one would be taken for news. */
const volatileKeys = ['ovn-installed', 'ovn-installed-ts'];

/** `external_ids` worth restoring: without what others write about the row's present life. */
export function durableIds(ids: Iterable<readonly [string, string]>): TextMap {
  return Object.fromEntries([...ids].filter(([key]) => !volatileKeys.includes(key)));
}

/** The rows that plug a tap into the integration bridge as os-vif would, with our marks. */
export function intendedRows(target: TapTarget, epoch: number): PlugRows {
  const vm =
    target.deviceId === undefined || target.deviceId === ''
      ? {}
      : { 'vm-uuid': target.deviceId, 'vm-id': target.deviceId };
  return {
    port: {
      external_ids: {
        [markKeys.owner]: 'agent',
        [markKeys.epoch]: String(epoch),
        [markKeys.legacyBridge]: target.legacyBridge,
      },
      other_config: {},
    },
    iface: {
      external_ids: { 'iface-id': target.portId, 'iface-status': 'active', 'attached-mac': target.mac, ...vm },
      other_config: {},
    },
  };
}
