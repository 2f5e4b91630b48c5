import type { Finding, FindingKind } from '../findings.ts';
import type { TapTarget } from '../network-model.ts';
import type { Direction } from '../phases.ts';
import { intendedRows, type LegacyPlace, type PlugRows, type RewireFacts, type TapMove } from '../rewire/moves.ts';
import { deadVlan, parseSegment, type Segment, segmentName } from './ovs-segments.ts';

/** `Port.external_ids` on the target: the rows of the legacy plug, to be restored weeks later. */
export const legacyRowsKey = 'shunt-legacy-rows';

export interface OvsRequest {
  readonly epoch: number;
  readonly direction: Direction;
}

export type OvsJudgement =
  | { readonly kind: 'move'; readonly move: TapMove }
  | { readonly kind: 'already'; readonly tap: string }
  | OvsProblem;

export interface OvsProblem {
  readonly kind: 'problem';
  readonly finding: Finding;
}

/** A direct move of a tap that ML2/OVS has plugged; undefined: its order does not say so, another source looks at it. */
export function judgeOvsMove(target: TapTarget, request: OvsRequest, facts: RewireFacts): OvsJudgement | undefined {
  const segment = parseSegment(target.legacyBridge);
  if (segment === undefined) return undefined;
  if (facts.links.get(target.tap) === undefined)
    return ovsProblem(target, 'tap-gone', `there is no link ${target.tap} on this host`);
  const hybrid = target.source === 'ovs-hybrid';
  if (request.direction === 'forward') {
    const why = ovsRefusal(target, segment, target.tap, facts);
    if (why !== undefined) return why;
    return hybrid ? hybridForward(target, request, facts) : nativeForward(target, request, facts);
  }
  return hybrid ? hybridBack(target, facts) : nativeBack(target, segment, facts);
}

/** Why a tap of this source cannot go to the target, wherever it is now. */
export function ovsRefusal(
  target: TapTarget,
  { tag }: Segment,
  claimant: string,
  facts: RewireFacts,
): OvsProblem | undefined {
  const doubled = [...facts.plugs].find(
    ([name, plug]) =>
      plug.bridge === facts.integrationBridge &&
      name !== claimant &&
      plug.rows.iface.external_ids['iface-id'] === target.portId,
  );
  if (doubled !== undefined) {
    const message = `${doubled[0]} on ${facts.integrationBridge} has the iface-id of ${claimant} already: OVN would claim one or the other`;
    return ovsProblem(target, 'foreign-iface-id', message);
  }
  if (tag === deadVlan) {
    const message = `${legacyPort(target)} has the dead VLAN ${deadVlan}: neutron-openvswitch-agent does not know the port, and drops its frames`;
    return ovsProblem(target, 'network-mismatch', message);
  }
  if (tag !== undefined) return undefined;
  return ovsProblem(
    target,
    'network-mismatch',
    `${legacyPort(target)} has no local VLAN yet: neutron-openvswitch-agent has not wired it`,
  );
}

/** The port of Open vSwitch by which a guest is plugged: the tap, or a hybrid plug's `qvo…`. */
export function legacyPort(target: Pick<TapTarget, 'tap' | 'portId' | 'source'>): string {
  return target.source === 'ovs-hybrid' ? `qvo${target.portId.slice(0, 11)}` : target.tap;
}

function nativeForward(target: TapTarget, { epoch }: OvsRequest, facts: RewireFacts): OvsJudgement {
  const plug = facts.plugs.get(target.tap);
  const wrong = notItsPort(target, target.tap, facts);
  if (plug === undefined || wrong !== undefined)
    return wrong ?? ovsProblem(target, 'network-mismatch', `${target.tap} has no port in Open vSwitch`);
  if (plug.bridge === facts.integrationBridge) return { kind: 'already', tap: target.tap };
  const seen = segmentName({ bridge: plug.bridge, ...tagOf(plug.rows) });
  if (seen !== target.legacyBridge)
    return ovsProblem(target, 'network-mismatch', `${target.tap} is on ${seen}, the order says ${target.legacyBridge}`);
  const rows = intendedRows(target, epoch);
  const external_ids = { ...rows.port.external_ids, [legacyRowsKey]: JSON.stringify(plug.rows) };
  return {
    kind: 'move',
    move: {
      ...base(target, facts),
      legacy: nativePlace(target, plug.bridge, plug.rows, facts),
      target: { bridge: facts.integrationBridge, rows: { ...rows, port: { ...rows.port, external_ids } } },
    },
  };
}

