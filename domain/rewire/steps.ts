import type { TapMove } from './moves.ts';

/**
 * What an executor performs, in order, with no choices left. A tap whose link is gone is skipped by every later step.
 * Between a `leave…` and the `settle…` of its batch nothing is synced to disk.
 */
export type RewireStep = DirectStep | ShuntStep | SourceStep;

export type DirectStep =
  /** The taps leave their Linux bridge: one netlink batch. */
  | { readonly kind: 'leave-legacy'; readonly batch: number; readonly moves: readonly TapMove[] }
  /** Port and Interface rows appear on the integration bridge: one transaction. */
  | { readonly kind: 'join-target'; readonly batch: number; readonly moves: readonly TapMove[] }
  /** Waits for each `ovn-installed` and announces that guest at once by packet_out. */
  | { readonly kind: 'settle-target'; readonly batch: number; readonly moves: readonly TapMove[] }
  /** Port rows leave the integration bridge: one transaction. */
  | { readonly kind: 'leave-target'; readonly batch: number; readonly moves: readonly TapMove[] }
  /** The taps join their Linux bridge again (EBUSY: once vswitchd has let go), with a forwarding entry: one netlink batch. */
  | { readonly kind: 'join-legacy'; readonly batch: number; readonly moves: readonly TapMove[] }
  /** Announces each guest into the provider bridge through the legacy leg, and once more when vswitchd has let go. */
  | { readonly kind: 'settle-legacy'; readonly batch: number; readonly moves: readonly TapMove[] }
  /** Announces all guests some more times: OVN may still have announced the old place while it let go. */
  | { readonly kind: 'confirm-legacy'; readonly batch: number; readonly moves: readonly TapMove[] }
  /** The journal is synced: every tap of the batch is reachable here. */
  | { readonly kind: 'checkpoint'; readonly batch: number; readonly moves: readonly TapMove[] };

/** A step of taps on a shunt: each of its moves has a `shunt`. */
export type ShuntStep =
  | {
      readonly kind: Exclude<ShuntStepKind, 'seed-connections'>;
      readonly batch: number;
      readonly moves: readonly TapMove[];
    }
  | {
      readonly kind: 'seed-connections';
      /** The side that is about to take over, and has to learn of the live connections from the other. */
      readonly toward: 'target' | 'legacy';
      /** Only what the legacy firewall itself still knows is made fit: OVN, which may be what is broken, is not asked. */
      readonly renewOnly?: true;
      /** Frames of these guests pass OVN already: what it has picked up of a connection in its middle gives way to what the legacy firewall knows. */
      readonly onPath?: true;
      readonly batch: number;
      readonly moves: readonly TapMove[];
    };

/**
 * What moves a tap along its shunt. Each may be performed again at any time, whatever was done of it before: nothing is made twice, what is
 * gone is no error. Objects by the names of `ShuntPlug`; L is the legacy bridge, B the shunt's, M a MAC of the guest's own.
 */
export const shuntStepKinds = [
  /** Bridge, legs, sets, zone rules, provider flow: own objects, which no guest's frame touches yet. Claims nothing, unflips nothing. */
  'make-shunt',
  /** The taps go from L to B: one netlink batch with the forwarding entries of both, so that nothing floods. */
  'enter-shunt',
  /** o joins the integration bridge with the rows of the move; waits until OVN has installed its flows. Announces nothing. */
  'claim-shunt',
  /** Connection tracking of live flows is copied; what cannot be copied is told, and is no failure. */
  'seed-connections',
  /** Frames leave by the target leg from now on: nft, flags, provider flow, announcement and tables at once. */
  'flip',
  /** Frames leave by the legacy leg again; mirrored. */
  'unflip',
  /** o leaves the integration bridge; waits until Open vSwitch has let go of it. */
  'release-shunt',
  /** The taps go from B to L, with a forwarding entry; one that is in no bridge, too. */
  'exit-shunt',
  /** Own objects are removed, also where the tap is gone; what is not ours, or still carries a tap, stays. */
  'unmake-shunt',
  /** The legacy leg goes (finish), or is made again, silent (finish, back). */
  'drop-legacy-leg',
  'restore-legacy-leg',
  /** The taps join the integration bridge themselves in place of o, and what is left of the shunt goes; and back. */
  'collapse',
  'uncollapse',
] as const;
export type ShuntStepKind = (typeof shuntStepKinds)[number];

/** Steps of other sources than Linux bridges: moves from one bridge of Open vSwitch to another have a `legacy.ovs`, MidoNet's `legacy.midonet`. */
export type SourceStep =
  /** Port rows leave the legacy bridge for the integration bridge, with the rows of the target: one transaction. What is there stays. */
  | { readonly kind: 'reparent-target'; readonly batch: number; readonly moves: readonly TapMove[] }
  /** The same back, with exactly the rows of before. */
  | { readonly kind: 'reparent-legacy'; readonly batch: number; readonly moves: readonly TapMove[] }
  /** Waits for each port's number on the legacy bridge, and announces that guest there as if it spoke. */
  | { readonly kind: 'settle-reparented'; readonly batch: number; readonly moves: readonly TapMove[] }
  /** MidoNet is told to let the taps go, and has. */
  | { readonly kind: 'unbind-port'; readonly batch: number; readonly moves: readonly TapMove[] }
  /** MidoNet is told to take the taps, and has. */
  | { readonly kind: 'bind-port'; readonly batch: number; readonly moves: readonly TapMove[] };

export type RewireStepKind = RewireStep['kind'];
