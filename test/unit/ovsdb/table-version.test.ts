import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LiveTable } from '../../../ovsdb/live-table.ts';
import type { AnyRow } from '../../../ovsdb/table-reader.ts';

const uuids = ['u1', 'u2', 'u3', 'u4', 'u5'] as const;
/** Puts a row, takes it away, keeps a version, looks at all or one row of a version kept, lets one go. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ put: fc.constantFrom(...uuids), n: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ take: fc.constantFrom(...uuids) }) },
  { weight: 3, arbitrary: fc.constant({ keep: true }) },
  { weight: 2, arbitrary: fc.record({ lookAll: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ lookAt: fc.nat(9), uuid: fc.constantFrom(...uuids) }) },
  { weight: 1, arbitrary: fc.record({ drop: fc.nat(9) }) },
);

function put(table: LiveTable, uuid: string, row: AnyRow): void {
  const old = table.rows.get(uuid);
  if (old === undefined) table.apply({ kind: 'insert', table: 'T', uuid, new: row });
  else table.apply({ kind: 'modify', table: 'T', uuid, old, new: row });
}

function take(table: LiveTable, uuid: string): void {
  const old = table.rows.get(uuid);
  if (old !== undefined) table.apply({ kind: 'delete', table: 'T', uuid, old });
}

const sorted = (rows: Iterable<readonly [string, AnyRow]>): unknown[] => [...rows].sort(([a], [b]) => (a < b ? -1 : 1));

describe('versions of a table', () => {
  it('stay what they were, in whatever order the table changes, others are made, looked at and let go', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const table = new LiveTable();
        const kept: { readonly version: ReadonlyMap<string, AnyRow>; readonly was: Map<string, AnyRow> }[] = [];
        for (const one of steps) {
          if ('put' in one) put(table, one.put, { _uuid: one.put, n: one.n });
          else if ('take' in one) take(table, one.take);
          else if ('keep' in one) kept.push({ version: table.version(), was: new Map(table.rows) });
          else if ('drop' in one) kept.splice(one.drop, 1);
          else {
            const chosen = kept['lookAll' in one ? one.lookAll : one.lookAt];
            if (chosen === undefined) continue;
            if ('lookAll' in one) expect(sorted(chosen.version)).toEqual(sorted(chosen.was));
            else expect(chosen.version.get(one.uuid)).toBe(chosen.was.get(one.uuid));
          }
        }
        for (const { version, was } of kept) {
          for (const uuid of uuids) expect(version.get(uuid)).toBe(was.get(uuid));
          expect(version.size).toBe(was.size);
          expect(sorted(version)).toEqual(sorted(was));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('are one while nothing changes', () => {
    const table = new LiveTable();
    put(table, 'u1', { _uuid: 'u1' });
    const version = table.version();
    expect(table.version()).toBe(version);
    take(table, 'u1');
    expect(table.version()).not.toBe(version);
    expect(version.has('u1')).toBe(true);
  });

  it('go on to be iterated while the table changes', () => {
    const table = new LiveTable();
    for (const uuid of uuids) put(table, uuid, { _uuid: uuid });
    const seen: string[] = [];
    for (const uuid of table.version().keys()) {
      seen.push(uuid);
      for (const other of uuids) take(table, other);
      put(table, 'u6', { _uuid: 'u6' });
    }
    expect(seen).toEqual([...uuids]);
  });
});
