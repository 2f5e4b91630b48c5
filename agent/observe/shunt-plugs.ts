import type { Finding } from '../../domain/findings.ts';
import type { ShuntPlace, TapPlug } from '../../domain/network-model.ts';
import { markKeys } from '../../domain/rewire/moves.ts';
import { type ShuntFacts, type ShuntPlug, shuntNames } from '../../domain/rewire/shunt-plug.ts';
import { hybridNames } from '../../domain/sources/ovs-hybrid.ts';
import type { Link } from '../../platform/native/netlink-links.ts';
import type { OvsPort } from '../host/open-vswitch.ts';
import { shuntFactsOf } from '../host/shunt-facts.ts';

type Names = Pick<ShuntPlug, 'bridge' | 'legacyLeg' | 'targetLeg'>;

interface View {
  readonly systemId: string;
  readonly integrationBridge: string;
  readonly links: readonly Link[];
  readonly ports: ReadonlyMap<string, OvsPort>;
}

/** The shunts of this host, as kernel and Open vSwitch show them. */
export interface ObservedShunts {
  /** How a tap on a shunt is plugged. */
  readonly plugs: ReadonlyMap<string, TapPlug>;
  /** Links that belong to shunts: never a guest's tap. */
  readonly own: ReadonlySet<string>;
  readonly findings: readonly Finding[];
}

/** B of a shunt of ours has one of these in it, whatever else is missing. */
const ownInnerLeg = /^shb([0-9a-f-]{1,11})$/;

/** Finds them by what bears our mark in Open vSwitch, and by our legs where nothing does yet. */
export function observeShunts(view: View): ObservedShunts {
  const links = new Map(view.links.map((link) => [link.name, link]));
  const plugs = new Map<string, TapPlug>();
  const own = new Set<string>();
  const findings: Finding[] = [];
  for (const names of [...claimedShunts(view), ...unclaimedShunts(view)]) {
    for (const name of linkNames(names)) own.add(name);
    const inside = membersOf(names.bridge, links, view.links).filter((name) => !linkNames(names).includes(name));
    for (const tap of inside) {
      const facts = shuntFactsOf(tap, names, { link: (name) => links.get(name), ...view });
      const plug = plugOf(names, facts, view);
      plugs.set(tap, plug ?? halfMade(names, links, view));
      if (plug === undefined) findings.push(halfMadeFinding(view, names, tap));
    }
    if (inside.length === 0) findings.push(halfMadeFinding(view, names, undefined));
  }
  return { plugs, own, findings };
}

function claimedShunts({ ports, integrationBridge }: View): readonly Names[] {
  return [...ports.values()].flatMap(({ bridge, port, iface }) => {
    const ifaceId = iface.external_ids.get('iface-id');
    if (bridge.name !== integrationBridge || ifaceId === undefined) return [];
    if (port.external_ids.get(markKeys.owner) !== 'agent') return [];
    return candidates(ifaceId).filter(({ targetLeg }) => targetLeg.outer === port.name);
  });
}

/** Half-made, or half taken away: nothing in Open vSwitch tells of them. */
function unclaimedShunts({ links, ports }: View): readonly Names[] {
  return links.flatMap(({ name }) => {
    const [, suffix] = ownInnerLeg.exec(name) ?? [];
    return candidates(suffix ?? '').filter(
      ({ legacyLeg, targetLeg }) => legacyLeg.inner === name && !ports.has(targetLeg.outer),
    );
  });
}

/** With a bridge of our own, and with that of a hybrid plug. */
function candidates(portId: string): readonly Names[] {
  const { bridge, targetLeg, ownLeg } = shuntNames(portId);
  const hybrid = hybridNames(portId);
  return [
    { bridge, targetLeg, legacyLeg: { ...ownLeg, owned: true } },
    { ...hybrid, legacyLeg: { ...hybrid.legacyLeg, owned: false } },
  ];
}

function plugOf({ bridge, targetLeg, legacyLeg }: Names, facts: ShuntFacts, view: View): TapPlug | undefined {
  const place = placeOf(facts);
  const port = view.ports.get(targetLeg.outer);
  if (place === undefined || port === undefined || facts.claim === undefined) return undefined;
  const ofport = port.iface.ofport ?? 0;
  const legacyBridge = port.port.external_ids.get(markKeys.legacyBridge);
  return {
    kind: 'shunt',
    place,
    bridge,
    ...(legacyBridge === undefined ? {} : { legacyBridge }),
    ...(legacyLeg.owned ? {} : { source: 'ovs-hybrid' }),
    ifaceId: facts.claim.ifaceId,
    installed: facts.claim.installed,
    ...(ofport > 0 ? { ofport } : {}),
  };
}

function placeOf({ active, legacyLeg }: ShuntFacts): ShuntPlace | undefined {
  if (active === 'target') return legacyLeg ? 'shunted' : 'hybrid';
  return active === 'legacy' && legacyLeg ? 'staged' : undefined;
}

/** Its guest is reached by what stands of the legacy leg, if anything does. */
function halfMade({ legacyLeg }: Names, links: ReadonlyMap<string, Link>, view: View): TapPlug {
  const outer = links.get(legacyLeg.outer);
  const bridge = view.links.find((link) => link.ifindex === outer?.master);
  return bridge === undefined ? { kind: 'none' } : { kind: 'legacy', bridge: bridge.name };
}

function halfMadeFinding({ systemId }: View, { bridge }: Names, tap: string | undefined): Finding {
  const about = { kind: 'shunt-half-made', severity: 'warning', host: systemId } as const;
  if (tap === undefined)
    return { ...about, message: `the shunt ${bridge} has no tap in it: a move is under way, or was cut short` };
  return { ...about, tap, message: `the shunt of ${tap} is not whole: a move is under way, or was cut short` };
}

function linkNames({ bridge, legacyLeg, targetLeg }: Names): readonly string[] {
  return [bridge, legacyLeg.outer, legacyLeg.inner, targetLeg.outer, targetLeg.inner];
}

function membersOf(bridge: string, links: ReadonlyMap<string, Link>, all: readonly Link[]): readonly string[] {
  const ifindex = links.get(bridge)?.ifindex;
  return ifindex === undefined ? [] : all.filter((link) => link.master === ifindex).map((link) => link.name);
}
