import type { Finding, FindingKind } from '../findings.ts';
import type { NetworkTarget, TapTarget } from '../network-model.ts';
import type { Direction } from '../phases.ts';
import { hybridShunt } from '../sources/ovs-hybrid.ts';
import { legacyPlaceIn } from './legacy-place.ts';
import { intendedRows, type PlugRows, type RewireFacts, type TapMove } from './moves.ts';
import { type Operation, type TapPlace, tapPlaces, wayOf } from './places.ts';
import { noShunt, type ShuntFacts, type ShuntPlug, shuntNames } from './shunt-plug.ts';

export interface ShuntRequest {
  readonly epoch: number;
  /** Absent: `cut`. */
  readonly operation?: Operation;
  readonly direction: Direction;
  readonly networks?: readonly NetworkTarget[];
}

export type ShuntJudgement =
  | { readonly kind: 'move'; readonly move: TapMove }
  | { readonly kind: 'already'; readonly tap: string }
  | { readonly kind: 'problem'; readonly finding: Finding };

/**
 * What an order means for a tap that goes by a shunt, or for one that goes direct under an operation that has nothing to do with it.
 * Undefined: it is a direct move, and somebody else's to judge.
 */
export function judgeShuntMove(
  target: TapTarget,
  request: ShuntRequest,
  facts: RewireFacts,
): ShuntJudgement | undefined {
  const { operation = 'cut', direction } = request;
  if (target.method !== 'shunt') {
    return wayOf(operation, direction, 'direct') === undefined ? { kind: 'already', tap: target.tap } : undefined;
  }
  if (facts.links.get(target.tap) === undefined) {
    return problem(target, 'tap-gone', `there is no link ${target.tap} on this host`);
  }
  const way = wayOf(operation, direction, 'shunt');
  if (way === undefined) throw new Error(`there is no way by shunt for ${operation}`); // places.ts has one for each
  const place = placeOf(target, facts);
  if (typeof place !== 'string') return problem(target, 'tap-elsewhere', place.why);
  if (isBeyond(place, way.to, direction)) return { kind: 'already', tap: target.tap };
  if (place !== way.from) {
    const message = `${target.tap} is ${place}, and ${operation} ${direction === 'back' ? 'back ' : ''}begins at ${way.from}`;
    return problem(target, 'tap-elsewhere', message);
  }
  const refused = refusal(target, request, facts);
  if (refused !== undefined) return refused;
  return hybridOf(target, request, facts) ?? { kind: 'move', move: moveOf(target, request, facts) };
}

/** Where a tap is, by what kernel and Open vSwitch show, or why nobody can say. A half-made shunt under a tap that has not entered is legacy. */
export function placeOf(
  target: Pick<TapTarget, 'tap' | 'portId' | 'legacyBridge' | 'source'>,
  facts: RewireFacts,
): TapPlace | { readonly why: string } {
  const { tap, portId, legacyBridge } = target;
  const shunt = facts.shunts.get(tap) ?? noShunt;
  const plug = facts.plugs.get(tap);
  if (isBareHybrid(target, shunt)) return 'legacy';
  if (shunt.tapInside) return placeInside(tap, portId, shunt);
  if (plug !== undefined) {
    const found = plug.rows.iface.external_ids['iface-id'] ?? 'nothing';
    if (plug.bridge === facts.integrationBridge && found === portId) return 'direct';
    return { why: `${tap} is in ${plug.bridge} with iface-id ${found}, not ${portId}` };
  }
  const master = facts.links.get(tap)?.master;
  if (master === legacyBridge) return 'legacy';
  return { why: `${tap} is in ${master ?? 'no bridge'}, the order says ${legacyBridge}` };
}

/** A hybrid plug is a bridge with one leg before it is a shunt, and its tap is in it all the time. */
function isBareHybrid({ source }: Pick<TapTarget, 'source'>, shunt: ShuntFacts): boolean {
  return source === 'ovs-hybrid' && shunt.tapInside && shunt.claim === undefined && shunt.active !== 'target';
}

function placeInside(tap: string, portId: string, shunt: ShuntFacts): TapPlace | { readonly why: string } {
  if (shunt.claim === undefined) return { why: `${tap} is on a shunt that has no port in Open vSwitch: half-made` };
  if (shunt.claim.ifaceId !== portId) {
    return { why: `${tap} is on a shunt whose port has iface-id ${shunt.claim.ifaceId}, not ${portId}` };
  }
  if (shunt.active === 'target') return shunt.legacyLeg ? 'shunted' : 'hybrid';
  if (shunt.active === 'legacy' && shunt.legacyLeg) return 'staged';
  return { why: `${tap} is on a shunt of which no leg is active: half-made` };
}

