import type { Link } from '../../platform/native/netlink-links.ts';
import type { OvsPort } from '../host/open-vswitch.ts';
import type { Claim } from '../journal/claims.ts';
import { isInBridge } from './judge-claim.ts';
import { linksOf } from './shunt-claims.ts';

/** The claims that the guard keeps, and those that wait for a guest to be started anew. */
export class KeptClaims {
  readonly #claims = new Map<string, Claim>();
  readonly #departed = new Map<string, Claim>();
  /** Tap by name of a link that belongs to its claim. */
  readonly #tapOf = new Map<string, string>();

  /** By tap; without those that wait. */
  get all(): ReadonlyMap<string, Claim> {
    return this.#claims;
  }

  /** True when no link can concern us. */
  get isEmpty(): boolean {
    return this.#claims.size === 0 && this.#departed.size === 0;
  }

  take(claim: Claim): void {
    this.#claims.set(claim.move.tap, claim);
    this.#departed.delete(claim.move.tap);
    for (const name of linksOf(claim)) this.#tapOf.set(name, claim.move.tap);
  }

  forget(tap: string): void {
    this.#claims.delete(tap);
    this.#departed.delete(tap);
  }

  /** Other claims from now on. Those that wait go on waiting, as far as they still hold. */
  replace(claims: ReadonlyMap<string, Claim>, isCredible: (claim: Claim) => boolean = () => true): void {
    const waiting = [...this.#departed.values()];
    this.clear();
    for (const claim of claims.values()) {
      const waits = waiting.some(({ epoch, move }) => move.tap === claim.move.tap && epoch === claim.epoch);
      if (waits) this.depart(claim);
      else if (isCredible(claim)) this.take(claim);
    }
  }

  clear(): void {
    this.#claims.clear();
    this.#departed.clear();
    this.#tapOf.clear();
  }

  /** After a reboot a tap may yet come; once it has, its going is news like any other's. */
  cameUp(claim: Claim, bootId: string): Claim {
    if (claim.bootId === bootId) return claim;
    const here = { ...claim, bootId };
    this.#claims.set(claim.move.tap, here);
    return here;
  }

  /** Its guest was shut off, and may be started anew: what has no address to be known by is forgotten. */
  depart(claim: Claim): void {
    this.forget(claim.move.tap);
    if (claim.move.hostMac !== undefined) this.#departed.set(claim.move.tap, claim);
  }

  /**
   * Takes a claim again whose guest was started anew. `now`: the link as it is, for events may tell of what it was before it went. Returns a
   * claim that was forgotten, since another guest has the name of its tap.
   */
  cameBack(name: string, now: () => Link | undefined): Claim | undefined {
    const departed = this.#departed.get(name);
    const link = departed && now();
    if (departed === undefined || link?.master === undefined) return undefined;
    const isUndecided = link.mac !== departed.move.hostMac && !isInBridge(link);
    if (isUndecided) return undefined;
    if (link.mac === departed.move.hostMac) {
      this.take(departed);
      return undefined;
    }
    this.forget(link.name);
    return departed;
  }

  /** The same for a guest that ML2/OVS has plugged into its own bridge: no link has a master then. */
  pluggedAgain(ports: ReadonlyMap<string, OvsPort>, linkOf: (tap: string) => Link | undefined): void {
    for (const claim of [...this.#departed.values()]) {
      const { tap, portId, hostMac, legacy } = claim.move;
      const port = legacy.ovs === undefined ? undefined : ports.get(tap);
      if (port?.bridge.name !== legacy.ovs?.bridge || port?.iface.external_ids.get('iface-id') !== portId) continue;
      if (linkOf(tap)?.mac === hostMac) this.take(claim);
    }
  }

  /** The claim that a link belongs to: by its tap, or an object of its shunt. */
  ofLink(name: string): Claim | undefined {
    const tap = this.#tapOf.get(name);
    return tap === undefined ? undefined : this.#claims.get(tap);
  }
}
