import { createHash } from 'node:crypto';
import type { ShuntPlug } from '../../domain/rewire/shunt-plug.ts';
import { sleep } from '../../platform/clock.ts';
import type { NetlinkOperation } from '../../platform/native/netlink-operations.ts';
import { disableIpv6, ignoreArp } from '../../platform/native/sysctl.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import type { Execution } from '../cutover/execution.ts';
import { type Active, legsOf } from './gate.ts';
import { isIn, type ShuntMove } from './shunt-moves.ts';

/** The kernel takes up to a second until a new link forwards. */
const operationalTimeoutMs = 5_000;
const lookEveryMs = 5;

/** Makes B and the leg to the integration bridge as far as they are missing; no guest's frame touches them. */
export function makeBridge({ shunt }: ShuntMove, active: Active, run: Execution): void {
  const { netlink } = run;
  const { v, o } = legsOf(shunt);
  if (netlink.link(shunt.bridge) === undefined) {
    netlink.applyAll([
      {
        kind: 'create-bridge',
        name: shunt.bridge,
        mac: ownMac(shunt.bridge),
        mtu: shunt.mtu,
        stp: false,
        forwardDelayMs: 0,
        multicastSnooping: false,
      },
    ]);
  }
  disableIpv6(shunt.bridge);
  ignoreArp(shunt.bridge); // the host must not answer for its own addresses a second time
  makeVeth({ outer: o, inner: v }, shunt.mtu, run);
  joinBridge(v, shunt.bridge, run);
  netlink.applyAll([{ kind: 'set-bridge-port', link: v, isolated: true, ...legFlags(shunt, 'target', active) }]);
  netlink.applyAll([shunt.bridge, v, o].map((link) => ({ kind: 'set-up', link })));
}

/** Makes the leg to the legacy bridge as far as it is missing. Gates and flags of B stand before it is up. */
export function makeLegacyLeg({ shunt, legacy }: ShuntMove, active: Active, run: Execution): void {
  const { netlink } = run;
  const { a, b } = legsOf(shunt);
  if (shunt.legacyLeg.owned) {
    // The legacy bridge takes the smallest MTU of its members: no smaller one than it has may join.
    const mtu = Math.max(shunt.mtu, netlink.link(legacy.bridge)?.mtu ?? 0);
    makeVeth({ outer: a, inner: b }, mtu, run);
    joinBridge(b, shunt.bridge, run);
    joinBridge(a, legacy.bridge, run);
  }
  netlink.applyAll([
    { kind: 'set-bridge-port', link: b, isolated: true, ...legFlags(shunt, 'legacy', active) },
    ...(shunt.legacyLeg.owned ? [outerLegFlags(shunt, active)] : []),
    { kind: 'set-up', link: b },
    { kind: 'set-up', link: a },
  ]);
}

/** A hybrid plug's own leg is as it was before B had a second one. */
export function freeLegacyLeg({ bridge, legacyLeg }: ShuntPlug, run: Execution): void {
  if (!isIn(run, legacyLeg.inner, bridge)) return;
  const all = { isolated: false, learning: true, flood: true, multicastFlood: true, broadcastFlood: true };
  run.netlink.applyAll([{ kind: 'set-bridge-port', link: legacyLeg.inner, ...all }]);
}

/** How B treats a leg. Disjoint worlds: it learns on both, so that an answer goes back the way its question came. */
export function legFlags(shunt: ShuntPlug, leg: 'legacy' | 'target', active: Active) {
  const on = leg === active;
  return { learning: on || shunt.disjoint, flood: on, multicastFlood: on, broadcastFlood: on } as const;
}

/**
 * How L treats the leg: while frames leave by the other one, nothing that L floods goes in. All multicast does when anything does: L may
 * snoop, and has heard the guest's memberships on the tap, not here.
 */
export function outerLegFlags(shunt: ShuntPlug, active: Active): NetlinkOperation {
  const on = active === 'legacy' || shunt.disjoint;
  const floods = { flood: on, multicastFlood: on, broadcastFlood: on, multicastRouter: on };
  return { kind: 'set-bridge-port', link: shunt.legacyLeg.outer, ...floods };
}

/** Until each link forwards: what is sent into one before that is lost without a word. */
export async function untilOperational(links: readonly string[], run: Execution): Promise<void> {
  const giveUpAt = run.clock.monotonicMs() + operationalTimeoutMs;
  for (;;) {
    const waiting = links.filter((link) => run.netlink.link(link)?.operstate !== 'up');
    if (waiting.length === 0) return;
    if (run.clock.monotonicMs() > giveUpAt) {
      throw new ShuntError('timed-out', `waiting for ${waiting.join(', ')} to come up`);
    }
    await sleep(lookEveryMs, run.signal);
  }
}

/** Removes links that are there. */
export function removeLinks(links: readonly string[], run: Execution): void {
  const there = links.filter((link) => run.netlink.link(link) !== undefined);
  run.netlink.applyAll(there.map((link) => ({ kind: 'delete-link', link })));
}

/** A stable MAC of ours, the highest of any: a bridge takes its lowest member's as its own. */
function ownMac(name: string): string {
  const digest = createHash('sha256').update(name).digest();
  return ['fe', 'ff', ...[...digest.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}

function makeVeth(leg: { readonly outer: string; readonly inner: string }, mtu: number, run: Execution): void {
  if (run.netlink.link(leg.outer) === undefined) {
    const macs = { mac: ownMac(leg.outer), peerMac: ownMac(leg.inner) };
    run.netlink.applyAll([{ kind: 'create-veth', name: leg.outer, peer: leg.inner, mtu, ...macs }]);
  }
  disableIpv6(leg.outer);
  disableIpv6(leg.inner);
}

function joinBridge(link: string, bridge: string, run: Execution): void {
  if (!isIn(run, link, bridge)) run.netlink.applyAll([{ kind: 'set-master', link, master: bridge }]);
}
