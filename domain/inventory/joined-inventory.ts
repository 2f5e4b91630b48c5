import type { Finding } from '../findings.ts';
import type { NetworkFacts, NetworkTarget, PortFacts, TapFacts, TapTarget } from '../network-model.ts';
import type { HostInventory } from '../orders.ts';
import type { TapPlace } from '../rewire/places.ts';
import type { HostPlug } from '../run-state.ts';

/** Everything `joinInventory` needs; one snapshot of what OVN knows and what agents observed. */
export interface InventoryInput {
  readonly networks: readonly NetworkFacts[];
  readonly ports: readonly PortFacts[];
  /** Chassis that OVN has registered; absent when it cannot be read: then the agent's `chassisReady` decides. */
  readonly chassis?: readonly ChassisFacts[];
  readonly hosts: readonly HostReport[];
  /** Legacy bridge name -> network id, where the name does not follow `brq<networkId[:11]>` (nova-network's `br100`). */
  readonly bridgeToNetwork?: Readonly<Record<string, string>>;
}

export interface ChassisFacts {
  readonly systemId: string;
  readonly hostname: string;
}

/** A hypervisor as its agent reports it; of a lost one the last inventory that was seen. */
export interface HostReport {
  readonly systemId: string;
  readonly hostname: string;
  readonly connected: boolean;
  readonly mode: 'passive' | 'active' | 'unknown';
  /** Absent until the agent has sent its first inventory. */
  readonly inventory?: HostInventory;
}

/** A tap with the port and network it was matched to, if any. */
export interface JoinedTap {
  readonly facts: TapFacts;
  readonly port?: PortFacts;
  readonly networkId?: string;
}

/** A tap that an order can name: it has its port, and is plugged somewhere. */
export interface PlacedTap {
  readonly place: TapPlace;
  readonly target: TapTarget;
}

/** A hypervisor with everything known of it. Arrays are sorted by tap or network, so same facts give the same value. */
export interface JoinedHost {
  readonly systemId: string;
  readonly hostname: string;
  readonly connected: boolean;
  readonly mode: 'passive' | 'active' | 'unknown';
  readonly chassisReady: boolean;
  readonly inventorySeen: boolean;
  readonly plug: HostPlug;
  readonly taps: readonly JoinedTap[];
  /** Taps on a legacy bridge that have their port: what can be cut. */
  readonly movable: readonly TapTarget[];
  /** Those and all others that have their port, with where each is. */
  readonly placed: readonly PlacedTap[];
  /** Networks of `movable`, and of taps already on the target; no probe ports yet. */
  readonly networks: readonly NetworkTarget[];
  /** The agent's own findings, then the join's; `error` ones hold the hypervisor. */
  readonly findings: readonly Finding[];
}

export interface JoinedInventory {
  readonly hosts: ReadonlyMap<string, JoinedHost>;
  readonly networks: ReadonlyMap<string, NetworkFacts>;
  readonly ports: ReadonlyMap<string, PortFacts>;
}
