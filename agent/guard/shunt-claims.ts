import { isAnothers, type PlugFacts, type RewireFacts } from '../../domain/rewire/moves.ts';
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
import { type OvsPort, plugFactsOf } from '../host/open-vswitch.ts';
import { linkFacts } from '../host/read-facts.ts';
import { shuntFactsOf } from '../host/shunt-facts.ts';
import type { Claim } from '../journal/claims.ts';
import type { ClaimJudgement } from './judge-claim.ts';

/** A claim on a tap that went by a shunt, wherever it is on its way. */
export type ShuntClaim = Claim & { readonly move: ShuntMove };

export function isShuntClaim(claim: Claim): claim is ShuntClaim {
  return isShuntMove(claim.move);
}

/** Links whose change may concern a claim: its tap, and the objects of its shunt. */
export function linksOf({ move }: Pick<Claim, 'move'>): readonly string[] {
  if (move.shunt === undefined) return [move.tap];
  const { bridge, legacyLeg, targetLeg } = move.shunt;
  return [move.tap, bridge, legacyLeg.outer, legacyLeg.inner, targetLeg.outer, targetLeg.inner];
}

export type ShuntJudgement = ClaimJudgement &
  (
    | { readonly kind: 'in-place' }
    /** Gone: in this boot; somebody else's: another MAC, bridge or iface-id. Own objects are to go. */
    | { readonly kind: 'gone' | 'foreign'; readonly why: string; readonly steps: readonly RewireStep[] }
    /** Altered: the row by which OVN knows it has to be put right before anything else is. */
    | { readonly kind: 'away' | 'altered'; readonly place: TapPlace; readonly steps: readonly RewireStep[] }
  );

export interface ShuntView {
  readonly bootId: string;
  /** The device of the leg in the integration bridge was removed under its port, whatever has its name now. */
  readonly orphaned?: boolean;
  /** What somebody changed in the row that claims its port. */
  readonly changes?: readonly string[];
}

/** What became of a claimed tap, and the steps that put it right. */
export function judgeShuntClaim(
  claim: ShuntClaim,
  found: RewireFacts,
  { bootId, changes = [], orphaned = false }: ShuntView,
): ShuntJudgement {
  const { move } = claim;
  const facts = orphaned ? withoutDevice(move, found) : found;
  const link = facts.links.get(move.tap);
  if (link === undefined && claim.bootId !== bootId) return inPlace; // after a reboot it may yet come
  if (link !== undefined && isAnothers(link, move)) {
    const steps = leftovers(move, facts);
    // In no bridge yet, it may be given its address still: libvirt makes it first.
    if (link.master === undefined) return { kind: 'gone', what: [], why: 'the tap is gone', steps };
    return { kind: 'foreign', what: [], why: `${move.tap} is another guest's now: its address is ${link.mac}`, steps };
  }
  const place = wantedPlace(claim, facts);
  const cases = judgeToward(place, [move], facts);
  const [{ leftAlone, kinds } = { leftAlone: undefined, kinds: [] }] = cases;
  const steps = stepsFor(place, cases);
  if (link === undefined) return { kind: 'gone', what: [], why: leftAlone ?? 'the tap is gone', steps };
  if (changes.length > 0) return { kind: 'altered', what: changes, place, steps: [] };
  if (leftAlone !== undefined) return { kind: 'foreign', what: [], why: leftAlone, steps };
  if (kinds.length === 0) return inPlace;
  return { kind: 'away', what: [...new Set(kinds.map((kind) => words[kind]))], place, steps };
}

function withoutDevice({ tap }: ShuntMove, facts: RewireFacts): RewireFacts {
  const shunt = facts.shunts.get(tap);
  if (shunt?.claim === undefined) return facts;
  return { ...facts, shunts: new Map([[tap, { ...shunt, claim: { ...shunt.claim, orphaned: true } }]]) };
}

