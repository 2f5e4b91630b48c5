import type { JoinedInventory } from '../inventory/joined-inventory.ts';
import type { HeldHost, PlannedWave, PlanSpec } from '../plan.ts';
import type { TapPlace } from '../rewire/places.ts';
import { forbiddenBeside, overlayTaps, unseenTaps } from './barriers.ts';
import { directionOf } from './operations.ts';
import {
  byBlastRadius,
  compareText,
  type HostPlan,
  isCanary,
  narrowed,
  type Pack,
  packOf,
  packsOf,
} from './packing.ts';
import { planHost } from './plan-host.ts';

/** Where every hypervisor of the inventory went. */
export interface WavePlan {
  readonly waves: readonly PlannedWave[];
  readonly held: readonly HeldHost[];
}

/**
 * Packs hypervisors into waves: the canary first and alone, then by blast radius, fewest taps first. A hypervisor stands in several waves
 * when it has guests on overlays that others share: those move together. Same facts, same plan; whoever is not planned is explained
 * by at least one hold.
 */
export function planWaves(inventory: JoinedInventory, spec: PlanSpec): WavePlan {
  const judged = holdIncomplete(
    inventory,
    spec,
    [...inventory.hosts.values()].map((host) => planHost(host, { inventory, spec })),
  );
  const free = judged.filter((one) => one.holds.length === 0);
  const packs = [...wirePacks(free, spec), ...overlayPacks(free, spec)];
  return {
    waves: packs.map((pack, at) => ({ number: at + 1, ...pack })),
    held: judged
      .filter((one) => one.holds.length > 0)
      .map(({ host: { systemId, hostname }, holds }) => ({ systemId, hostname, holds }))
      .toSorted((a, b) => compareText(a.hostname, b.hostname) || compareText(a.systemId, b.systemId)),
  };
}

const everything = ['stage', 'cut', 'finish', 'collapse'] as const;

/** Taps whose networks meet on a wire, or live on one hypervisor only: each hypervisor does all of its operations in its own wave. */
function wirePacks(hosts: readonly HostPlan[], spec: PlanSpec): readonly Pack[] {
  const own = hosts.flatMap((one) => narrowed(one, (tap) => !tap.shared, everything));
  return packsOf(own, { spec, direction: directionOf(spec.goal ?? 'target'), operations: everything }, true);
}

/** Overlays, one connected component of hypervisors after the other, the canary's first and then the smallest. */
function overlayPacks(hosts: readonly HostPlan[], spec: PlanSpec): readonly Pack[] {
  const own = hosts.flatMap((one) => narrowed(one, (tap) => tap.shared, everything));
  const components = componentsOf(own).toSorted(
    (a, b) => Number(hasCanary(b, spec)) - Number(hasCanary(a, spec)) || a.length - b.length || byFirst(a, b),
  );
  return components.flatMap((component, at) => componentPacks(component, spec, at === 0));
}

/** Into and out of a shunt hypervisor by hypervisor; across, all of them in one moment. */
function componentPacks(component: readonly HostPlan[], spec: PlanSpec, canary: boolean): readonly Pack[] {
  const direction = directionOf(spec.goal ?? 'target');
  const some = (...operations: readonly (typeof everything)[number][]) => ({
    hosts: component.flatMap((one) => narrowed(one, () => true, operations)).toSorted(byBlastRadius),
    shape: { spec, direction, operations },
  });
  const slowly = (one: ReturnType<typeof some>, first = false) => packsOf(one.hosts, one.shape, first);
  const together = ({ hosts, shape }: ReturnType<typeof some>): readonly Pack[] =>
    hosts.length === 0 ? [] : [{ ...packOf(hosts, shape), together: true }];
  return direction === 'forward'
    ? [
        ...slowly(some('stage'), canary),
        ...together(some('cut')),
        ...together(some('finish')),
        ...slowly(some('collapse')),
      ]
    : [...slowly(some('collapse', 'finish'), canary), ...together(some('cut')), ...slowly(some('stage'))];
}

function hasCanary(component: readonly HostPlan[], { canary }: PlanSpec): boolean {
  return component.some(({ host }) => isCanary(host, canary));
}

function byFirst([a]: readonly HostPlan[], [b]: readonly HostPlan[]): number {
  return (
    compareText(a?.host.hostname ?? '', b?.host.hostname ?? '') ||
    compareText(a?.host.systemId ?? '', b?.host.systemId ?? '')
  );
}

/** Hypervisors that shared overlays connect, each component sorted. */
function componentsOf(hosts: readonly HostPlan[]): readonly (readonly HostPlan[])[] {
  const sorted = hosts.toSorted(
    (a, b) => compareText(a.host.hostname, b.host.hostname) || compareText(a.host.systemId, b.host.systemId),
  );
  const onNetwork = new Map<string, HostPlan[]>();
  for (const one of sorted) {
    for (const id of networksOf(one)) {
      const list = onNetwork.get(id);
      if (list === undefined) onNetwork.set(id, [one]);
      else list.push(one);
    }
  }
  const seen = new Set<HostPlan>();
  return sorted.flatMap((one) => {
    if (seen.has(one)) return [];
    seen.add(one);
    const component = [one];
    for (const member of component) {
      for (const id of networksOf(member)) {
        const unseen = (onNetwork.get(id) ?? []).filter((next) => !seen.has(next));
        onNetwork.delete(id); // all of it is in this component now
        for (const next of unseen) {
          seen.add(next);
          component.push(next);
        }
      }
    }
    return [component];
  });
}

function networksOf({ taps }: HostPlan): ReadonlySet<string> {
  return new Set(taps.map((tap) => tap.target.networkId));
}

/**
 * An overlay moves as one: when some of its guests stay where they would be cut off, nobody of it moves, and everybody is told who stays.
 * Holding a hypervisor can leave another overlay incomplete, so this goes on until nothing changes.
 */
function holdIncomplete(inventory: JoinedInventory, spec: PlanSpec, plans: readonly HostPlan[]): readonly HostPlan[] {
  const goal = spec.goal ?? 'target';
  if (goal === 'staged') return plans;
  const beside = forbiddenBeside(goal === 'legacy' ? 'legacy' : 'direct');
  const strangers = new Map(
    [...unseenTaps(inventory)].flatMap(([networkId, [tap]]) => (tap === undefined ? [] : [[networkId, tap.hostname]])),
  );
  let judged = plans;
  for (;;) {
    const moving = new Set(
      judged.flatMap(({ holds, taps }) => (holds.length > 0 ? [] : taps.map((tap) => tap.target.portId))),
    );
    const staying = new Map(strangers);
    for (const [networkId, taps] of overlayTaps(inventory)) {
      const left = taps.find((tap) => (beside as readonly TapPlace[]).includes(tap.place) && !moving.has(tap.portId));
      if (left !== undefined && !staying.has(networkId)) staying.set(networkId, left.hostname);
    }
    const next = judged.map((one) => incomplete(one, staying));
    if (next.every((one, at) => one === judged[at])) return judged;
    judged = next;
  }
}

function incomplete(one: HostPlan, staying: ReadonlyMap<string, string>): HostPlan {
  if (one.holds.length > 0) return one;
  const shared = new Set(one.taps.filter((tap) => tap.shared).map((tap) => tap.target.networkId));
  const holds = [...shared].toSorted().flatMap((networkId) => {
    const host = staying.get(networkId);
    return host === undefined ? [] : [{ kind: 'overlay-incomplete', networkId, host } as const];
  });
  return holds.length === 0 ? one : { ...one, holds };
}
