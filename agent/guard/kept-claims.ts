import type { Link } from '../../platform/native/netlink-links.ts';
import type { Claim } from '../journal/claims.ts';
import { linksOf, type ShuntClaim } from './shunt-claims.ts';

/** The claims that the guard keeps, and those that wait for a guest to be started anew. */
export class KeptClaims {
  readonly #claims = new Map<string, Claim>();
  readonly #departed = new Map<string, ShuntClaim>();
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

  clear(): void {
    this.#claims.clear();
    this.#departed.clear();
    this.#tapOf.clear();
  }

  /** Its guest was shut off, and may be started anew: what has no address to be known by is forgotten. */
  depart(claim: ShuntClaim): void {
    this.forget(claim.move.tap);
    if (claim.move.hostMac !== undefined) this.#departed.set(claim.move.tap, claim);
  }

  /** Takes a claim again whose guest was started anew. Returns a claim that was forgotten, since another guest has the name of its tap. */
  cameBack(link: Link): ShuntClaim | undefined {
    const departed = this.#departed.get(link.name);
    if (departed === undefined || link.master === undefined) return undefined;
    if (link.mac === departed.move.hostMac) {
      this.take(departed);
      return undefined;
    }
    this.forget(link.name);
    return departed;
  }

  /** The claim that a link belongs to: by its tap, or an object of its shunt. */
  ofLink(name: string): Claim | undefined {
    const tap = this.#tapOf.get(name);
    return tap === undefined ? undefined : this.#claims.get(tap);
  }
}
