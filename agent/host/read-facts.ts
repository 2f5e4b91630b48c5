import type { LinkFacts, RewireFacts } from '../../domain/rewire/moves.ts';
import type { Link } from '../../platform/native/netlink-links.ts';
import { legacyBridges } from '../sources/ovs-observe.ts';
import { type OpenVSwitch, plugFactsOf } from './open-vswitch.ts';

/** What the rewire planner looks at, as it is now. */
export function readFacts(ovs: OpenVSwitch, links: readonly Link[]): RewireFacts {
  const names = new Map(links.map((link) => [link.ifindex, link.name]));
  const ports = ovs.ports();
  return {
    integrationBridge: ovs.integrationBridge,
    links: new Map(links.map((link) => [link.name, linkFacts(link, names)])),
    plugs: new Map([...ports].map(([name, port]) => [name, plugFactsOf(port)])),
    bridges: legacyBridges({
      links,
      ports,
      integrationBridge: ovs.integrationBridge,
      bridgeMappings: ovs.bridgeMappings,
    }),
    shunts: new Map(),
  };
}

function linkFacts(link: Link, names: ReadonlyMap<number, string>): LinkFacts {
  // The kernel datapath enslaves its ports to a link of its own: that is OVS's plug, not a bridge's.
  const master = link.master === undefined || link.slaveKind === 'openvswitch' ? undefined : names.get(link.master);
  return { ifindex: link.ifindex, ...(master === undefined ? {} : { master }) };
}
