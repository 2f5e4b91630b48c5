import { nftGeneration } from '../../platform/native/nft-generation.ts';
import { isShuntError } from '../../platform/shunt-error.ts';
import type { Host } from '../host/host.ts';
import type { Claim } from '../journal/claims.ts';
import { gateCommands, legsOf } from '../shunt/gate.ts';
import { acceptOwnLegs, keepZones } from '../shunt/legacy-firewall.ts';
import type { ForeignWriters } from './foreign-writers.ts';
import { isShuntClaim, type ShuntClaim } from './shunt-claims.ts';

export interface HostFirewallOptions {
  readonly host: Host;
  /** Those of taps that nobody moves at the moment. */
  readonly claims: () => ReadonlyMap<string, Claim>;
  readonly writers: Pick<ForeignWriters, 'gatesPutBack'>;
  readonly filters?: Filters;
  readonly onError: (error: unknown, tap: string) => void;
}

/** What filters on this host besides our gates. */
export interface Filters {
  /** Changes with whatever is changed there, as far as the kernel tells; undefined: it does not. */
  readonly generation: () => number | undefined;
  /** Lets frames pass our legs. True: something of that was missing. */
  readonly accept: (signal: AbortSignal) => Promise<boolean>;
}

/**
 * Between looks at our own gates. At what else filters on this host, for which it takes a program, when the kernel tells of a change, and every few of them: the
 * older iptables changes what it does not tell of.
 */
const lookEveryMs = 1_500;
const filtersEvery = 7;
const limitMs = 10_000;

/**
 * Frames of guests on a shunt pass this host's own packet filters, and others write there: Docker drops what it does not know when it
 * starts, a restarted firewalld flushes all there is, legacy agents write their chains anew. Nobody tells of it: it is looked at.
 */
export class HostFirewall implements Disposable {
  readonly #options: HostFirewallOptions;
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #looks = 0;
  /** Of the filters, when they were looked at. */
  #generation: number | undefined;

  constructor(options: HostFirewallOptions) {
    this.#options = options;
  }

  /** There may be something to look after: it looks for as long as there is. */
  begin(): void {
    if (this.#stop.signal.aborted || this.#held().length === 0) return;
    this.#timer ??= setInterval(() => void this.#look(), lookEveryMs).unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#stop.abort();
  }

  async #look(): Promise<void> {
    const { host } = this.#options;
    if (this.#looking || !host.ovs.lockHeld) return;
    const [first, ...others] = this.#held();
    if (first === undefined) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    this.#looking = true;
    try {
      const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(limitMs)]);
      await this.#keepGates([first, ...others], signal);
      await this.#keepAccepted(first, signal);
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#options.onError(error, first.move.tap);
    } finally {
      this.#looking = false;
    }
  }

  async #keepAccepted(first: ShuntClaim, signal: AbortSignal): Promise<void> {
    const { generation, accept } = this.#options.filters ?? kernelFilters;
    this.#looks += 1;
    if (generation() === this.#generation && this.#looks % filtersEvery !== 0) return;
    const missing = await accept(signal);
    this.#generation = generation(); // with what we have changed there ourselves
    if (missing) await this.#tell(first, 'the rules that let frames pass the legs of shunts were gone');
  }

  async #keepGates(claims: readonly ShuntClaim[], signal: AbortSignal): Promise<void> {
    const { plane } = this.#options.host;
    const gates = plane.isWhole() ? gatesOf(this.#options.host) : '';
    const open = claims.filter(({ move }) => !gates.includes(`"${legsOf(move.shunt).v}"`));
    const [first] = open;
    if (first === undefined) return;
    plane.makeTables();
    plane.gate(
      open.flatMap(({ move, place }) => gateCommands(move, move.shunt, place === 'staged' ? 'legacy' : 'target')),
    );
    await keepZones(
      open.map(({ move }) => move),
      { plane, signal },
    );
    await this.#tell(first, `the gates of ${open.length} shunts were gone from nftables`);
  }

  /** Those on a shunt now: a guest that was started anew may be plugged direct. */
  #held(): readonly ShuntClaim[] {
    const { host, claims } = this.#options;
    return [...claims().values()].flatMap((claim) => {
      if (!isShuntClaim(claim) || claim.place === 'direct') return [];
      return host.netlink.link(legsOf(claim.move.shunt).v) === undefined ? [] : [claim];
    });
  }

  #tell(claim: ShuntClaim, what: string): Promise<void> {
    return this.#options.writers.gatesPutBack(claim, what);
  }
}

const kernelFilters: Filters = { generation: nftGeneration, accept: (signal) => acceptOwnLegs({ signal }) };

/** Empty when somebody has removed the table. */
function gatesOf({ plane }: Host): string {
  try {
    return plane.listed('bridge');
  } catch (error) {
    if (isShuntError(error)) return '';
    throw error;
  }
}
