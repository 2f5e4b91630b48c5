import type { TapMove } from '../../domain/rewire/moves.ts';
import type { ShuntPlug } from '../../domain/rewire/shunt-plug.ts';

/**
 * The rules that all shunts share, before the bridge learns from a frame (nft(8), family bridge; below the priority of whatever else
 * looks at frames there), and the zone of conntrack for what enters B, before conntrack and before the legacy firewall's own rules of that
 * kind (which leave alone what has a zone). Rules never change: an element in a set does it all.
 *
 * `own`: leg and MAC of its guest. A frame from there with that source is the guest's own that came round: it would teach the bridge
 * that the guest is outside, and a guest that hears itself takes its address for a duplicate (RFC 4862).
 * `wire`: uplink of a legacy bridge and MAC of a guest whose frames leave by it: the same in L.
 * `passive`: legs by which only what is meant for the guest itself may enter. The two worlds have a wire in common: whatever goes to
 * many comes by the other leg as well.
 * `meant`: leg and every MAC of its guest.
 * `untagged`: target legs while frames leave by L and nothing is under way by OVN: no frame that the guest's peers have tagged enters. The
 * provider bridge has an entry that does not age for the guest in its network's own VLAN, and floods by both legs in those that guests
 * tag themselves and that the guest has not spoken in.
 * `twice`: legacy bridge and MAC of a guest whose frames pass conntrack there and on B, in the same zone. An RST that refuses a connection
 * ends its entry at once (nf_conntrack_proto_tcp.c), is invalid when it is seen again, and would not reach the guest: L does not look.
 */
export const gateTables = `
table bridge shunt {
  set own { type ifname . ether_addr; }
  set wire { type ifname . ether_addr; }
  set meant { type ifname . ether_addr; }
  set passive { type ifname; }
  set untagged { type ifname; }
  chain enters { type filter hook prerouting priority -310; policy accept; }
}
table inet shunt {
  map zones { typeof iifname : ct zone; }
  set twice { type ifname . ether_addr; }
  chain zone { type filter hook prerouting priority -310; policy accept; }
}
flush chain bridge shunt enters
add rule bridge shunt enters iifname . ether saddr @own counter drop
add rule bridge shunt enters iifname . ether saddr @wire counter drop
add rule bridge shunt enters iifname @passive iifname . ether daddr != @meant counter drop
add rule bridge shunt enters iifname @untagged ether type { 8021q, 8021ad } counter drop
flush chain inet shunt zone
add rule inet shunt zone iifname . ether daddr @twice tcp flags & rst == rst notrack
add rule inet shunt zone ct zone set iifname map @zones
`;

/** Removes the tables once no shunt is left. */
export const gateTablesGone = ['delete table bridge shunt', 'delete table inet shunt'] as const;

type Family = 'bridge' | 'inet';

/** Which leg a guest's frames leave by. */
export type Active = 'legacy' | 'target';

/**
 * The commands that make a shunt's gates what they are to be, whatever they were: with several shunts' in one transaction, all turn at one
 * instant. `settling`: frames may still be under way by the other leg.
 */
export function gateCommands(
  move: TapMove,
  shunt: ShuntPlug,
  active: Active,
  settling?: 'settling',
): readonly string[] {
  const { b, v } = legsOf(shunt);
  const legs = [b, v];
  const meant = meantFor(move, shunt);
  const own = legs.flatMap((leg) => shunt.ownMacs.map((mac) => pair(leg, mac)));
  const common = [
    ...put('own', own),
    ...put(
      'meant',
      legs.flatMap((leg) => meant.map((mac) => pair(leg, mac))),
    ),
  ];
  if (shunt.disjoint)
    return [
      ...common,
      ...put('twice', arrivals(move, shunt), 'inet'),
      ...take('passive', legs.map(quoted)),
      ...take('untagged', [quoted(v)]),
    ];
  const [passive, open] = active === 'legacy' ? [v, b] : [b, v];
  const wire = wirePairs(move, shunt);
  return [
    ...common,
    ...put('passive', [quoted(passive)]),
    ...take('passive', [quoted(open)]),
    ...(active === 'legacy' && settling === undefined ? put('untagged', [quoted(v)]) : take('untagged', [quoted(v)])),
    ...(active === 'legacy' ? put('wire', wire) : take('wire', wire)),
    ...put('twice', arrivals(move, shunt), 'inet'),
  ];
}

/** The commands after which nothing of a shunt is left in any set. */
export function ungateCommands(move: TapMove, shunt: ShuntPlug): readonly string[] {
  const { b, v } = legsOf(shunt);
  const legs = [b, v];
  return [
    ...take(
      'own',
      legs.flatMap((leg) => shunt.ownMacs.map((mac) => pair(leg, mac))),
    ),
    ...take(
      'meant',
      legs.flatMap((leg) => meantFor(move, shunt).map((mac) => pair(leg, mac))),
    ),
    ...take('passive', legs.map(quoted)),
    ...take('untagged', [quoted(v)]),
    ...take('wire', wirePairs(move, shunt)),
    ...take('twice', arrivals(move, shunt), 'inet'),
  ];
}

/** The commands that give frames on B a conntrack zone, and take it away; the second fails where there is none. */
export function zoneCommands(shunt: ShuntPlug, zone: number): { readonly give: string; readonly take: string } {
  const bridge = quoted(shunt.bridge);
  return {
    give: `add element inet shunt zones { ${bridge} : ${zone} }`,
    take: `delete element inet shunt zones { ${bridge} }`,
  };
}

/** Short names as in the picture of {@link ShuntPlug}. */
export function legsOf(shunt: ShuntPlug): {
  readonly a: string;
  readonly b: string;
  readonly v: string;
  readonly o: string;
} {
  const { legacyLeg, targetLeg } = shunt;
  return { a: legacyLeg.outer, b: legacyLeg.inner, v: targetLeg.inner, o: targetLeg.outer };
}

function meantFor(move: TapMove, shunt: ShuntPlug): readonly string[] {
  return [...new Set([move.mac, ...shunt.ownMacs, ...(shunt.sharedMacs ?? [])])];
}

function wirePairs(move: TapMove, shunt: ShuntPlug): readonly string[] {
  const { uplink } = move.legacy;
  return uplink === undefined || shunt.disjoint ? [] : shunt.ownMacs.map((mac) => pair(uplink, mac));
}

function arrivals(move: TapMove, shunt: ShuntPlug): readonly string[] {
  return shunt.ownMacs.map((mac) => pair(move.legacy.bridge, mac));
}

function put(set: string, elements: readonly string[], family: Family = 'bridge'): readonly string[] {
  return elements.length === 0 ? [] : [`add element ${family} shunt ${set} { ${elements.join(', ')} }`];
}

/** What is not there cannot be deleted: added first, it can, and the kernel sees only the outcome. */
function take(set: string, elements: readonly string[], family: Family = 'bridge'): readonly string[] {
  if (elements.length === 0) return [];
  const list = elements.join(', ');
  return [`add element ${family} shunt ${set} { ${list} }`, `delete element ${family} shunt ${set} { ${list} }`];
}

function pair(link: string, mac: string): string {
  return `${quoted(link)} . ${mac}`;
}

function quoted(link: string): string {
  return `"${link}"`;
}
