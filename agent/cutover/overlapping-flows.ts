import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TapMove } from '../../domain/rewire/moves.ts';
import { sleep } from '../../platform/clock.ts';
import { isShuntError } from '../../platform/shunt-error.ts';
import { Unixctl } from '../../platform/unixctl.ts';
import type { Active } from '../shunt/gate.ts';
import { activeLeg } from '../shunt/make.ts';
import { isIn, isShunted } from '../shunt/shunt-moves.ts';
import { actionWords, covers, type DatapathFlow, parseFlows } from './datapath-flow.ts';
import type { ExecutorDependencies } from './execution.ts';
import { type Narrowing, narrowingCookie, narrowingRules, narrowings, survives } from './narrowed-flows.ts';

/*
 * Open vSwitch up to 3.1 looks for the flow of a userspace datapath that it is to change by a packet, not by its identifier. Where two flows
 * overlap it may change the other one: what it believes of the first is right from then on, what that does is not, and as long as frames
 * keep it alive nothing mends it (docs/facts.md, "A flow that outlives what it was made from"). A guest that is moved a second time has such
 * flows: the ones made while OVN led to it know protocols, the ones made since do not. Where there are any, the guest's flows are made anew
 * (narrowed-flows.ts), and where that does not help those of all guests, which keeps their frames waiting. One deleted by itself (`dpctl/del-flow`)
 * stays in vswitchd's books, and its frames go by vswitchd one by one from then on. Both functions are best effort: they never fail, and cost
 * nothing on other datapaths.
 */

/** What is asked of vswitchd, and the rows and links it is judged by. */
export type FlowHost = Pick<ExecutorDependencies, 'ovs' | 'netlink' | 'integration' | 'providers'>;

/** All of it, before a move: an attempt's deadline is not ours to use up. */
const untangleTimeoutMs = 1_500;
/** All of it, after one. vswitchd looks through its flows every 500 ms at least. */
const dropTimeoutMs = 2_500;
/** Two looks of vswitchd at rest. */
const lookedThroughMs = 1_100;

/** Where a guest's frames are to go from the provider bridge. */
export interface GuestPlace {
  readonly mac: string;
  readonly bridge: string;
  /** VLAN on the wire; undefined: untagged. */
  readonly tag: number | undefined;
  readonly side: Active;
  /** Port of the provider bridge that leads to the legacy bridge. */
  readonly leg: string;
  /** Interfaces of the bridge's other ports; a bond has several. */
  readonly others: ReadonlySet<string>;
}

/** Before these guests are moved: no flow of theirs overlaps another from then on. True: there were such flows. */
export async function untangleFlows(moves: readonly TapMove[], host: FlowHost, signal: AbortSignal): Promise<boolean> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(untangleTimeoutMs)]);
  return withFlows(moves, host, bounded, async (flows) => {
    return flows.without(tangledFlows);
  });
}

/** After it: no flow goes on leading where one of these guests is no more. True: there were such flows once vswitchd had looked through all. */
export async function dropStaleFlows(moves: readonly TapMove[], host: FlowHost, signal: AbortSignal): Promise<boolean> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(dropTimeoutMs)]);
  return withFlows(moves, host, bounded, async (flows) => {
    await flows.lookedThrough();
    return flows.without(staleFlows);
  });
}

/** Flows of one guest, of which another takes every frame. */
export function tangledFlows(flows: readonly DatapathFlow[], place: GuestPlace): readonly DatapathFlow[] {
  const own = flows.filter((flow) => isOfGuest(flow, place));
  const wider = (flow: DatapathFlow) => (other: DatapathFlow) =>
    covers(other, flow) && !(covers(flow, other) && other.ufid > flow.ufid);
  return own.filter((flow) => own.some((other) => other !== flow && wider(flow)(other)));
}

/** Flows that lead one guest's frames from the provider bridge by another way than its own. */
export function staleFlows(flows: readonly DatapathFlow[], place: GuestPlace): readonly DatapathFlow[] {
  const { side, leg, others } = place;
  return flows.filter((flow) => {
    if (!isOfGuest(flow, place)) return false;
    const inPort = flow.match.get('in_port') ?? '';
    const isToLeg = actionWords(flow).includes(leg);
    if (side === 'legacy') return others.has(inPort) && !isToLeg;
    return (others.has(inPort) && isToLeg) || (inPort === leg && (isToLeg || flow.actions === 'drop'));
  });
}

/**
 * Frames for exactly this guest, as they came in by a port of the provider bridge. What comes in by the leg carries the wire's VLAN, another one,
 * or none.
 */
function isOfGuest({ match }: DatapathFlow, { mac, tag, leg, others }: GuestPlace): boolean {
  if (match.get('recirc_id') !== '0' || match.get('eth.dst') !== mac) return false;
  const inPort = match.get('in_port') ?? '';
  if (inPort === leg) return true;
  return others.has(inPort) && (tag === undefined || match.get('vlan.vid') === String(tag));
}

/** Which of a guest's flows have to go. */
type Which = (flows: readonly DatapathFlow[], place: GuestPlace) => readonly DatapathFlow[];

/** The field by which a guest's flows are made anew so that none of those is left; undefined: by neither. */
export function narrowingFor(flows: readonly DatapathFlow[], place: GuestPlace, which: Which): Narrowing | undefined {
  return narrowings.find((by) => {
    const left = flows.filter((flow) => survives(flow, by));
    return which(left, place).length === 0;
  });
}

/** vswitchd's control socket, and the guests whose flows are looked at. */
class GuestFlows {
  readonly #control: Unixctl;
  readonly #providers: FlowHost['providers'];
  readonly #datapaths: readonly string[];
  readonly #places: readonly GuestPlace[];
  readonly #signal: AbortSignal;

