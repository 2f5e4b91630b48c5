import { createHash } from 'node:crypto';
import type { FlowSpec } from '../../openflow/messages.ts';
import type { Execution } from '../cutover/execution.ts';
import type { ShuntMove } from './shunt-moves.ts';

const cookiePrefix = 0x5348_554e_0000_0000n;
/** All of ours, of whichever port. */
export const ownCookies = { cookie: cookiePrefix, cookieMask: 0xffff_ffff_0000_0000n } as const;
/** Above what other agents set on provider bridges (Neutron's: 0 to 20). */
const keepPriority = 40_000;
const connectTimeoutMs = 1_000;

/** What the provider's side is reached by. */
export type ProviderWay = Pick<Execution, 'ovs' | 'providers' | 'plane' | 'signal'>;

type TargetWay = ProviderWay & Pick<Execution, 'integration'>;

/** The cookie of a port's flows on provider bridges. */
export function providerCookie(portId: string): bigint {
  return cookiePrefix | BigInt(createHash('sha256').update(portId).digest().readUInt32BE(0));
}

/**
 * While a guest's frames leave by L, the provider bridge takes frames from its MACs by L's leg only. Without this, OVN's own
 * announcements of the port it has claimed teach the bridge the way through OVN.
 */
export async function keepToLegacy(moves: readonly ShuntMove[], run: ProviderWay): Promise<void> {
  await eachBridge(moves, run, async (bridge, onIt) => {
    await run.providers.open(bridge).changeFlows({ add: onIt.flatMap((move) => flowsOf(move, run)) });
  });
}

/** Takes the flows of {@link keepToLegacy} away; what comes from OVN passes as soon as this resolves. */
export async function letThrough(moves: readonly ShuntMove[], run: ProviderWay): Promise<void> {
  await eachBridge(moves, run, async (bridge, onIt) => {
    await run.providers.open(bridge).changeFlows({ remove: onIt.map((move) => providerCookie(move.portId)) });
  });
}

/**
 * Where the provider bridge sends what is for the guest: an entry that neither ages nor moves, so that a guest which has been silent for
 * long is not flooded for, and gets no frame by both ways. Best effort: without `fdb/add` (Open vSwitch < 2.17) it learns from
 * announcements alone.
 */
export async function pointToLegacy(moves: readonly ShuntMove[], run: ProviderWay): Promise<void> {
  for (const move of moves) {
    const at = placeOf(move, run);
    if (at !== undefined) await pin(move, { at, port: at.port }, run);
  }
}

/**
 * The same toward OVN. Each provider network has a patch port of its own to the integration bridge; what comes by another one OVN drops.
 * Where OVN's flows do not tell which it is, the bridge learns for itself.
 */
export async function pointToTarget(moves: readonly ShuntMove[], run: TargetWay): Promise<void> {
  for (const move of moves) {
    const at = placeOf(move, run);
    if (at === undefined) continue;
    const port = await patchOf(at, run);
    if (port === undefined) await letLearn([move], run);
    else await pin(move, { at, port }, run);
  }
}

async function pin(
  move: ShuntMove,
  { at, port }: { readonly at: ProviderPlace; readonly port: string },
  run: ProviderWay,
): Promise<void> {
  for (const [vlan, mac] of await entriesOf(move, at, run)) {
    await run.plane.askSwitch('fdb/add', [at.bridge, port, vlan, mac], run.signal);
  }
}

/**
 * The one at whose other end OVN takes in frames of this VLAN. Of a network without one it has a flow for VLAN 0, but where it passes guests' own
 * tags on: then it is the one that is no VLAN's of this bridge.
 */
async function patchOf({ patches, tag, tags }: ProviderPlace, run: TargetWay): Promise<string | undefined> {
  const [first, ...more] = patches;
  if (more.length === 0) return first?.name;
  const takes = (peer: number, vlanId: number) => run.integration.hasFlow({ inPort: peer, vlanId }, run.signal);
  for (const { name, peer } of patches) if (await takes(peer, tag ?? 0)) return name;
  if (tag !== undefined) return undefined;
  for (const { name, peer } of patches) {
    const taken = await Promise.all(tags.map((vlan) => takes(peer, vlan)));
    if (!taken.includes(true)) return name;
  }
  return undefined;
}

/** The provider bridge learns for itself again where the guest is. */
export async function letLearn(moves: readonly ShuntMove[], run: ProviderWay): Promise<void> {
  for (const move of moves) {
    const at = placeOf(move, run);
    if (at === undefined) continue;
    for (const [vlan, mac] of await entriesOf(move, at, run)) {
      await run.plane.askSwitch('fdb/del', [at.bridge, vlan, mac], run.signal);
    }
  }
}

/** Until Open vSwitch has looked through all flows that it had made of its tables; at once where no guest has a place on a provider bridge. */
export async function lookedThrough(moves: readonly ShuntMove[], run: ProviderWay): Promise<void> {
  const [at] = moves.flatMap((move) => placeOf(move, run) ?? []);
  if (at !== undefined) await run.plane.lookedThrough(at, run.signal);
}

