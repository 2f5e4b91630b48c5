import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ColumnSpecs } from '../../../../ovsdb/columns.ts';

/**
 * Rows in a text form that owes nothing to the library: every value a sorted set, every atom with its type. Both what the library
 * holds and what `ovsdb-client` prints come to the same text.
 */
export type PlainTable = ReadonlyMap<string, string>;

/** Rows as the library holds them. */
export function plainRows(specs: ColumnSpecs, rows: Iterable<readonly [string, object]>): PlainTable {
  const plain = new Map<string, string>();
  for (const [uuid, row] of rows) {
    const values = row as Readonly<Record<string, unknown>>; // columns by name
    plain.set(uuid, JSON.stringify(Object.keys(specs).map((column) => [column, plainHeld(values[column])])));
  }
  return plain;
}

/** Rows as a select's result has them on the wire. */
export function plainWire(specs: ColumnSpecs, rows: readonly Readonly<Record<string, unknown>>[]): Map<string, string> {
  const plain = new Map<string, string>();
  for (const row of rows) {
    const uuid = (row._uuid as readonly [string, string])[1]; // ["uuid", …]
    plain.set(uuid, JSON.stringify(Object.keys(specs).map((column) => [column, plainJson(row[column])])));
  }
  return plain;
}

/** What `ovsdb-client transact` answers: an implementation of the protocol that is not ours. */
export async function foreignTransact(
  endpoint: string,
  database: string,
  operations: readonly unknown[],
): Promise<unknown[]> {
  const request = JSON.stringify([database, ...operations], (_key, value: unknown) =>
    typeof value === 'bigint' ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(`${value}`) : value,
  );
  const { stdout } = await promisify(execFile)('ovsdb-client', ['-t', '30', 'transact', endpoint, request], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(stdout, exact as (key: string, value: unknown) => unknown) as unknown[]; // a list of results
}

function exact(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  const long = typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context.source ?? '');
  return long ? BigInt(context.source ?? '') : value;
}

function plainHeld(value: unknown): readonly string[] {
  if (value === null || value === undefined) return [];
  if (value instanceof Set) return [...value].map(atom).sort();
  if (value instanceof Map) return [...value].map(([key, item]) => `${atom(key)} -> ${atom(item)}`).sort();
  return [atom(value)];
}

function plainJson(json: unknown): readonly string[] {
  // The server writes reals with 15 digits: of those that look the same one is held, of such keys the last.
  if (Array.isArray(json) && json[0] === 'set')
    return [...new Set((json[1] as readonly unknown[]).map(wireAtom))].sort();
  if (Array.isArray(json) && json[0] === 'map') {
    const pairs = (json[1] as readonly [unknown, unknown][]).map(
      ([key, item]) => [wireAtom(key), wireAtom(item)] as const,
    );
    return [...new Map(pairs)].map(([key, item]) => `${key} -> ${item}`).sort();
  }
  return [wireAtom(json)];
}

function wireAtom(json: unknown): string {
  return Array.isArray(json) ? atom(json[1]) : atom(json); // ["uuid", …]
}

function atom(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