/** Collapsed by the guest's reboot, say: what lies behind the goal is no reason to refuse. */
function isBeyond(place: TapPlace, to: TapPlace, direction: Direction): boolean {
  const distance = tapPlaces.indexOf(place) - tapPlaces.indexOf(to);
  return direction === 'forward' ? distance >= 0 : distance <= 0;
}

function refusal(target: TapTarget, request: ShuntRequest, facts: RewireFacts): ShuntJudgement | undefined {
  const { operation = 'cut', direction } = request;
  const hybrid = hybridOf(target, request, facts);
  if (hybrid?.kind === 'problem') return hybrid;
  if (hybrid === undefined && target.source !== undefined && target.source !== 'linux-bridge') {
    return problem(
      target,
      'shunt-refused',
      `${target.tap} is plugged by ${target.source}: it can be moved direct only`,
    );
  }
  const isNew = operation === 'stage' && direction === 'forward' && hybrid === undefined;
  return isNew ? nameRefusal(target, facts) : undefined;
}

/** Of a tap of ML2/OVS; undefined for those of other sources. */
function hybridOf(target: TapTarget, { epoch, networks = [] }: ShuntRequest, facts: RewireFacts) {
  const mtu = networks.find((candidate) => candidate.networkId === target.networkId)?.mtu ?? defaultMtu;
  return hybridShunt(target, { epoch, mtu }, facts);
}

/** Another's objects under the names that the shunt would need. */
function nameRefusal(target: TapTarget, facts: RewireFacts): ShuntJudgement | undefined {
  const { bridge, targetLeg, ownLeg } = shuntNames(target.portId);
  const own = new Set([target.tap, targetLeg.inner, ownLeg.inner]);
  const stranger = [...facts.links].find(([name, link]) => link.master === bridge && !own.has(name));
  if (stranger !== undefined) {
    return problem(
      target,
      'shunt-refused',
      `${bridge} is in use: ${stranger[0]} is in it; its name is in the way of a shunt`,
    );
  }
  const taken = [targetLeg.outer, targetLeg.inner, ownLeg.outer, ownLeg.inner].find((name) => {
    const plug = facts.plugs.get(name);
    const found = plug?.rows.iface.external_ids['iface-id'];
    return plug !== undefined && (plug.bridge !== facts.integrationBridge || found !== target.portId);
  });
  return taken === undefined
    ? undefined
    : problem(target, 'shunt-refused', `${taken} is another's port in Open vSwitch; its name is in the way of a shunt`);
}

function moveOf(target: TapTarget, request: ShuntRequest, facts: RewireFacts): TapMove {
  const { tap, portId, networkId, mac, ips } = target;
  const hostMac = facts.links.get(tap)?.mac;
  return {
    tap,
    portId,
    networkId,
    mac,
    ips,
    ...(hostMac === undefined ? {} : { hostMac }),
    legacy: legacyPlaceIn(target.legacyBridge, facts),
    target: { bridge: facts.integrationBridge, rows: rowsOf(target, request.epoch, facts) },
    shunt: shuntPlugOf(target, request.networks ?? [], facts),
  };
}

/** Those that stand are the pre-image; where there are none yet, those that os-vif would write. */
function rowsOf(target: TapTarget, epoch: number, facts: RewireFacts): PlugRows {
  const standing = facts.plugs.get(shuntNames(target.portId).targetLeg.outer) ?? facts.plugs.get(target.tap);
  return standing?.rows ?? intendedRows(target, epoch);
}

/** The objects of this tap's shunt, made or to be made. */
export function shuntPlugOf(target: TapTarget, networks: readonly NetworkTarget[], facts: RewireFacts): ShuntPlug {
  const { bridge, targetLeg, ownLeg } = shuntNames(target.portId);
  const network = networks.find((candidate) => candidate.networkId === target.networkId);
  const legacy = facts.bridges.find((candidate) => candidate.bridge === target.legacyBridge);
  const shared = (target.macs ?? []).filter((mac) => mac !== target.mac);
  return {
    bridge,
    ownsBridge: true,
    legacyLeg: { ...ownLeg, owned: true },
    targetLeg,
    mtu: network?.mtu ?? legacy?.mtu ?? defaultMtu,
    disjoint: network?.class === 'overlay',
    ownMacs: [target.mac],
    ...(shared.length === 0 ? {} : { sharedMacs: shared }),
  };
}

const defaultMtu = 1_500;

function problem(target: TapTarget, kind: FindingKind, message: string): ShuntJudgement {
  const at = { tap: target.tap, portId: target.portId, networkId: target.networkId };
  return { kind: 'problem', finding: { kind, severity: 'error', ...at, message } };
}