function nativeBack(target: TapTarget, segment: Segment, facts: RewireFacts): OvsJudgement {
  const plug = facts.plugs.get(target.tap);
  const wrong = notItsPort(target, target.tap, facts);
  if (plug === undefined || wrong !== undefined)
    return wrong ?? ovsProblem(target, 'network-mismatch', `${target.tap} has no port in Open vSwitch`);
  if (plug.bridge !== facts.integrationBridge) return { kind: 'already', tap: target.tap };
  const kept = readLegacyRows(plug.rows) ?? fallbackRows(target, segment);
  const rows = refreshTag(kept, segment.bridge, facts);
  if (rows === undefined) {
    const message = `local VLAN ${kept.port.tag} of ${segment.bridge} is another network's by now, and no port of ${target.tap}'s network is there to tell its own`;
    return ovsProblem(target, 'network-mismatch', message);
  }
  return {
    kind: 'move',
    move: {
      ...base(target, facts),
      legacy: nativePlace(target, segment.bridge, rows, facts),
      target: { bridge: plug.bridge, rows: plug.rows },
    },
  };
}

/**
 * The tap leaves its qbr for the integration bridge; qvb and qvo stay, and are the way back. What is told to the wire on the way back goes
 * in by qvo, as the guest's own frames do.
 */
function hybridForward(target: TapTarget, { epoch }: OvsRequest, facts: RewireFacts): OvsJudgement {
  const place = hybridPlace(target, facts);
  const wrong = notItsPort(target, target.tap, facts) ?? notItsPort(target, legacyPort(target), facts);
  if (wrong !== undefined) return wrong;
  if (facts.plugs.has(target.tap)) return { kind: 'already', tap: target.tap };
  const master = facts.links.get(target.tap)?.master;
  if (place === undefined || master !== place.bridge) return strayed(target, master);
  return {
    kind: 'move',
    move: {
      ...base(target, facts),
      legacy: place,
      target: { bridge: facts.integrationBridge, rows: intendedRows(target, epoch) },
    },
  };
}

function hybridBack(target: TapTarget, facts: RewireFacts): OvsJudgement {
  const place = hybridPlace(target, facts);
  const wrong = notItsPort(target, target.tap, facts);
  if (wrong !== undefined) return wrong;
  const plug = facts.plugs.get(target.tap);
  const master = facts.links.get(target.tap)?.master;
  if (place === undefined) {
    const message = `the hybrid plug of ${target.tap} (${legacyPort(target)} and its bridge) is not there any more`;
    return ovsProblem(target, 'no-uplink', message);
  }
  if (plug === undefined && master === place.bridge) return { kind: 'already', tap: target.tap };
  if (plug === undefined) return strayed(target, master);
  return {
    kind: 'move',
    move: { ...base(target, facts), legacy: place, target: { bridge: plug.bridge, rows: plug.rows } },
  };
}

/** Undefined when some of it is missing. */
export function hybridPlace(target: TapTarget, facts: RewireFacts): LegacyPlace | undefined {
  const suffix = target.portId.slice(0, 11);
  const names = { bridge: `qbr${suffix}`, inner: `qvb${suffix}`, outer: `qvo${suffix}` };
  const plug = facts.plugs.get(names.outer);
  const inner = facts.links.get(names.inner);
  if (plug === undefined || inner?.master !== names.bridge) return undefined;
  return {
    bridge: names.bridge,
    uplink: names.inner,
    ...segmentProvider(target.legacyBridge, facts),
    entry: { bridge: plug.bridge, port: names.outer },
  };
}

/** What was found about a tap's rows once they went to the target. Undefined: nothing, or not readable. */
export function readLegacyRows(rows: PlugRows): PlugRows | undefined {
  const text = rows.port.external_ids[legacyRowsKey];
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as PlugRows; // we wrote it, on our own row
  } catch {
    return undefined;
  }
}

