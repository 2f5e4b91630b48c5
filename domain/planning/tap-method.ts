import type { NetworkFacts, SourceKind, TapTarget } from '../network-model.ts';
import type { Method } from '../phases.ts';
import type { MethodRule, PlanSpec, Slice } from '../plan.ts';
import type { TapPlace } from '../rewire/places.ts';
import { matchGlob, matchingGlob } from './match-glob.ts';

export interface MethodQuestion {
  readonly host: { readonly systemId: string; readonly hostname: string };
  readonly network: Pick<NetworkFacts, 'id' | 'name'>;
  readonly place: TapPlace;
}

/** By which method a plan moves a tap. One that is on its shunt goes on by it, whatever the plan says. */
export function methodOf(spec: PlanSpec, { host, network, place }: MethodQuestion): Method {
  if (place !== 'legacy' && place !== 'direct') return 'shunt';
  const fits = ({ hosts, networks }: MethodRule): boolean =>
    (hosts.length === 0 || matchingGlob(hosts, host) !== undefined) && namesNetwork(networks, network);
  return spec.methods?.find(fits)?.method ?? spec.method;
}

/** The method of an attempt: `shunt` when any of its taps goes by one. */
export function methodOfTaps(taps: readonly Pick<TapTarget, 'method'>[]): Method {
  return taps.some((tap) => tap.method === 'shunt') ? 'shunt' : 'direct';
}

/** What each source can do: a tap in somebody's Open vSwitch or MidoNet datapath can be in no second place at the same time. */
const methodsOf = {
  'linux-bridge': ['direct', 'shunt'],
  'ovs-hybrid': ['direct', 'shunt'],
  'ovs': ['direct'],
  'midonet': ['direct'],
} as const satisfies Record<SourceKind, readonly Method[]>;

export function sourceAllows(source: SourceKind | undefined, method: Method): boolean {
  const methods: readonly Method[] = methodsOf[source ?? 'linux-bridge'];
  return methods.includes(method);
}

/** True for a tap that the slice moves; without a slice, all. */
export function inSlice(
  slice: Slice | undefined,
  {
    projectId,
    network,
  }: { readonly projectId: string | undefined; readonly network: Pick<NetworkFacts, 'id' | 'name'> },
): boolean {
  if (slice === undefined) return true;
  const ofProject = slice.projects.length === 0 || slice.projects.some((glob) => matchGlob(glob, projectId ?? ''));
  return ofProject && namesNetwork(slice.networks, network);
}

function namesNetwork(globs: readonly string[], { id, name }: Pick<NetworkFacts, 'id' | 'name'>): boolean {
  return globs.length === 0 || globs.some((glob) => matchGlob(glob, id) || matchGlob(glob, name));
}
