import type { Host } from '../host/host.ts';
import type { Claim } from '../journal/claims.ts';
import { activeLeg } from './make.ts';
import { keepToLegacy, pointToLegacy, providerState } from './provider-side.ts';
import { isIn, isShunted, type ShuntMove } from './shunt-moves.ts';

export interface ProviderKeeperOptions {
  readonly host: Pick<Host, 'ovs' | 'netlink' | 'providers' | 'plane'>;
  /** Those of taps that nobody moves at the moment. */
  readonly claims: () => ReadonlyMap<string, Claim>;
  readonly onError: (error: unknown, tap: string) => void;
}

/** One round of putting flows and entries back. */
const limitMs = 5_000;

/**
 * Flows and entries that keep provider bridges to the legacy leg live in vswitchd, and die with it. OVN connects again and tells the wire
 * where it believes its ports to be: they are put back as soon as the bridge can be reached, for every staged tap.
 */
export class ProviderKeeper implements Disposable {
  readonly #options: ProviderKeeperOptions;
  readonly #stop = new AbortController();
  /** By tap: what was there when its flows were set. */
  readonly #kept = new Map<string, string>();
  #working: Promise<void> | undefined;
  #again = false;

  constructor(options: ProviderKeeperOptions) {
    this.#options = options;
    options.host.providers.onConnected = () => this.look();
  }

  /** Something has changed: rows, claims, or a bridge was reached. Cheap where nothing is to be done. */
  look(): void {
    if (this.#stop.signal.aborted) return;
    this.#again = this.#working !== undefined;
    if (this.#again) return;
    const { claims } = this.#options;
    if (claims().size === 0 && this.#kept.size === 0) return;
    const stale = this.#stale();
    if (stale.length === 0) return;
    this.#working = this.#put(stale).finally(() => {
      this.#working = undefined;
      if (this.#again) this.look();
    });
  }

  /** Nothing of the keeper's is under way any more; claims that were given up before are not touched again. */
  async settled(): Promise<void> {
    await this.#working;
  }

  [Symbol.dispose](): void {
    this.#options.host.providers.onConnected = undefined;
    this.#stop.abort();
  }

  #stale(): readonly ShuntMove[] {
    const { host, claims } = this.#options;
    const held = claims();
    for (const tap of this.#kept.keys()) if (held.get(tap)?.place !== 'staged') this.#kept.delete(tap);
    if (!host.ovs.lockHeld) return [];
    return [...held.values()].flatMap(({ move, place }) => {
      if (place !== 'staged' || !isShunted(move) || move.shunt.disjoint) return [];
      const bridge = move.legacy.provider?.bridge;
      if (bridge === undefined || !host.providers.open(bridge).connected) return []; // told when it is
      const state = providerState(move, host);
      if (state === undefined || state === this.#kept.get(move.tap)) return [];
      return isIn(host, move.tap, move.shunt.bridge) && activeLeg(move, host) === 'legacy' ? [move] : [];
    });
  }

  async #put(moves: readonly ShuntMove[]): Promise<void> {
    const { host, claims, onError } = this.#options;
    const run = { ...host, signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(limitMs)]) };
    const states = moves.map((move) => [move, providerState(move, host)] as const);
    try {
      await keepToLegacy(moves, run);
      await pointToLegacy(moves, run);
      for (const [{ tap }, state] of states) {
        if (state !== undefined && claims().get(tap)?.place === 'staged') this.#kept.set(tap, state);
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) onError(error, moves[0]?.tap ?? '');
    }
  }
}