  constructor(control: Unixctl, at: GuestFlowsAt) {
    this.#control = control;
    this.#providers = at.providers;
    this.#datapaths = at.datapaths;
    this.#places = at.places;
    this.#signal = at.signal;
  }

  /** A vswitchd with two kinds of datapath cannot be waited for. */
  async lookedThrough(): Promise<void> {
    try {
      await this.#control.call('revalidator/wait', [], this.#signal);
    } catch (error) {
      if (!isShuntError(error, 'protocol')) throw error;
      await sleep(lookedThroughMs, this.#signal);
    }
  }

  /** Makes anew what has to go. True: there was any. */
  async without(which: Which): Promise<boolean> {
    const found = await this.#found(which, this.#places);
    if (found.length === 0) return false;
    await this.#narrow(found.flatMap(({ place, by }) => (by === undefined ? [] : [{ place, by }])));
    const left = found.map(({ place }) => place);
    if ((await this.#found(which, left)).length > 0) await this.#control.call('revalidator/purge', [], this.#signal);
    return true;
  }

  /** Guest by guest: vswitchd does nothing else while it prints flows. */
  async #found(which: Which, places: readonly GuestPlace[]): Promise<readonly FoundGuest[]> {
    const found: FoundGuest[] = [];
    for (const datapath of this.#datapaths) {
      for (const place of places) {
        await nextTurn();
        const filter = ['-m', '--names', datapath, `filter=dl_dst=${place.mac}`];
        const flows = parseFlows(await this.#control.call('dpctl/dump-flows', filter, this.#signal));
        if (which(flows, place).length > 0) found.push({ place, by: narrowingFor(flows, place, which) });
      }
    }
    return found;
  }

  /** Best effort: what this does not mend is seen, and mended at a higher price. */
  async #narrow(guests: readonly { readonly place: GuestPlace; readonly by: Narrowing }[]): Promise<void> {
    const changed = [...Map.groupBy(guests, ({ place }) => place.bridge)].map(([bridge, on]) => ({
      port: this.#providers.open(bridge),
      add: on.flatMap(({ place, by }) => narrowingRules(place.mac, by)),
    }));
    try {
      // A look that is under way when it is waited for does not count; each change begins another one.
      for (const _ of ['perhaps an earlier one', 'the next']) {
        for (const { port, add } of changed) {
          await port.ready(this.#signal);
          await port.changeFlows({ add });
        }
        await this.#control.call('revalidator/wait', [], this.#signal);
      }
    } catch {
      this.#signal.throwIfAborted();
    } finally {
      for (const { port } of changed) await port.changeFlows({ remove: [narrowingCookie] }).catch(() => undefined);
    }
  }
}

interface FoundGuest {
  readonly place: GuestPlace;
  readonly by: Narrowing | undefined;
}

interface GuestFlowsAt {
  readonly providers: FlowHost['providers'];
  readonly datapaths: readonly string[];
  readonly places: readonly GuestPlace[];
  readonly signal: AbortSignal;
}

async function withFlows(
  moves: readonly TapMove[],
  host: FlowHost,
  signal: AbortSignal,
  use: (flows: GuestFlows) => Promise<boolean>,
): Promise<boolean> {
  const places = moves.flatMap((move) => placesOf(move, host));
  if (places.length === 0) return false;
  try {
    using control = await Unixctl.ofDaemon(host.integration.runDir, 'ovs-vswitchd', signal);
    const shown = await control.call('dpctl/dump-dps', [], signal);
    const datapaths = shown.split('\n').filter((datapath) => datapath.startsWith('netdev@'));
    return await use(new GuestFlows(control, { providers: host.providers, datapaths, places, signal }));
  } catch {
    return false; // vswitchd is not there, or does not know the commands: nothing may depend on it
  }
}

/** Nothing where the provider bridge is of another datapath, or the leg is no port of it. */
function placesOf(move: TapMove, host: FlowHost): readonly GuestPlace[] {
  const { provider } = move.legacy;
  if (provider === undefined || move.shunt?.disjoint === true) return [];
  if (host.ovs.bridge(provider.bridge)?.datapath_type !== 'netdev') return [];
  const ports = host.ovs.ports();
  const leg = ports.get(provider.port);
  const side = sideOf(move, host);
  if (leg === undefined || leg.iface.type === 'patch' || side === undefined) return [];
  const interfaces = host.ovs.replica.table('Interface');
  const others = [...ports.values()]
    .filter(({ bridge, port }) => bridge.name === provider.bridge && port.name !== provider.port)
    .flatMap(({ port }) => [...port.interfaces].flatMap((uuid) => interfaces.get(uuid) ?? []))
    .flatMap(({ name, type }) => (type === 'patch' ? [] : [name]));
  const tag = provider.tag ?? leg.port.tag ?? undefined;
  const at = { bridge: provider.bridge, side, leg: provider.port, others: new Set(others), tag };
  return (move.shunt?.ownMacs ?? [move.mac]).map((mac) => ({ ...at, mac }));
}

/** Undefined: it is in neither, and nobody can say where its frames should go. */
function sideOf(move: TapMove, host: FlowHost): Active | undefined {
  if (isShunted(move) && isIn(host, move.tap, move.shunt.bridge)) return activeLeg(move, host);
  if (isIn(host, move.tap, move.legacy.bridge)) return 'legacy';
  return host.ovs.ports().get(move.tap)?.bridge.name === move.target.bridge ? 'target' : undefined;
}
