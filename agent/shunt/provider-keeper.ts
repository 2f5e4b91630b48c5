import type { Host } from '../host/host.ts';
import type { Claim } from '../journal/claims.ts';
import { activeLeg } from './make.ts';
import { flowsOf, keepToLegacy, ownCookies, pointToLegacy, providerState } from './provider-side.ts';
import { isIn, isShunted, type ShuntMove } from './shunt-moves.ts';

export interface ProviderKeeperOptions {
  readonly host: Pick<Host, 'ovs' | 'netlink' | 'providers' | 'plane'>;
  /** Those of taps that nobody moves at the moment. */
  readonly claims: () => ReadonlyMap<string, Claim>;
  /** Somebody had removed flows from a bridge on which these claims have some; they are there again. */
  readonly onRemoved: (claims: readonly Claim[], bridge: string) => Promise<void>;
  readonly onError: (error: unknown, tap: string) => void;
}

/** Nobody tells that flows were removed: they are counted, all of a bridge at once. */
const countEveryMs = 1_500;
/** One round of putting flows and entries back. */
const limitMs = 5_000;

/**
 * Flows and entries that keep provider bridges to the legacy leg live in vswitchd, and die with it. OVN connects again and tells the wire
 * where it believes its ports to be: they are put back as soon as the bridge can be reached, for every staged tap. So are flows that somebody removes.
 */
export class ProviderKeeper implements Disposable {
  readonly #options: ProviderKeeperOptions;
  readonly #stop = new AbortController();
  /** By tap: what was there when its flows were set. */
  readonly #kept = new Map<string, string>();
  #working: Promise<void> | undefined;
  #again = false;
  #timer: NodeJS.Timeout | undefined;
  #counting = false;

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
    clearInterval(this.#timer);
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
      if (!this.#stop.signal.aborted) this.#timer ??= setInterval(() => void this.#count(), countEveryMs).unref();
    } catch (error) {
      if (!this.#stop.signal.aborted) onError(error, moves[0]?.tap ?? '');
    }
  }

  async #count(): Promise<void> {
    const { host, onError } = this.#options;
    const held = this.#staged();
    if (held.length === 0 && this.#kept.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    if (this.#counting || this.#working !== undefined || !host.ovs.lockHeld) return;
    this.#counting = true;
    for (const [bridge, claims] of Map.groupBy(held, ({ move }) => move.legacy.provider?.bridge ?? '')) {
      try {
        await this.#countOn(bridge, claims);
      } catch (error) {
        if (!this.#stop.signal.aborted) onError(error, claims[0]?.move.tap ?? '');
      }
    }
    this.#counting = false;
    this.look(); // for what could not be set when it was to be
  }

  async #countOn(bridge: string, claims: readonly StagedClaim[]): Promise<void> {
    const { host, onRemoved } = this.#options;
    const port = host.providers.open(bridge);
    if (!port.connected) return;
    const { connections } = port;
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(limitMs)]);
    const there = await port.countFlows(ownCookies, signal);
    const now = new Set(this.#staged());
    if (port.connections !== connections || claims.some((claim) => !now.has(claim))) return; // vswitchd was restarted, or an attempt has begun
    const wanted = claims.reduce((sum, { move }) => sum + flowsOf(move, host).length, 0);
    if (there >= wanted) return;
    for (const { move } of claims) this.#kept.delete(move.tap);
    this.look();
    await this.#working;
    await onRemoved(claims, bridge);
  }

  /** Claims whose flows were set in the vswitchd that runs now. Those of hybrid plugs are looked after one by one, with what else a woken OVS agent does to them. */
  #staged(): readonly StagedClaim[] {
    const { host, claims } = this.#options;
    return [...claims().values()].flatMap((claim) => {
      const { move, place } = claim;
      if (place !== 'staged' || !isShunted(move) || move.legacy.entry !== undefined) return [];
      const kept = this.#kept.get(move.tap);
      if (kept === undefined || kept !== providerState(move, host)) return [];
      return [claim as StagedClaim]; // isShunted has just said so
    });
  }
}

type StagedClaim = Claim & { readonly move: ShuntMove };
