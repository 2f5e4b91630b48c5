import type { Finding, HoldReason } from '../findings.ts';
import type { JoinedHost, JoinedInventory, PlacedTap } from '../inventory/joined-inventory.ts';
import type { TapTarget } from '../network-model.ts';
import type { Direction } from '../phases.ts';
import type { PlanSpec } from '../plan.ts';
import { overlayTaps, unseenTaps } from './barriers.ts';
import { matchingGlob } from './match-glob.ts';
import { directionOf, operationsToward } from './operations.ts';
import type { HostPlan, TapPlan } from './packing.ts';
import { inSlice, methodOf, sourceAllows } from './tap-method.ts';

export interface PlanContext {
  readonly inventory: JoinedInventory;
  readonly spec: PlanSpec;
}

/** What the plan moves at one hypervisor, and why it cannot be planned now; no holds when it can. */
export function planHost(host: JoinedHost, context: PlanContext): HostPlan {
  const sliced = slicedTaps(host, context);
  const taps = sliced.flatMap((tap) => tapPlan(host, tap, context));
  return { host, taps, holds: planHolds({ host, taps, holds: [] }, sliced.length, context) };
}

function slicedTaps(host: JoinedHost, { inventory, spec }: PlanContext): readonly PlacedTap[] {
  return host.placed.filter(({ target }) => {
    const network = inventory.networks.get(target.networkId);
    const projectId = inventory.ports.get(target.portId)?.projectId;
    return network !== undefined && inSlice(spec.slice, { projectId, network });
  });
}

/** Nothing for a tap that is where the plan would take it. */
function tapPlan(host: JoinedHost, { place, target }: PlacedTap, { inventory, spec }: PlanContext): readonly TapPlan[] {
  const network = inventory.networks.get(target.networkId);
  if (network === undefined) return [];
  const method = methodOf(spec, { host, network, place });
  const operations = operationsToward(spec.goal ?? 'target', place, method);
  if (operations.length === 0) return [];
  const shared = [overlayTaps(inventory), unseenTaps(inventory)]
    .flatMap((taps) => taps.get(network.id) ?? [])
    .some((tap) => tap.systemId !== host.systemId);
  return [{ target: method === 'direct' ? target : { ...target, method }, operations, shared }];
}

/** An opt-out says all there is to say. */
function planHolds(plan: HostPlan, sliced: number, context: PlanContext): readonly HoldReason[] {
  const { host } = plan;
  const { spec } = context;
  const out = matchingGlob(spec.exclude, host);
  if (out !== undefined) return [{ kind: 'opted-out', by: out }];
  if (matchingGlob(spec.include, host) === undefined) return [{ kind: 'not-included' }];
  if (!host.connected) return [{ kind: 'agent-not-connected' }];
  if (!host.inventorySeen) return [{ kind: 'inventory-missing' }];
  return [
    ...(host.mode === 'active' ? [] : [{ kind: 'agent-passive' } as const]),
    ...(host.chassisReady || spec.goal === 'legacy' ? [] : [{ kind: 'chassis-missing' } as const]),
    ...emptyHolds(plan, sliced, spec),
    ...errorsInTheWay(
      host,
      directionOf(spec.goal ?? 'target'),
      plan.taps.map((tap) => tap.target),
    ).map((finding) => ({ kind: 'finding', finding }) as const),
    ...networkHolds(plan, context),
    ...methodHolds(plan),
  ];
}

/** On the way back only what is wrong with the taps that move: the rest may be why somebody goes back. */
export function errorsInTheWay(host: JoinedHost, direction: Direction, taps: readonly TapTarget[]): readonly Finding[] {
  const errors = host.findings.filter((one) => one.severity === 'error');
  if (direction === 'forward') return errors;
  const names = new Set(taps.map((one) => one.tap));
  const ports = new Set(taps.map((one) => one.portId));
  return errors.filter(
    ({ tap, portId }) => (tap !== undefined && names.has(tap)) || (portId !== undefined && ports.has(portId)),
  );
}

function emptyHolds({ taps }: HostPlan, sliced: number, { goal = 'target' }: PlanSpec): readonly HoldReason[] {
  if (taps.length > 0) return [];
  if (sliced === 0) return [{ kind: 'no-taps' }];
  return goal === 'target' ? [{ kind: 'already-on-target' }] : [{ kind: 'at-goal', goal }];
}

/** A legacy router or DHCP on a network: what serves it would be cut off from its guests. */
function networkHolds({ taps }: HostPlan, { inventory, spec }: PlanContext): readonly HoldReason[] {
  if (spec.goal === 'legacy') return [];
  return [...new Set(taps.map((tap) => tap.target.networkId))].toSorted().flatMap((networkId) => {
    const [port] = inventory.networks.get(networkId)?.servicePorts ?? [];
    return port === undefined ? [] : [{ kind: 'service-port', networkId, port } as const];
  });
}

function methodHolds({ taps }: HostPlan): readonly HoldReason[] {
  return taps.flatMap(({ target: { tap, source, method = 'direct' } }) =>
    source === undefined || sourceAllows(source, method)
      ? []
      : [{ kind: 'method-refused', tap, source, method } as const],
  );
}
