import type { NetworkFacts, PortFacts, TapFacts } from '../network-model.ts';
import { legacyBridgeName, macTail, tapName } from './bridge-names.ts';
import type { JoinedTap } from './joined-inventory.ts';

/** Ports by what a tap shows of them. */
export interface PortIndex {
  readonly byId: ReadonlyMap<string, PortFacts>;
  /** By the last five octets of the MAC. */
  readonly byMacTail: ReadonlyMap<string, readonly PortFacts[]>;
  /** The port that os-vif would name a tap so after; looked up rarely, so indexed at the first question. */
  readonly namedAfter: (tap: string) => PortFacts | undefined;
}

export function indexPorts(ports: readonly PortFacts[]): PortIndex {
  const byMacTail = new Map<string, PortFacts[]>();
  let byTapName: ReadonlyMap<string, PortFacts> | undefined;
  for (const port of ports) {
    const tail = macTail(port.mac);
    const list = byMacTail.get(tail);
    if (list === undefined) byMacTail.set(tail, [port]);
    else list.push(port);
  }
  for (const list of byMacTail.values()) if (list.length > 1) list.sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    byId: new Map(ports.map((port) => [port.id, port])),
    byMacTail,
    namedAfter: (tap) => {
      byTapName ??= new Map(ports.map((port) => [tapName(port.id), port]));
      return byTapName.get(tap);
    },
  };
}

/** Legacy bridge name -> network id: by rule, and what the operator says on top of it. */
export function bridgeNetworks(
  networks: ReadonlyMap<string, NetworkFacts>,
  overrides: Readonly<Record<string, string>>,
): ReadonlyMap<string, string> {
  const byRule = [...networks.keys()].map((id): [string, string] => [legacyBridgeName(id), id]);
  return new Map([...byRule, ...Object.entries(overrides)]);
}

/**
 * Finds a tap's port by (MAC, network): on the target by `iface-id`, on a legacy bridge by the MAC among the ports of
 * that bridge's network. Of several with one MAC the tap's name decides; without its word nobody guesses.
 */
export function matchTap(facts: TapFacts, index: PortIndex, networkOf: ReadonlyMap<string, string>): JoinedTap {
  const { plug } = facts;
  const ifaceId = plug.kind === 'none' ? undefined : plug.ifaceId;
  if (ifaceId !== undefined) {
    const port = index.byId.get(ifaceId);
    return { facts, ...(port === undefined ? {} : { port, networkId: port.networkId }) };
  }
  const sameMac = index.byMacTail.get(macTail(facts.hostMac)) ?? [];
  const networkId = plug.kind === 'legacy' ? networkOf.get(plug.bridge) : undefined;
  // MidoNet's one datapath has the taps of all its networks.
  const anywhere = plug.kind === 'none' || (plug.kind === 'legacy' && plug.source === 'midonet');
  const here = anywhere ? sameMac : sameMac.filter((port) => port.networkId === networkId);
  const named = here.find((port) => tapName(port.id) === facts.tap);
  const port = named ?? (here.length === 1 ? here[0] : undefined);
  const joinedNetwork = networkId ?? port?.networkId;
  return {
    facts,
    ...(port === undefined ? {} : { port }),
    ...(joinedNetwork === undefined ? {} : { networkId: joinedNetwork }),
  };
}