/** A tap that somebody else plugged into the target: what Nova's os-vif would write; neutron-openvswitch-agent adds its own. */
function fallbackRows(target: TapTarget, { tag }: Segment): PlugRows {
  const { iface } = intendedRows(target, 0);
  return { port: { external_ids: {}, other_config: {}, ...(tag === undefined ? {} : { tag }) }, iface };
}

/**
 * Local VLANs are drawn anew when a hypervisor boots: the network's is what its other ports have now. Undefined: the old one is another
 * network's, and there is no other port to look at.
 */
function tagNow(rows: PlugRows, bridge: string, facts: RewireFacts): number | undefined {
  const network = rows.port.other_config['net_uuid'];
  const there = [...facts.plugs.values()].filter(
    (plug) => plug.bridge === bridge && plug.rows.port.tag !== undefined && plug.rows.port.tag !== deadVlan,
  );
  const sibling = there.find((plug) => network !== undefined && plug.rows.port.other_config['net_uuid'] === network);
  if (sibling !== undefined) return sibling.rows.port.tag;
  const taken = there.some((plug) => {
    const other = plug.rows.port.other_config['net_uuid'];
    return plug.rows.port.tag === rows.port.tag && other !== undefined && network !== undefined && other !== network;
  });
  return taken ? undefined : rows.port.tag;
}

/** The rows with the local VLAN that their network has now; undefined: see {@link tagNow}. */
export function refreshTag(rows: PlugRows, bridge: string, facts: RewireFacts): PlugRows | undefined {
  const tag = tagNow(rows, bridge, facts);
  return tag === undefined ? undefined : withTag(rows, tag);
}

/** Where a segment's frames meet the provider bridge, and with which VLANs. */
export function segmentProvider(name: string, facts: RewireFacts): Pick<LegacyPlace, 'provider'> {
  const provider = facts.bridges.find((candidate) => candidate.bridge === name)?.provider;
  const localTag = parseSegment(name)?.tag;
  return provider === undefined ? {} : { provider: { ...provider, ...(localTag === undefined ? {} : { localTag }) } };
}

function withTag(rows: PlugRows, tag: number): PlugRows {
  const { other_config } = rows.port;
  const told = other_config['tag'] === undefined ? other_config : { ...other_config, tag: String(tag) };
  return { ...rows, port: { ...rows.port, other_config: told, tag } };
}

function nativePlace(target: TapTarget, bridge: string, rows: PlugRows, facts: RewireFacts): LegacyPlace {
  const name = segmentName({ bridge, ...tagOf(rows) });
  return {
    bridge: name,
    ...segmentProvider(name, facts),
    entry: { bridge, port: target.tap },
    ovs: { bridge, rows },
  };
}

function notItsPort(target: TapTarget, name: string, facts: RewireFacts): OvsJudgement | undefined {
  const plug = facts.plugs.get(name);
  const found = plug?.rows.iface.external_ids['iface-id'];
  if (plug === undefined || found === target.portId) return undefined;
  const message = `${name} is in ${plug.bridge} with iface-id ${found ?? 'nothing'}, not ${target.portId}`;
  return ovsProblem(target, 'foreign-iface-id', message);
}

function strayed(target: TapTarget, master: string | undefined): OvsJudgement {
  const message = `${target.tap} is in ${master ?? 'no bridge'}, which is not its hybrid plug's`;
  return ovsProblem(target, 'network-mismatch', message);
}

function tagOf({ port }: PlugRows): Pick<Segment, 'tag'> {
  return port.tag === undefined ? {} : { tag: port.tag };
}

function base(
  target: TapTarget,
  facts: RewireFacts,
): Pick<TapMove, 'tap' | 'portId' | 'networkId' | 'mac' | 'ips' | 'hostMac'> {
  const { tap, portId, networkId, mac, ips } = target;
  const hostMac = facts.links.get(tap)?.mac;
  return { tap, portId, networkId, mac, ips, ...(hostMac === undefined ? {} : { hostMac }) };
}

/** Why a tap cannot be moved as ordered. */
export function ovsProblem(target: TapTarget, kind: FindingKind, message: string): OvsProblem {
  const { tap, portId, networkId } = target;
  return { kind: 'problem', finding: { kind, severity: 'error', tap, portId, networkId, message } };
}
