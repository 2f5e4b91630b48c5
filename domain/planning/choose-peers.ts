import type { JoinedHost, JoinedInventory } from '../inventory/joined-inventory.ts';

export interface PeerRequest {
  readonly inventory: JoinedInventory;
  /** The hypervisor that is to be cut. */
  readonly systemId: string;
  readonly networkId: string;
  /** Hypervisors that are busy or failed just now: not chosen. */
  readonly avoid: ReadonlySet<string>;
}

/** How many peers ask at most, a network. */
export const peersMax = 2;

/**
 * Which hypervisors serve as the remote vantage: connected, active, with a chassis. Those that have the network come
 * first; of two, one already on the target and one still on legacy, so that both mixed directions are asked.
 */
export function choosePeers({ inventory, systemId, networkId, avoid }: PeerRequest): readonly string[] {
  const able = [...inventory.hosts.values()].filter(
    (host) =>
      host.systemId !== systemId &&
      !avoid.has(host.systemId) &&
      host.connected &&
      host.mode === 'active' &&
      host.chassisReady,
  );
  const local = able.filter((host) => host.networks.some((network) => network.networkId === networkId));
  const candidates = (local.length > 0 ? local : able).toSorted((a, b) => (a.systemId < b.systemId ? -1 : 1));
  const first = candidates.find(isOnTarget) ?? candidates[0];
  if (first === undefined) return [];
  const others = candidates.filter((host) => host !== first);
  const second = others.find((host) => isOnTarget(host) !== isOnTarget(first)) ?? others[0];
  return (second === undefined ? [first] : [first, second]).slice(0, peersMax).map((host) => host.systemId);
}

function isOnTarget(host: JoinedHost): boolean {
  return host.plug === 'target';
}
