import type { Json } from './codec.ts';
import { type ColumnSpecs, ownMember, type TableName, type TableSpecs } from './columns.ts';
import { encodeWhere, type Where } from './conditions.ts';
import { abortedError, OvsdbError } from './errors.ts';
import type { WaitOptions } from './listeners.ts';

/** Which rows of a table are replicated: those for which *any* of the conditions holds; `[]` and true: all; false: none. */
export type MonitorWhere<C extends ColumnSpecs> = Where<C> | boolean;

/** By table; a table that is not named keeps what it has, at first all rows. */
export type MonitorConditions<R extends TableSpecs> = { readonly [K in TableName<R>]?: MonitorWhere<R[K]> };

/** `where` by table as it goes on the wire; a table that is not in it is replicated whole. */
export type WireConditions = ReadonlyMap<string, Json>;

interface Waiter {
  readonly version: number;
  readonly settle: (error?: OvsdbError) => void;
}

/**
 * What a replica wants of its monitor's conditions, what has been asked of the server, and what the server has confirmed. Rows
 * held are those of the confirmed conditions, as long as no change is on its way: the last transaction may be resumed from with
 * these only.
 */
export class ConditionState {
  #wanted: WireConditions;
  #confirmed: WireConditions;
  #version = 0;
  #confirmedVersion = 0;
  #asked: { readonly conditions: WireConditions; readonly version: number } | undefined;
  readonly #waiters = new Set<Waiter>();

  constructor(first: WireConditions) {
    this.#wanted = first;
    this.#confirmed = first;
  }

  /** What the rows held were read with. */
  get confirmed(): WireConditions {
    return this.#confirmed;
  }

  get changeIsOpen(): boolean {
    return this.#asked !== undefined;
  }

  /** Wants these from now on; resolves once the server has confirmed them or later ones. */
  want(changes: WireConditions, { signal }: WaitOptions = {}): Promise<void> {
    if (signal?.aborted) return Promise.reject(abortedError(signal, 'changing conditions'));
    this.#wanted = new Map([...this.#wanted, ...changes]);
    const version = ++this.#version;
    return new Promise((resolve, reject) => {
      const settle = (error?: OvsdbError): void => {
        this.#waiters.delete(waiter);
        signal?.removeEventListener('abort', onAbort);
        if (error === undefined) resolve();
        else reject(error);
      };
      const waiter = { version, settle };
      const onAbort = (): void => settle(abortedError(signal as AbortSignal, 'changing conditions')); // registered on a signal only
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiters.add(waiter);
    });
  }

  /** All is read anew: with what is wanted now. */
  restart(): void {
    this.#asked = undefined;
    this.#confirmed = this.#wanted;
    this.#confirmedVersion = this.#version;
  }

  /** The replica shows what {@link confirmed} says. */
  shown(): void {
    this.#settle(this.#confirmedVersion);
  }

  /** The `where`s to ask for next; none when nothing is to be asked for, or an answer is still to come. */
  next(): WireConditions | undefined {
    if (this.#asked !== undefined) return undefined;
    const changed = new Map([...this.#wanted].filter(([table, where]) => !same(where, this.#confirmed.get(table))));
    if (changed.size === 0) {
      this.#confirmedVersion = this.#version;
      this.shown();
      return undefined;
    }
    this.#asked = { conditions: this.#wanted, version: this.#version };
    return changed;
  }

  /** The server has done what {@link next} said. */
  confirm(): void {
    if (this.#asked === undefined) return;
    this.#confirmed = this.#asked.conditions;
    this.#confirmedVersion = this.#asked.version;
    this.#asked = undefined;
    this.shown();
  }

  /** The server has refused: tables that nobody has changed since go back to what they had. */
  refuse(error: OvsdbError): void {
    const asked = this.#asked;
    if (asked === undefined) return;
    this.#asked = undefined;
    this.#wanted = new Map(
      [...this.#wanted].map(([table, where]) =>
        same(where, asked.conditions.get(table)) ? [table, this.#confirmed.get(table) ?? EVERY_ROW] : [table, where],
      ),
    );
    this.#settle(asked.version, error);
  }

  /** Nobody is going to answer. */
  fail(error: OvsdbError): void {
    this.#settle(this.#version, error);
  }

  #settle(version: number, error?: OvsdbError): void {
    for (const waiter of [...this.#waiters]) if (waiter.version <= version) waiter.settle(error);
  }
}

/** Conditions as they go on the wire. @throws OvsdbError `invalid-value`, `invalid-use` */
export function encodeConditions<R extends TableSpecs>(specs: R, conditions: MonitorConditions<R>): WireConditions {
  const encoded = new Map<string, Json>();
  for (const [table, where] of Object.entries(conditions) as [string, MonitorWhere<ColumnSpecs> | undefined][]) {
    const columns = ownMember<ColumnSpecs>(specs, table);
    if (columns === undefined) throw new OvsdbError('invalid-use', `the replica does not hold table ${table}`);
    if (where === undefined) continue;
    if (typeof where === 'boolean') encoded.set(table, [where]);
    else encoded.set(table, where.length === 0 ? EVERY_ROW : encodeWhere(columns, where));
  }
  return encoded;
}

/** True when the server need not filter. */
export function isEveryRow(where: Json | undefined): boolean {
  return same(where, EVERY_ROW);
}

const EVERY_ROW: Json = [true];

function same(a: Json | undefined, b: Json | undefined): boolean {
  return a === b || text(a ?? EVERY_ROW) === text(b ?? EVERY_ROW);
}

function text(json: Json): string {
  return JSON.stringify(json, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}
