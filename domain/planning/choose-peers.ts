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
 * Which hypervisors serve as the remote vantage: connected, active, with a chassis. Those that have the network come first; of two, one
 * whose guests' frames leave by the target and one whose do not, so that both mixed directions are asked. Each hypervisor has others
 * beside it asked, so that a wave that moves as one does not ask the same two for all.
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
  const sorted = (local.length > 0 ? local : able).toSorted((a, b) => (a.systemId < b.systemId ? -1 : 1));
  const next = Math.max(
    0,
    sorted.findIndex((host) => host.systemId > systemId),
  );
  const candidates = [...sorted.slice(next), ...sorted.slice(0, next)];
  const isThere = (host: JoinedHost): boolean => isOnTarget(host, networkId);
  const first = candidates.find(isThere) ?? candidates[0];
  if (first === undefined) return [];
  const others = candidates.filter((host) => host !== first);
  const second = others.find((host) => isThere(host) !== isThere(first)) ?? others[0];
  return (second === undefined ? [first] : [first, second]).slice(0, peersMax).map((host) => host.systemId);
}

/** Its guests on that network tell; without any, all that it has. */
function isOnTarget(host: JoinedHost, networkId: string): boolean {
  const places = host.placed.filter((tap) => tap.target.networkId === networkId).map((tap) => tap.place);
  if (places.length === 0) return host.plug === 'target' || host.plug === 'shunted' || host.plug === 'hybrid';
  return places.every((place) => place !== 'legacy' && place !== 'staged');
}
