import { parseEndpoint } from './endpoint.ts';
import { OvsdbError, type OvsdbErrorCode } from './errors.ts';

/** Servers of one database; more are a mistake, not a cluster. */
export const REMOTES_MAX = 64;

/**
 * Reads one endpoint, a list of them, or several in one text with commas, as OVS writes them ('ssl:a:6641,ssl:b:6641').
 * @throws OvsdbError `invalid-use` naming the endpoint that cannot be read
 */
export function parseRemotes(endpoints: string | readonly string[]): readonly [string, ...string[]] {
  const texts = typeof endpoints === 'string' ? [endpoints] : endpoints;
  const remotes = texts.flatMap((text) => text.split(/\s*,\s*(?=\w+:)/)).map((text) => text.trim());
  for (const remote of remotes) parseEndpoint(remote);
  const [first, ...others] = [...new Set(remotes)];
  if (first === undefined) throw new OvsdbError('invalid-use', 'no endpoint is given');
  if (others.length >= REMOTES_MAX) throw new OvsdbError('invalid-use', `more than ${REMOTES_MAX} endpoints are given`);
  return [first, ...others];
}

/** One remote and why it could not be used. */
export interface RemoteFailure {
  readonly remote: string;
  readonly error: OvsdbError;
}

/**
 * Which remote is tried next: all of them in an order shuffled once, so that clients spread over the servers, round and round. A round
 * is over when every remote has failed since the last connection that was good.
 */
export class RemoteRing {
  readonly #remotes: readonly string[];
  #at = 0;
  #failures: RemoteFailure[] = [];

  /** `random` is in [0, 1). */
  constructor(remotes: readonly [string, ...string[]], random: () => number) {
    this.#remotes = shuffled(remotes, random);
  }

  get current(): string {
    return this.#remotes[this.#at] as string; // below length, and there is at least one
  }

  /** The current one failed; the next has its turn. True when all of them have by now. */
  failed(error: OvsdbError): boolean {
    this.#failures.push({ remote: this.current, error });
    this.#at = (this.#at + 1) % this.#remotes.length;
    return this.#failures.length >= this.#remotes.length;
  }

  /** Ends the round; the one error of all that failed in it. */
  endRound(): OvsdbError {
    const failures = this.#failures;
    this.#failures = [];
    return summarize(failures);
  }

  /** The current one is good: what failed before is forgotten. */
  succeeded(): void {
    this.#failures = [];
  }
}

/** The code that tells most stands for all: what an operator can mend comes before what waiting may cure. */
function summarize(failures: readonly RemoteFailure[]): OvsdbError {
  const [only] = failures;
  if (only !== undefined && failures.length === 1) return only.error;
  const telling = failures.toSorted((a, b) => rank(a.error.code) - rank(b.error.code));
  const code = telling[0]?.error.code ?? 'refused';
  const all = failures.map(({ remote, error }) => `${remote}: ${error.message}`).join('; ');
  return new OvsdbError(code, `none of ${failures.length} remotes can be used: ${all}`, { cause: telling[0]?.error });
}

/** `schema-mismatch` last: it ends a wait at once, so every remote has to say it. */
const RANKS: Partial<Record<OvsdbErrorCode, number>> = {
  'tls-config': 0,
  'tls-untrusted': 1,
  'tls-refused': 2,
  'protocol': 3,
  'not-leader': 5,
  'cluster-disconnected': 6,
  'stale-data': 6,
  'timed-out': 8,
  'refused': 9,
  'schema-mismatch': 10,
};

function rank(code: OvsdbErrorCode): number {
  return RANKS[code] ?? 4;
}

/** Fisher and Yates. */
function shuffled(remotes: readonly string[], random: () => number): readonly string[] {
  const order = [...remotes];
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other] as string, order[last] as string]; // both below length
  }
  return order;
}
