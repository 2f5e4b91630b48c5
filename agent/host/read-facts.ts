import type { TapTarget } from '../../domain/network-model.ts';
import type { LinkFacts, RewireFacts, TapMove } from '../../domain/rewire/moves.ts';
import { type ShuntFacts, type ShuntPlug, shuntNames } from '../../domain/rewire/shunt-plug.ts';
import { hybridPlugNames } from '../../domain/sources/ovs-hybrid.ts';
import type { Link } from '../../platform/native/netlink-links.ts';
import { masterName } from '../sources/midonet.ts';
import { legacyBridges } from '../sources/ovs-observe.ts';
import { type OpenVSwitch, type OvsPort, plugFactsOf } from './open-vswitch.ts';
import { shuntFactsOf } from './shunt-facts.ts';

/** A tap whose shunt is looked for. */
type Asked = Pick<TapMove, 'tap' | 'portId' | 'shunt'> & Pick<TapTarget, 'source'>;

/** What the rewire planner looks at, as it is now; shunts only of the taps that are asked about. */
export function readFacts(ovs: OpenVSwitch, links: readonly Link[], about: readonly Asked[] = []): RewireFacts {
  const names = new Map(links.map((link) => [link.ifindex, link.name]));
  const ports = ovs.ports();
  return {
    integrationBridge: ovs.integrationBridge,
    links: new Map(links.map((link) => [link.name, linkFacts(link, (ifindex) => names.get(ifindex))])),
    plugs: new Map([...ports].map(([name, port]) => [name, plugFactsOf(port)])),
    bridges: legacyBridges({
      links,
      ports,
      integrationBridge: ovs.integrationBridge,
      bridgeMappings: ovs.bridgeMappings,
    }),
    shunts: readShunts(about, links, { ports, integrationBridge: ovs.integrationBridge }),
  };
}

function readShunts(
  about: readonly Asked[],
  links: readonly Link[],
  ovs: { readonly ports: ReadonlyMap<string, OvsPort>; readonly integrationBridge: string },
): ReadonlyMap<string, ShuntFacts> {
  const byName = new Map(links.map((link) => [link.name, link]));
  const link = (name: string) => byName.get(name);
  return new Map(about.map((asked) => [asked.tap, shuntFactsOf(asked.tap, namesOf(asked), { ...ovs, link })]));
}

function namesOf({ portId, shunt, source }: Asked): Pick<ShuntPlug, 'bridge' | 'legacyLeg' | 'targetLeg'> {
  if (shunt !== undefined) return shunt;
  if (source === 'ovs-hybrid') return hybridPlugNames(portId);
  const { bridge, targetLeg, ownLeg } = shuntNames(portId);
  return { bridge, targetLeg, legacyLeg: { ...ownLeg, owned: true } };
}

/** What the planner has to know of a link; `nameOf` gives that of another. */
export function linkFacts(link: Link, nameOf: (ifindex: number) => string | undefined): LinkFacts {
  // The kernel datapath enslaves its ports to a link of its own: that is OVS's plug, not a bridge's.
  const master = masterName(link, nameOf);
  return {
    ifindex: link.ifindex,
    ...(link.mac === '' ? {} : { mac: link.mac }),
    ...(master === undefined ? {} : { master }),
  };
}
