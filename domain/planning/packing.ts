import type { HoldReason } from '../findings.ts';
import type { JoinedHost } from '../inventory/joined-inventory.ts';
import type { TapTarget } from '../network-model.ts';
import type { Direction } from '../phases.ts';
import type { PlannedHost, PlannedWave, PlanSpec } from '../plan.ts';
import type { Operation } from '../rewire/places.ts';
import { matchingGlob } from './match-glob.ts';
import { inOrder } from './operations.ts';

/** A tap that the plan moves, with its method, and what is to be done with it. */
export interface TapPlan {
  readonly target: TapTarget;
  readonly operations: readonly Operation[];
  /** On an overlay that other hypervisors share. */
  readonly shared: boolean;
}

/** A hypervisor with those of its taps that the plan moves. */
export interface HostPlan {
  readonly host: JoinedHost;
  readonly taps: readonly TapPlan[];
  readonly holds: readonly HoldReason[];
}

/** A wave without its number. */
export type Pack = Omit<PlannedWave, 'number'>;

export interface PackShape {
  readonly spec: PlanSpec;
  readonly direction: Direction;
  /** Only these are done in this wave. */
  readonly operations: readonly Operation[];
}

/** Waves of at most `waveSize`, fewest taps first; `canary`: the first goes alone. */
export function packsOf(hosts: readonly HostPlan[], shape: PackShape, canary: boolean): readonly Pack[] {
  const sorted = hosts.toSorted(byBlastRadius);
  const named = sorted.find(({ host }) => isCanary(host, shape.spec.canary));
  const first = canary ? (named ?? sorted[0]) : undefined;
  const rest = sorted.filter((one) => one !== first);
  const size = shape.spec.waveSize;
  const groups = Array.from({ length: Math.ceil(rest.length / size) }, (_, at) =>
    rest.slice(at * size, (at + 1) * size),
  );
  return [
    ...(first === undefined ? [] : [{ ...packOf([first], shape), canary: true }]),
    ...groups.map((group) => packOf(group, shape)),
  ];
}

/** One wave of all these. */
export function packOf(hosts: readonly HostPlan[], { spec, direction, operations }: PackShape): Pack {
  const done = hosts.flatMap(({ taps }) => taps.flatMap((tap) => tap.operations));
  const own = inOrder(
    done.filter((operation) => operations.includes(operation)),
    direction,
  );
  return {
    canary: false,
    ...(own.length === 1 && own[0] === 'cut' ? {} : { operations: own }),
    ...(direction === 'forward' ? {} : { direction }),
    hosts: hosts.map((one) => plannedHost(one, operations, spec)),
  };
}

/** Of a hypervisor's taps, those that one of the operations concerns; undefined when there is none. */
export function narrowed(
  one: HostPlan,
  keep: (tap: TapPlan) => boolean,
  operations: readonly Operation[],
): readonly HostPlan[] {
  const taps = one.taps.filter(
    (tap) => keep(tap) && tap.operations.some((operation) => operations.includes(operation)),
  );
  return taps.length === 0 ? [] : [{ ...one, taps }];
}

function plannedHost({ host, taps }: HostPlan, operations: readonly Operation[], spec: PlanSpec): PlannedHost {
  const zone = zoneOf(host, spec);
  const own = taps.filter((tap) => tap.operations.some((operation) => operations.includes(operation)));
  const used = new Set(own.map((tap) => tap.target.networkId));
  return {
    systemId: host.systemId,
    hostname: host.hostname,
    ...(zone === undefined ? {} : { zone }),
    taps: own.map((tap) => tap.target),
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

export function byBlastRadius(a: HostPlan, b: HostPlan): number {
  return (
    a.taps.length - b.taps.length ||
    compareText(a.host.hostname, b.host.hostname) ||
    compareText(a.host.systemId, b.host.systemId)
  );
}

/** By code unit: the same order on every machine, whatever its locale. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
