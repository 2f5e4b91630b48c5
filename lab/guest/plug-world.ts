import { run } from '../command.ts';
import { hypervisorPlace } from '../hypervisor.ts';
import { vsctl } from '../open-vswitch.ts';
import { integrationBridgeOf } from '../sources/lab-source.ts';
import type { LabHypervisor, LabNetwork, Topology } from '../topology.ts';
import type { PlugWorld } from './guest-extra.ts';

/** What links and rows of a hypervisor say about its taps. */
export interface PlugFacts {
  /** Taps of guests on this network, then those of all guests, whoever they belong to. */
  readonly networkTaps: readonly string[];
  readonly taps: readonly string[];
  /** Ports of OVN's integration bridge. */
  readonly onIntegrationBridge: ReadonlySet<string>;
}

/**
 * The world in which a guest lands that starts now: that of the guests of its network on this hypervisor, else of all guests there;
 * the legacy one unless they are all on the integration bridge, for a hypervisor half-way is not there yet.
 */
export function worldOf(facts: PlugFacts): PlugWorld {
  const witnesses = facts.networkTaps.length > 0 ? facts.networkTaps : facts.taps;
  return witnesses.length > 0 && witnesses.every((tap) => facts.onIntegrationBridge.has(tap)) ? 'target' : 'legacy';
}

/** Asks a hypervisor's own links and rows; see {@link worldOf}. */
export async function findWorld(
  topology: Topology,
  hypervisor: LabHypervisor,
  network: LabNetwork,
): Promise<PlugWorld> {
  const [links, ports] = await Promise.all([
    run(['ip', '-n', hypervisor.netns, '-j', 'link', 'show']),
    vsctl(hypervisorPlace(topology.name, hypervisor), ['list-ports', integrationBridgeOf(topology)]),
  ]);
  const present = new Set((JSON.parse(links) as { readonly ifname: string }[]).map((link) => link.ifname)); // ip's own JSON
  const here = topology.guests.filter((g) => g.hypervisor === hypervisor.name && present.has(g.tap));
  return worldOf({
    networkTaps: here.filter((g) => g.networkId === network.id).map((g) => g.tap),
    taps: here.map((g) => g.tap),
    onIntegrationBridge: new Set(ports.split('\n').filter(Boolean)),
  });
}
