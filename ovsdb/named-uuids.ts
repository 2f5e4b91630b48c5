import { randomUUID } from 'node:crypto';
import type { NamedUuids } from './atom.ts';
import type { Uuid } from './columns.ts';

/** Gives each name of one transaction a UUID of its own, as ovsdb-server does when it first meets the name. */
export class TransactionNames implements NamedUuids {
  readonly #uuids = new Map<string, Uuid>();

  uuidOf(name: string): Uuid {
    const known = this.#uuids.get(name);
    if (known !== undefined) return known;
    const uuid = randomUUID();
    this.#uuids.set(name, uuid);
    return uuid;
  }
}
