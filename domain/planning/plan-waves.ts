import type { HoldReason } from '../findings.ts';
import type { JoinedHost, JoinedInventory } from '../inventory/joined-inventory.ts';
import type { HeldHost, PlannedHost, PlannedWave, PlanSpec } from '../plan.ts';
import { matchingGlob } from './match-glob.ts';

/** Where every hypervisor of the inventory went. */
export interface WavePlan {
  readonly waves: readonly PlannedWave[];
  readonly held: readonly HeldHost[];
}

/**
 * Packs hypervisors into waves: the canary first and alone, then by blast radius, fewest taps first. Same facts, same
 * plan; whoever is not planned is explained by at least one hold.
 */
export function planWaves(inventory: JoinedInventory, spec: PlanSpec): WavePlan {
  const spread = spreadOverlays(inventory);
  const judged = [...inventory.hosts.values()]
    .toSorted(byBlastRadius)
    .map((host) => ({ host, holds: planHolds(host, { inventory, spec, spread }) }));
  const free = judged.filter((one) => one.holds.length === 0).map((one) => one.host);
  const canary = spec.canary === undefined ? free[0] : free.find((host) => isCanary(host, spec.canary));
  const rest = free.filter((host) => host !== canary);
  const packs = [...(canary === undefined ? [] : [[canary]]), ...packsOf(rest, spec.waveSize)];
  return {
    waves: packs.map((hosts, at) => ({
      number: at + 1,
      canary: at === 0 && canary !== undefined,
      hosts: hosts.map((host) => plannedHost(host, spec)),
    })),
    held: judged
      .filter((one) => one.holds.length > 0)
      .map(({ host: { systemId, hostname }, holds }) => ({ systemId, hostname, holds }))
      .toSorted((a, b) => compareText(a.hostname, b.hostname) || compareText(a.systemId, b.systemId)),
  };
}

interface PlanContext {
  readonly inventory: JoinedInventory;
  readonly spec: PlanSpec;
  readonly spread: ReadonlySet<string>;
}

/** Why this hypervisor cannot be planned now; empty when it can. An opt-out says all there is to say. */
function planHolds(host: JoinedHost, context: PlanContext): readonly HoldReason[] {
  const { spec } = context;
  const out = matchingGlob(spec.exclude, host);
  if (out !== undefined) return [{ kind: 'opted-out', by: out }];
  if (matchingGlob(spec.include, host) === undefined) return [{ kind: 'not-included' }];
  if (!host.connected) return [{ kind: 'agent-not-connected' }];
  if (!host.inventorySeen) return [{ kind: 'inventory-missing' }];
  return [
    ...(host.mode === 'active' ? [] : [{ kind: 'agent-passive' } as const]),
    ...(host.chassisReady ? [] : [{ kind: 'chassis-missing' } as const]),
    ...emptyHolds(host),
    ...host.findings
      .filter((one) => one.severity === 'error')
      .map((finding) => ({ kind: 'finding', finding }) as const),
    ...networkHolds(host, context),
  ];
}

function emptyHolds(host: JoinedHost): readonly HoldReason[] {
  if (host.movable.length > 0) return [];
  return [{ kind: host.plug === 'target' ? 'already-on-target' : 'no-taps' }];
}

/** Holds that come with a network: a legacy router or DHCP on it; an overlay, whose two worlds do not meet. */
function networkHolds(host: JoinedHost, { inventory, spec, spread }: PlanContext): readonly HoldReason[] {
  const used = [...new Set(host.movable.map((tap) => tap.networkId))].toSorted();
  return used.flatMap((networkId): readonly HoldReason[] => {
    const network = inventory.networks.get(networkId);
    const [port] = network?.servicePorts ?? [];
    const split = network?.class === 'overlay' && spec.method === 'direct' && spread.has(networkId);
    return [
      ...(port === undefined ? [] : [{ kind: 'service-port', networkId, port } as const]),
      ...(split ? [{ kind: 'overlay-needs-staging', networkId } as const] : []),
    ];
  });
}

/**
 * Overlays with guests on more than one hypervisor. Moved direct, the first wave (the canary, alone) would cut such a
 * network in two until the last.
 */
function spreadOverlays(inventory: JoinedInventory): ReadonlySet<string> {
  const seen = new Set<string>();
  const spread = new Set<string>();
  for (const host of inventory.hosts.values()) {
    for (const id of new Set(host.taps.flatMap((tap) => tap.networkId ?? []))) {
      if (inventory.networks.get(id)?.class === 'overlay') (seen.has(id) ? spread : seen).add(id);
    }
  }
  return spread;
}

function plannedHost(host: JoinedHost, spec: PlanSpec): PlannedHost {
  const zone = zoneOf(host, spec);
  const used = new Set(host.movable.map((tap) => tap.networkId));
  return {
    systemId: host.systemId,
    hostname: host.hostname,
    ...(zone === undefined ? {} : { zone }),
    taps: host.movable,
    networks: host.networks.filter((network) => used.has(network.networkId)),
  };
}

/** The first zone, by name, one of whose globs fits. */
function zoneOf(host: JoinedHost, spec: PlanSpec): string | undefined {
  const names = Object.keys(spec.zones).toSorted(compareText);
  return names.find((name) => matchingGlob(spec.zones[name] ?? [], host) !== undefined);
}

export function isCanary(host: { readonly systemId: string; readonly hostname: string }, canary: string | undefined) {
  return host.hostname === canary || host.systemId === canary;
}

function packsOf(hosts: readonly JoinedHost[], size: number): readonly (readonly JoinedHost[])[] {
  return Array.from({ length: Math.ceil(hosts.length / size) }, (_, at) => hosts.slice(at * size, (at + 1) * size));
}

function byBlastRadius(a: JoinedHost, b: JoinedHost): number {
  return (
    a.movable.length - b.movable.length || compareText(a.hostname, b.hostname) || compareText(a.systemId, b.systemId)
  );
}

/** By code unit: the same order on every machine, whatever its locale. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
