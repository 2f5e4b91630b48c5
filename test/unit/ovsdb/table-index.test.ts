import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOvsdbError } from '../../../ovsdb/errors.ts';
import { LiveTable } from '../../../ovsdb/live-table.ts';
import { byColumns, byKeys, byReference, type IndexPlan, TableIndex } from '../../../ovsdb/table-index.ts';
import type { AnyRow } from '../../../ovsdb/table-reader.ts';

const uuids = ['u1', 'u2', 'u3', 'u4'] as const;
const row = fc.record({
  name: fc.constantFrom('', 'a', 'b', '1', 'null'),
  tag: fc.constantFrom(null, 0, 1, 2n ** 60n),
  trunks: fc.uniqueArray(fc.nat(2)).map((items) => new Set(items)),
  ids: fc.array(fc.tuple(fc.constantFrom('k', 'l'), fc.constantFrom('', 'v'))).map((pairs) => new Map(pairs)),
  ref: fc.uniqueArray(fc.constantFrom(...uuids)).map((items) => new Set(items)),
});
const steps = fc.array(fc.tuple(fc.constantFrom(...uuids), fc.option(row)), { maxLength: 40 });

/** An index whose keys may be of any kind, and the same keys by looking at a row. */
interface Case {
  readonly name: string;
  readonly plan: IndexPlan<readonly unknown[]>;
  readonly keys: (row: AnyRow) => readonly (readonly unknown[])[];
}
const any = (plan: IndexPlan<never>): IndexPlan<readonly unknown[]> => plan as unknown as IndexPlan<readonly unknown[]>; // keys are checked below
const cases: readonly Case[] = [
  { name: 'one column', plan: byColumns(['name']), keys: (r) => [[r.name]] },
  { name: 'an optional column', plan: byColumns(['tag']), keys: (r) => [[r.tag]] },
  { name: 'a set', plan: byColumns(['trunks']), keys: (r) => [[r.trunks]] },
  { name: 'a map', plan: byColumns(['ids']), keys: (r) => [[r.ids]] },
  { name: 'several columns', plan: byColumns(['name', 'tag', 'ids']), keys: (r) => [[r.name, r.tag, r.ids]] },
  {
    name: 'references',
    plan: any(byReference('ref') as IndexPlan<never>),
    keys: (r) => [...(r.ref as Set<string>)].map((u) => [u]),
  },
  {
    name: 'a function',
    plan: any(byKeys({ kind: 'one', of: (r) => (r.name === '' ? undefined : `${r.name}!`) }) as IndexPlan<never>),
    keys: (r) => (r.name === '' ? [] : [[`${r.name}!`]]),
  },
  {
    name: 'a function of many',
    plan: any(byKeys({ kind: 'many', of: (r) => (r.ids as Map<string, string>).values() }) as IndexPlan<never>),
    keys: (r) => [...new Set((r.ids as Map<string, string>).values())].map((value) => [value]),
  },
];

function change(table: LiveTable, uuid: string, columns: object | null): void {
  const old = table.rows.get(uuid);
  const now = columns === null ? undefined : ({ _uuid: uuid, ...columns } as AnyRow); // as the arbitrary makes it
  if (now === undefined && old !== undefined) table.apply({ kind: 'delete', table: 'T', uuid, old });
  if (now !== undefined && old === undefined) table.apply({ kind: 'insert', table: 'T', uuid, new: now });
  if (now !== undefined && old !== undefined) table.apply({ kind: 'modify', table: 'T', uuid, old, new: now });
}

describe('an index', () => {
  it.each(cases)('finds by $name what a look at every row finds', ({ plan, keys }) => {
    fc.assert(
      fc.property(steps, steps, (before, after) => {
        const table = new LiveTable();
        for (const [uuid, columns] of before) change(table, uuid, columns);
        const index = new TableIndex<readonly unknown[], AnyRow>(table, plan);
        const check = (): void => {
          const rows = [...table.rows.values()];
          const all = rows.flatMap((one) => keys(one));
          for (const key of all) {
            const wanted = rows.filter((one) => keys(one).some((other) => same(other, key)));
            expect(new Set(index.rows(...key))).toEqual(new Set(wanted));
            expect(index.has(...key)).toBe(true);
          }
          const distinct = all.filter((key, n) => all.findIndex((other) => same(other, key)) === n);
          expect(index.size).toBe(distinct.length);
        };
        check();
        for (const [uuid, columns] of after) {
          change(table, uuid, columns);
          check();
        }
        index[Symbol.dispose]();
        for (const uuid of uuids) change(table, uuid, null);
        change(table, 'u1', { name: 'a', tag: 1, trunks: new Set(), ids: new Map([['k', 'v']]), ref: new Set(['u1']) });
        expect(index.size).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('says when a key that was to be unique is not', () => {
    const table = new LiveTable();
    const index = new TableIndex<readonly [string], AnyRow>(table, byColumns(['name']));
    change(table, 'u1', { name: 'a' });
    expect(index.one('a')).toBe(table.rows.get('u1'));
    expect(index.one('b')).toBeUndefined();
    change(table, 'u2', { name: 'a' });
    let caught: unknown;
    try {
      index.one('a');
    } catch (error) {
      caught = error;
    }
    expect(isOvsdbError(caught, 'invalid-use')).toBe(true);
    change(table, 'u1', null);
    expect(index.one('a')?._uuid).toBe('u2');
  });
});

function same(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.every((part, n) => plain(part) === plain(b[n]));
}

function plain(value: unknown): string {
  if (value instanceof Set) return `set ${[...value].sort().join()}`;
  if (value instanceof Map) return `map ${JSON.stringify([...value].sort())}`;
  return `${typeof value} ${String(value)}`;
}
