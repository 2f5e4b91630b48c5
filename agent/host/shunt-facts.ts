import { durableIds } from '../../domain/rewire/moves.ts';
import type { ShuntFacts, ShuntPlug } from '../../domain/rewire/shunt-plug.ts';
import type { Link } from '../../platform/native/netlink-links.ts';
import type { OvsPort } from './open-vswitch.ts';

export interface ShuntView {
  readonly link: (name: string) => Link | undefined;
  readonly ports: ReadonlyMap<string, OvsPort>;
  readonly integrationBridge: string;
}

/** What stands of one tap's shunt. Whether it is staged or flipped is told by the leg that B floods to, never remembered. */
export function shuntFactsOf(
  tap: string,
  { bridge, legacyLeg, targetLeg }: Pick<ShuntPlug, 'bridge' | 'legacyLeg' | 'targetLeg'>,
  view: ShuntView,
): ShuntFacts {
  const b = view.link(bridge);
  const isInside = (link: Link | undefined) => b !== undefined && link?.master === b.ifindex;
  const inner = { legacy: view.link(legacyLeg.inner), target: view.link(targetLeg.inner) };
  const legacyOuter = view.link(legacyLeg.outer);
  const claim = claimOf(targetLeg.outer, view);
  const isWhole =
    isInside(inner.legacy) &&
    (legacyLeg.owned ? legacyOuter?.master !== undefined : hasName(view.ports.get(legacyLeg.outer)));
  const remains = !isWhole && (inner.legacy !== undefined || (!legacyLeg.owned && view.ports.has(legacyLeg.outer)));
  return {
    bridge: b !== undefined,
    tapInside: isInside(view.link(tap)),
    legacyLeg: isWhole,
    ...(remains ? { legacyLegRemains: true } : {}),
    targetLeg: isInside(inner.target) && view.link(targetLeg.outer) !== undefined,
    active: floods(inner.target) ? 'target' : floods(inner.legacy) ? 'legacy' : 'none',
    ...(claim === undefined ? {} : { claim }),
  };
}

/** A hybrid plug's leg without its port's name is one that was cut short: Neutron's agent does not wire it. */
function hasName(port: OvsPort | undefined): boolean {
  return port?.iface.external_ids.get('iface-id') !== undefined;
}

function floods(link: Link | undefined): boolean {
  return link?.bridgePort?.flood === true;
}

function claimOf(outer: string, { ports, integrationBridge, link }: ShuntView): ShuntFacts['claim'] {
  const port = ports.get(outer);
  const ifaceId = port?.iface.external_ids.get('iface-id');
  if (port === undefined || ifaceId === undefined || port.bridge.name !== integrationBridge) return undefined;
  return {
    ifaceId,
    marks: durableIds(port.port.external_ids),
    installed: port.iface.external_ids.get('ovn-installed') === 'true',
    ...(link(outer) === undefined ? { orphaned: true } : {}),
  };
}