/**
 * VLAN and MAC of each entry that the bridge has or is to have of a guest. On an untagged network a guest may tag frames itself: the bridge has
 * learnt it in those VLANs too, and would send such frames the old way for minutes.
 */
async function entriesOf(
  { shunt }: ShuntMove,
  at: ProviderPlace,
  run: ProviderWay,
): Promise<readonly (readonly [string, string])[]> {
  const own = String(at.tag ?? 0);
  const wanted = shunt.ownMacs.map((mac) => [own, mac] as const);
  if (at.tag !== undefined) return wanted;
  const shown = (await run.plane.readFromSwitch('fdb/show', [at.bridge], run.signal)) ?? '';
  return [...wanted, ...ownTags(shown, shunt.ownMacs)];
}

/** Entries of these MACs in VLANs other than the network's own, in the output of `fdb/show`: port, VLAN, MAC, age. */
export function ownTags(shown: string, macs: readonly string[]): readonly (readonly [string, string])[] {
  return shown.split('\n').flatMap((line) => {
    const [, vlan = '0', mac = ''] = line.trim().split(/\s+/);
    return /^[1-9]\d*$/.test(vlan) && macs.includes(mac) ? [[vlan, mac] as const] : [];
  });
}

interface ProviderPlace {
  readonly bridge: string;
  readonly port: string;
  readonly ofport: number;
  readonly tag: number | undefined;
  /** Frames come in there with another VLAN than the wire's: flows of somebody else give them that. */
  readonly translated: boolean;
  /** VLANs of the bridge's ports. */
  readonly tags: readonly number[];
  /** The ports that lead to the integration bridge, with the number of their other end; OVN makes one with the first port of each network. */
  readonly patches: readonly { readonly name: string; readonly peer: number }[];
}

/** Changes when what {@link keepToLegacy} and {@link pointToLegacy} did for a tap is gone or wrong: vswitchd was restarted, or a port is another. */
export function providerState(move: ShuntMove, run: Pick<Execution, 'ovs' | 'providers'>): string | undefined {
  const at = placeOf(move, run);
  if (at === undefined) return undefined;
  return [at.bridge, run.providers.open(at.bridge).connections, at.ofport, at.tag].join('/');
}

/** Undefined in disjoint worlds, and where the uplink ends in no provider bridge. */
function placeOf(move: ShuntMove, run: Pick<Execution, 'ovs'>): ProviderPlace | undefined {
  const { provider } = move.legacy;
  if (provider === undefined || move.shunt.disjoint) return undefined;
  const ports = run.ovs.ports();
  const leg = ports.get(provider.port);
  const ofport = leg?.iface.ofport ?? 0;
  if (leg === undefined || ofport <= 0) return undefined;
  const patches = [...ports.values()].flatMap(({ bridge, port, iface }) => {
    const peer = ports.get(iface.options.get('peer') ?? '');
    const leads = bridge.name === provider.bridge && peer?.bridge.name === run.ovs.integrationBridge;
    return leads ? [{ name: port.name, peer: peer.iface.ofport ?? 0 }] : [];
  });
  const tags = [...ports.values()].flatMap(({ bridge, port }) =>
    bridge.name === provider.bridge ? (port.tag ?? []) : [],
  );
  const tag = provider.tag ?? leg.port.tag ?? undefined;
  return { ...provider, ofport, tag, translated: isTranslated(move), patches, tags };
}

function isTranslated({ legacy }: ShuntMove): boolean {
  const { localTag, tag } = legacy.provider ?? {};
  return localTag !== undefined && localTag !== tag;
}

/** What {@link keepToLegacy} adds for a tap. */
export function flowsOf(move: ShuntMove, run: Pick<Execution, 'ovs'>): readonly FlowSpec[] {
  const at = placeOf(move, run);
  if (at === undefined) return [];
  const cookie = providerCookie(move.portId);
  return move.shunt.ownMacs.flatMap((ethSrc): FlowSpec[] => {
    const drop: FlowSpec = { cookie, priority: keepPriority, match: { ethSrc, vlanId: at.tag ?? 'none' }, actions: [] };
    if (at.translated) return [drop]; // what comes in at the leg is not of the wire's VLAN: it is not matched, and finds its flow
    const match = { inPort: at.ofport, ethSrc };
    return [{ cookie, priority: keepPriority + 1, match, actions: [{ output: 'NORMAL' }] }, drop];
  });
}

async function eachBridge(
  moves: readonly ShuntMove[],
  run: ProviderWay,
  change: (bridge: string, moves: readonly ShuntMove[]) => Promise<void>,
): Promise<void> {
  const placed = moves.filter((move) => placeOf(move, run) !== undefined);
  for (const [bridge, onIt] of Map.groupBy(placed, (move) => move.legacy.provider?.bridge ?? '')) {
    const timeout = AbortSignal.any([run.signal, AbortSignal.timeout(connectTimeoutMs)]);
    await run.providers.open(bridge).ready(timeout);
    await change(bridge, onIt);
  }
}
