import type { Finding } from '../../domain/findings.ts';
import type { RewireFacts } from '../../domain/rewire/moves.ts';
import type { TapPlace } from '../../domain/rewire/places.ts';
import {
  isShuntMove,
  judgeToward,
  type ShuntMove,
  type TowardCase,
  towardSteps,
} from '../../domain/rewire/plan-toward.ts';
import { noShunt } from '../../domain/rewire/shunt-plug.ts';
import type { RewireStep } from '../../domain/rewire/steps.ts';
import type { Link } from '../../platform/native/netlink-links.ts';
import type { Host } from '../host/host.ts';
import type { OvsPort } from '../host/open-vswitch.ts';
import { readFacts } from '../host/read-facts.ts';
import type { Claim } from '../journal/claims.ts';

/** A claim on a tap that went by a shunt, wherever it is on its way. */
export type ShuntClaim = Claim & { readonly move: ShuntMove };

export function isShuntClaim(claim: Claim): claim is ShuntClaim {
  return isShuntMove(claim.move);
}

/** Links whose change may concern a claim: its tap, and the objects of its shunt. */
export function linksOf({ move }: Claim): readonly string[] {
  if (move.shunt === undefined) return [move.tap];
  const { bridge, legacyLeg, targetLeg } = move.shunt;
  return [move.tap, bridge, legacyLeg.outer, legacyLeg.inner, targetLeg.outer, targetLeg.inner];
}

export type ShuntJudgement =
  | { readonly kind: 'in-place' }
  /** Gone: in this boot; somebody else's: another MAC, bridge or iface-id. Own objects are to go. */
  | { readonly kind: 'gone' | 'foreign'; readonly why: string; readonly steps: readonly RewireStep[] }
  | { readonly kind: 'away'; readonly place: TapPlace; readonly steps: readonly RewireStep[] };

/** What became of a claimed tap, and the steps that put it right. */
export function judgeShuntClaim(claim: ShuntClaim, facts: RewireFacts, bootId: string): ShuntJudgement {
  const { move } = claim;
  const link = facts.links.get(move.tap);
  if (link === undefined && claim.bootId !== bootId) return { kind: 'in-place' }; // after a reboot it may yet come
  if (link?.mac !== undefined && move.hostMac !== undefined && link.mac !== move.hostMac) {
    return {
      kind: 'foreign',
      why: `${move.tap} is another guest's now: its address is ${link.mac}`,
      steps: leftovers(move, facts),
    };
  }
  const place = wantedPlace(claim, facts);
  const found = judgeToward(place, [move], facts);
  const [{ leftAlone, kinds } = { leftAlone: undefined, kinds: [] }] = found;
  const steps = stepsFor(place, found);
  if (leftAlone !== undefined) return { kind: link === undefined ? 'gone' : 'foreign', why: leftAlone, steps };
  return kinds.length === 0 ? { kind: 'in-place' } : { kind: 'away', place, steps };
}

/**
 * A guest that was started anew has lost its shunt with its tap. A staged one gets another; where frames left by OVN already it is plugged
 * direct: it has lost its connections anyway, and this is the moment at which nothing more is lost by it.
 */
function wantedPlace({ move, place }: ShuntClaim, facts: RewireFacts): TapPlace {
  const plug = facts.plugs.get(move.tap);
  const same = plug?.bridge === move.target.bridge && plug.rows.iface.external_ids['iface-id'] === move.portId;
  if (same) return 'direct';
  const shunt = facts.shunts.get(move.tap) ?? noShunt;
  const isLost = !shunt.bridge && shunt.claim === undefined;
  return isLost && place !== 'staged' ? 'direct' : place;
}

/** What is left of a shunt whose tap is not ours any more. */
function leftovers(move: ShuntMove, facts: RewireFacts): readonly RewireStep[] {
  const links = new Map(facts.links);
  links.delete(move.tap);
  return stepsFor('legacy', judgeToward('legacy', [move], { ...facts, links }));
}

function stepsFor(place: TapPlace, cases: readonly TowardCase[]): readonly RewireStep[] {
  return towardSteps(place, cases).filter((step) => step.kind !== 'checkpoint'); // no journal is open
}

/** Facts for these claims alone. */
export function factsFor(claims: readonly Claim[], host: Host): RewireFacts {
  return readFacts(
    host.ovs,
    host.netlink.links(),
    claims.map(({ move }) => move),
  );
}

/** The port by which OVN knows the guest: the tap's own, or that of its shunt. */
export function claimingPort({ move, place }: Claim, ports: ReadonlyMap<string, OvsPort>): OvsPort | undefined {
  const own = ports.get(move.tap);
  if (move.shunt === undefined || place === 'direct' || own !== undefined) return own;
  return ports.get(move.shunt.targetLeg.outer);
}

/**
 * A second way from a legacy bridge to the wire, beside our provider leg: frames would go round. The linuxbridge agent makes one when it
 * wakes; nothing else that is put into a legacy bridge later is a NIC or a VLAN.
 */
export function takeOutSecondUplink(
  link: Link,
  claims: Iterable<Claim>,
  { netlink, ovs }: Host,
): (Pick<Finding, 'kind' | 'severity' | 'message'> & { readonly claim: Claim }) | undefined {
  if (link.master === undefined || (link.kind !== 'vlan' && link.kind !== undefined) || !ovs.lockHeld) return undefined;
  for (const claim of claims) {
    const { bridge, uplink } = claim.move.legacy;
    const ifindex = netlink.link(bridge)?.ifindex;
    if (link.master !== ifindex || uplink === undefined || link.name === uplink) continue;
    if (netlink.link(uplink)?.master !== ifindex) continue;
    const [result] = netlink.apply([{ kind: 'no-master', link: link.name }]);
    const done = result?.kind === 'done' ? 'it was taken out again' : 'it could not be taken out: frames may go round';
    const message = `${link.name} was put into ${bridge} beside ${uplink}, as a legacy agent does that wakes: ${done}; stop that agent`;
    return { claim, kind: 'legacy-agent-awake', severity: 'error', message };
  }
  return undefined;
}
