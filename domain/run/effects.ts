import type { ErrorCode } from '../errors.ts';
import type { ProbePort, TapTarget } from '../network-model.ts';
import type { Order, OrderResult } from '../orders.ts';
import type { Direction } from '../phases.ts';

/**
 * What the coordinator does for the engine. Every effect may be performed again after a crash without harm.
 * `key` names it: while a key is in the progress, `decide` does not ask for it again.
 */
export type Effect =
  /** Ensures in NB, in one transaction: `requested-chassis` of the taps' ports and a probe port for each want. */
  | {
      readonly kind: 'nb-prepare';
      readonly key: string;
      readonly systemId: string;
      readonly epoch: number;
      readonly direction: Direction;
      /** Empty for `back`: the ports keep their chassis. */
      readonly taps: readonly TapTarget[];
      readonly probes: readonly ProbeWant[];
    }
  /** Sends an order to the agent `systemId` (`order.orderId` = `key`) and waits, bounded, for its result. */
  | { readonly kind: 'order'; readonly key: string; readonly systemId: string; readonly order: Order }
  /**
   * Ensures in NB the short-lived rules that let open connections of these ports through which could not be copied. A fallback: the
   * attempt goes on without it.
   */
  | {
      readonly kind: 'nb-grace';
      readonly key: string;
      readonly systemId: string;
      readonly epoch: number;
      readonly portIds: readonly string[];
    }
  /** Nothing is open and no run is active: removes all our probe ports from NB. */
  | { readonly kind: 'nb-sweep'; readonly key: string };

export interface ProbeWant {
  readonly systemId: string;
  readonly networkId: string;
}

/** How an effect ended. */
export type EffectOutcome =
  /** `probes` by `probeKey(systemId, networkId)`. */
  | { readonly kind: 'nb-prepared'; readonly probes: Readonly<Record<string, ProbePort>> }
  | { readonly kind: 'order-result'; readonly result: OrderResult }
  | { readonly kind: 'grace-granted' }
  | { readonly kind: 'swept' }
  /** It could not be done, or nobody knows (stream lost, timed out). */
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string };

export function probeKey(systemId: string, networkId: string): string {
  return `${systemId}/${networkId}`;
}
