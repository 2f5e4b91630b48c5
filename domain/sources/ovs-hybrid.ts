import type { Finding } from '../findings.ts';
import type { TapTarget } from '../network-model.ts';
import { intendedRows, type LegacyPlace, type PlugRows, type RewireFacts, type TapMove } from '../rewire/moves.ts';
import type { ShuntPlug } from '../rewire/shunt-plug.ts';
import { legacyRowsKey, ovsProblem, ovsRefusal, readLegacyRows, refreshTag, segmentProvider } from './ovs-moves.ts';
import { parseSegment } from './ovs-segments.ts';

/** The devices of a hybrid plug, as os-vif names them, and the leg that a shunt adds to it. */
export function hybridNames(portId: string): {
  readonly bridge: string;
  readonly legacyLeg: { readonly outer: string; readonly inner: string };
  readonly targetLeg: { readonly outer: string; readonly inner: string };
} {
  const suffix = portId.slice(0, 11);
  return {
    bridge: `qbr${suffix}`,
    legacyLeg: { outer: `qvo${suffix}`, inner: `qvb${suffix}` },
    targetLeg: { outer: `sha${suffix}`, inner: `shb${suffix}` },
  };
}

/** The same as the objects of a shunt: its bridge and first leg are not ours. */
export function hybridPlugNames(portId: string): Pick<ShuntPlug, 'bridge' | 'legacyLeg' | 'targetLeg'> {
  const { legacyLeg, ...names } = hybridNames(portId);
  return { ...names, legacyLeg: { ...legacyLeg, owned: false } };
}

export interface HybridRequest {
  readonly epoch: number;
  readonly mtu: number;
}

export type HybridShunt =
  | { readonly kind: 'move'; readonly move: TapMove & { readonly shunt: ShuntPlug } }
  | { readonly kind: 'problem'; readonly finding: Finding };

/**
 * The shunt of a hybrid plug: its own bridge gets a second leg, its tap is never moved. Undefined: not a tap of ML2/OVS. The rows of its
 * `qvo…` are kept on the row of the new leg, so that the legacy leg can be restored weeks after it was dropped.
 */
export function hybridShunt(target: TapTarget, request: HybridRequest, facts: RewireFacts): HybridShunt | undefined {
  const segment = parseSegment(target.legacyBridge);
  if (segment === undefined) return undefined;
  const names = hybridNames(target.portId);
  if (target.source !== 'ovs-hybrid') {
    const message = `${target.tap} is a port of ${segment.bridge} itself: it has no bridge of its own to add a leg to, cut it direct`;
    return ovsProblem(target, 'network-mismatch', message);
  }
  const leg = facts.plugs.get(names.legacyLeg.outer);
  const claim = facts.plugs.get(names.targetLeg.outer) ?? facts.plugs.get(target.tap);
  if (leg !== undefined && segmentProvider(target.legacyBridge, facts).provider === undefined)
    return ovsProblem(
      target,
      'no-provider-leg',
      `${target.legacyBridge} does not meet the wire in a provider bridge of OVN's: a shunt of it is not built, cut direct`,
    );
  const rows = leg?.rows ?? (claim === undefined ? undefined : readLegacyRows(claim.rows));
  if (facts.links.get(names.bridge) === undefined && facts.plugs.get(target.tap) === undefined)
    return ovsProblem(target, 'network-mismatch', `${target.tap} has no bridge ${names.bridge}: it is no hybrid plug`);
  const refused = leg === undefined ? undefined : ovsRefusal(target, segment, names.targetLeg.outer, facts);
  if (refused !== undefined) return refused;
  if (rows === undefined)
    return ovsProblem(target, 'no-uplink', `${names.legacyLeg.outer} is gone, and nobody kept what it was`);
  return {
    kind: 'move',
    move: shuntMove({ target, request, facts, rows: refreshTag(rows, segment.bridge, facts) ?? rows }),
  };
}

function shuntMove({ target, request, facts, rows }: MoveFacts): TapMove & { readonly shunt: ShuntPlug } {
  const { tap, portId, networkId, mac, ips } = target;
  const names = hybridNames(portId);
  const intended = intendedRows(target, request.epoch);
  const external_ids = { ...intended.port.external_ids, [legacyRowsKey]: JSON.stringify(rows) };
  // Those that stand are the pre-image.
  const standing = facts.plugs.get(names.targetLeg.outer) ?? facts.plugs.get(tap);
  const fresh = { ...intended, port: { ...intended.port, external_ids } };
  const hostMac = facts.links.get(tap)?.mac;
  const legacy = hybridLegacy(target, rows, facts);
  const shared = (target.macs ?? []).filter((other) => other !== mac);
  return {
    ...{ tap, portId, networkId, mac, ips, legacy },
    ...(hostMac === undefined ? {} : { hostMac }),
    target: { bridge: facts.integrationBridge, rows: standing?.rows ?? fresh },
    shunt: {
      bridge: names.bridge,
      ownsBridge: false,
      legacyLeg: { ...names.legacyLeg, owned: false },
      targetLeg: names.targetLeg,
      mtu: request.mtu,
      disjoint: false, // refused above
      ownMacs: [mac],
      ...(shared.length === 0 ? {} : { sharedMacs: shared }),
    },
  };
}

interface MoveFacts {
  readonly target: TapTarget;
  readonly request: HybridRequest;
  readonly facts: RewireFacts;
  readonly rows: PlugRows;
}

/** L is a bridge of Open vSwitch: nothing of it is a link, so there is no uplink to look at. */
function hybridLegacy(target: TapTarget, rows: PlugRows, facts: RewireFacts): LegacyPlace {
  const segment = parseSegment(target.legacyBridge);
  const bridge = segment?.bridge ?? '';
  return {
    bridge: target.legacyBridge,
    ...segmentProvider(target.legacyBridge, facts),
    entry: { bridge, port: hybridNames(target.portId).legacyLeg.outer },
    ovs: { bridge, rows },
  };
}