const inPlace = { kind: 'in-place', what: [] } as const;

const part = 'a part of its shunt is gone';
const leftIt = 'it was taken out of its shunt';
const wrongLeg = 'its frames leave by the other leg of its shunt';
const unplugged = 'its port on the integration bridge is gone';

/** What somebody did, by what it takes to put it right. */
const words: Readonly<Record<TowardCase['kinds'][number], string>> = {
  'make-shunt': part,
  'restore-legacy-leg': part,
  'drop-legacy-leg': 'it has its legacy leg again',
  'enter-shunt': leftIt,
  'exit-shunt': leftIt,
  'claim-shunt': unplugged,
  'release-shunt': 'an old leg of its shunt is plugged',
  'unmake-shunt': 'its former shunt is there',
  'flip': wrongLeg,
  'unflip': wrongLeg,
  'seed-connections': wrongLeg,
  'collapse': 'it is in a shunt',
  'uncollapse': 'it is plugged without its shunt',
  'leave-legacy': 'it was put into its legacy bridge',
  'join-target': unplugged,
  'settle-target': unplugged,
  'leave-target': 'it is plugged',
};

/**
 * A guest that was started anew has lost its shunt with its tap. A staged one gets another; where frames left by OVN already it is plugged
 * direct: it has lost its connections anyway, and this is the moment at which nothing more is lost by it.
 */
function wantedPlace({ move, place }: ShuntClaim, facts: RewireFacts): TapPlace {
  const plug = facts.plugs.get(move.tap);
  const same = plug?.bridge === move.target.bridge && plug.rows.iface.external_ids['iface-id'] === move.portId;
  if (same) return 'direct';
  return isLost(move, facts) && place !== 'staged' ? 'direct' : place;
}

/** Nothing of it stands. A row of ours in Open vSwitch does not count: it outlives a reboot of the host, which takes every link. */
function isLost(move: ShuntMove, facts: RewireFacts): boolean {
  const { bridge, claim } = facts.shunts.get(move.tap) ?? noShunt;
  if (bridge) return false;
  return claim === undefined || linksOf({ move }).every((name) => name === move.tap || !facts.links.has(name));
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

/**
 * Facts for one claim, and nothing else of the host: a host full of shunts has hundreds of links, and each of their events asks.
 */
export function factsFor(
  { move }: ShuntClaim,
  { netlink, ovs }: Pick<Host, 'netlink' | 'ovs'>,
  ports: ReadonlyMap<string, OvsPort>,
): RewireFacts {
  const links = new Map(linksOf({ move }).flatMap((name) => withName(netlink.link(name))));
  const nameOf = (ifindex: number) => netlink.link(ifindex)?.name;
  const view = { link: (name: string) => links.get(name), ports, integrationBridge: ovs.integrationBridge };
  const plugs = [move.tap, move.shunt.targetLeg.outer].flatMap((name): [string, PlugFacts][] => {
    const port = ports.get(name);
    return port === undefined ? [] : [[name, plugFactsOf(port)]];
  });
  return {
    integrationBridge: ovs.integrationBridge,
    links: new Map([...links].map(([name, link]) => [name, linkFacts(link, nameOf)])),
    plugs: new Map(plugs),
    bridges: [], // a move knows its legacy place
    shunts: new Map([[move.tap, shuntFactsOf(move.tap, move.shunt, view)]]),
  };
}

function withName(link: Link | undefined): readonly (readonly [string, Link])[] {
  return link === undefined ? [] : [[link.name, link]];
}

/** The port by which OVN knows the guest: the tap's own, or that of its shunt. */
export function claimingPort({ move, place }: Claim, ports: ReadonlyMap<string, OvsPort>): OvsPort | undefined {
  const own = ports.get(move.tap);
  if (move.shunt === undefined || place === 'direct' || own !== undefined) return own;
  return ports.get(move.shunt.targetLeg.outer);
}
