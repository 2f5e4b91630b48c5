import { joinInventory } from '../../domain/inventory/join-inventory.ts';
import type { HostReport, JoinedInventory } from '../../domain/inventory/joined-inventory.ts';
import type { NbRows } from '../nb/nb-tables.ts';
import { type NbFacts, NbFactsReader } from './nb-facts.ts';

/** The two sources; `revision` grows with each change of theirs. */
export interface InventorySources {
  readonly nb: { readonly rows: NbRows | undefined; readonly revision: number };
  readonly agents: { readonly reports: Iterable<HostReport>; readonly revision: number };
  readonly bridges: Readonly<Record<string, string>>;
  readonly nowMs: () => number;
}

/** A join of at most this cost is made anew at every change; a dearer one may be as old as ten times its cost. */
const cheapMs = 20;
const staleMsMax = 1_000;

/** OVN NB joined with what agents observe: live, cached, made anew only when somebody looks and something changed. */
export class LiveInventory {
  readonly #sources: InventorySources;
  readonly #reader = new NbFactsReader();
  #facts: { readonly revision: number; readonly value: NbFacts } | undefined;
  #joined:
    | { readonly key: string; readonly value: JoinedInventory; readonly atMs: number; readonly costMs: number }
    | undefined;

  constructor(sources: InventorySources) {
    this.#sources = sources;
  }

  /** What OVN NB says now; empty before the first read. */
  facts(): NbFacts {
    const { rows, revision } = this.#sources.nb;
    if (this.#facts?.revision === revision) return this.#facts.value;
    const value = rows ? this.#reader.read(rows) : { networks: [], ports: [] };
    this.#facts = { revision, value };
    return value;
  }

  /** Good enough for a look: in a large cloud up to a second old. */
  current(): JoinedInventory {
    const known = this.#joined;
    if (!known) return this.fresh();
    if (known.costMs > cheapMs && this.#sources.nowMs() - known.atMs < Math.min(staleMsMax, known.costMs * 10))
      return known.value;
    return this.fresh();
  }

  /** As of now: for a plan. */
  fresh(): JoinedInventory {
    const facts = this.facts();
    const key = `${this.#sources.nb.revision}/${this.#sources.agents.revision}`;
    if (this.#joined?.key === key) return this.#joined.value;
    const startMs = this.#sources.nowMs();
    const value = joinInventory({
      networks: facts.networks,
      ports: facts.ports,
      hosts: [...this.#sources.agents.reports],
      bridgeToNetwork: this.#sources.bridges,
    });
    const atMs = this.#sources.nowMs();
    this.#joined = { key, value, atMs, costMs: atMs - startMs };
    return value;
  }
}
