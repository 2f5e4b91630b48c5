import type { TapMove } from './moves.ts';

/**
 * What an executor performs, in order, with no choices left. A tap whose link is gone is skipped by every later step.
 * Between a `leave…` and the `settle…` of its batch nothing is synced to disk.
 */
export type RewireStep =
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

export type RewireStepKind = RewireStep['kind'];
