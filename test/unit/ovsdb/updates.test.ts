import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeValue } from '../../../ovsdb/codec.ts';
import { defineTables, map, optional, scalar, set, type Value } from '../../../ovsdb/columns.ts';
import { isOvsdbError } from '../../../ovsdb/errors.ts';
import { LiveTable } from '../../../ovsdb/live-table.ts';
import { parseSchema } from '../../../ovsdb/schema.ts';
import { type AnyRow, readersFor } from '../../../ovsdb/table-reader.ts';
import { type AnyChange, applyChanges, decodeUpdates, difference, sameRow } from '../../../ovsdb/updates.ts';

const tables = defineTables({
  T: {
    name: scalar('string'),
    ofport: optional('integer'),
    tags: set('integer'),
    ids: map('string', 'string'),
    one: set('string'),
  },
});
const SPECS = tables.T;
const schema = parseSchema({
  name: 'db',
  version: '1.0.0',
  tables: {
    T: {
      columns: {
        name: { type: 'string' },
        ofport: { type: { key: 'integer', min: 0, max: 1 } },
        tags: { type: { key: 'integer', min: 0, max: 'unlimited' } },
        ids: { type: { key: 'string', value: 'string', min: 0, max: 'unlimited' } },
        one: { type: { key: 'string', min: 0, max: 1 } },
      },
    },
  },
});
const readers = readersFor(schema, tables);

const word = fc.constantFrom('', 'a', 'b', 'c', 'd');
const columns = fc.record({
  name: word,
  ofport: fc.option(fc.nat(3)),
  tags: fc.array(fc.nat(5)).map((items) => new Set(items)),
  ids: fc.array(fc.tuple(word, word)).map((pairs) => new Map(pairs)),
  one: fc.array(word, { maxLength: 1 }).map((items) => new Set(items)),
});
type Columns = typeof columns extends fc.Arbitrary<infer C> ? C : never;
type Rows = Map<string, AnyRow>;

const database = fc
  .dictionary(fc.constantFrom('u1', 'u2', 'u3', 'u4'), columns, { noNullPrototype: true })
  .map((rows): Rows => new Map(Object.entries(rows).map(([uuid, row]) => [uuid, { _uuid: uuid, ...row }])));

/** What ovsdb-server would send: all of a new row but its defaults; of a changed one the differences. */
function whole(row: Columns): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(SPECS).map(([name, spec]) => [name, encodeValue(spec, row[name as keyof Columns])]),
  );
}
function withoutDefaults(row: Columns): Record<string, unknown> {
  const empty: Record<string, unknown> = {
    name: '',
    ofport: ['set', []],
    tags: ['set', []],
    ids: ['map', []],
    one: ['set', []],
  };
  return Object.fromEntries(
    Object.entries(whole(row)).filter(([name, json]) => JSON.stringify(json) !== JSON.stringify(empty[name])),
  );
}
function modification(from: Columns, to: Columns): Record<string, unknown> {
  const changed: Record<string, unknown> = {};
  if (from.name !== to.name) changed.name = to.name;
  if (from.ofport !== to.ofport) changed.ofport = encodeValue(SPECS.ofport, to.ofport);
  if ([...from.one][0] !== [...to.one][0]) changed.one = encodeValue(SPECS.one, to.one);
  const tags = from.tags.symmetricDifference(to.tags);
  if (tags.size > 0) changed.tags = encodeValue(SPECS.tags, tags);
  const ids = [...new Set([...from.ids.keys(), ...to.ids.keys()])]
    .filter((key) => from.ids.get(key) !== to.ids.get(key))
    .map((key) => [key, to.ids.get(key) ?? from.ids.get(key)]);
  if (ids.length > 0) changed.ids = ['map', ids];
  return changed;
}
function updates(form: 'update' | 'update2', from: Rows, to: Rows): unknown {
  const rows: Record<string, unknown> = {};
  for (const uuid of new Set([...from.keys(), ...to.keys()])) {
    const old = from.get(uuid) as Columns | undefined;
    const row = to.get(uuid) as Columns | undefined;
    if (old && row && sameRow(old as unknown as AnyRow, row as unknown as AnyRow)) continue;
    if (form === 'update') rows[uuid] = { ...(old && { old: whole(old) }), ...(row && { new: whole(row) }) };
    else if (row === undefined) rows[uuid] = { delete: null };
    else rows[uuid] = old ? { modify: modification(old, row) } : { insert: withoutDefaults(row) };
  }
  return { T: rows };
}

const heldAs = (rows: Rows): Map<string, Rows> => new Map([['T', new Map(rows)]]);
const apply = (held: Map<string, Rows>, changes: readonly AnyChange[]): void => {
  const table = new LiveTable();
  for (const [uuid, row] of held.get('T') ?? []) table.apply({ kind: 'insert', table: 'T', uuid, new: row });
  applyChanges(new Map([['T', table]]), changes);
  held.set('T', new Map(table.rows));
};
const byUuid = (rows: Rows): [string, Value | AnyRow][] => [...rows].sort(([a], [b]) => (a < b ? -1 : 1));

describe('updates', () => {
  it.each(['update', 'update2'] as const)('turn the rows before into the rows after, as %s', (form) => {
    fc.assert(
      fc.property(database, database, (from, to) => {
        const held = heldAs(from);
        const before = byUuid(from);
        const changes = decodeUpdates(form, readers, held, updates(form, from, to));
        expect(byUuid(held.get('T') as Rows)).toEqual(before); // decoding changes nothing
        apply(held, changes);
        expect(byUuid(held.get('T') as Rows)).toEqual(byUuid(to));
        for (const change of changes) {
          if (change.kind !== 'insert') expect(change.old).toBe(from.get(change.uuid));
        }
      }),
    );
  });

  it('say the difference when all is read anew, and nothing about what stayed', () => {
    fc.assert(
      fc.property(database, database, (from, to) => {
        const held = heldAs(from);
        const changes = difference(
          held,
          decodeUpdates('update2', readers, heldAs(new Map()), updates('update2', new Map(), to)),
        );
        for (const change of changes) if (change.kind === 'modify') expect(sameRow(change.old, change.new)).toBe(false);
        apply(held, changes);
        expect(byUuid(held.get('T') as Rows)).toEqual(byUuid(to));
        expect(
          difference(
            held,
            [...to].map(([uuid, row]) => ({ kind: 'insert', table: 'T', uuid, new: row })),
          ),
        ).toEqual([]);
      }),
    );
  });

  it('never change a row that was handed out', () => {
    const old: AnyRow = {
      _uuid: 'u1',
      name: 'a',
      ofport: 1,
      tags: new Set([1]),
      ids: new Map([['k', 'v']]),
      one: new Set(),
    };
    const held = heldAs(new Map([['u1', old]]));
    apply(
      held,
      decodeUpdates('update2', readers, held, { T: { u1: { modify: { tags: 1, ids: ['map', [['k', 'w']]] } } } }),
    );
    expect(old.tags).toEqual(new Set([1]));
    expect(old.ids).toEqual(new Map([['k', 'v']]));
    expect(held.get('T')?.get('u1')).toEqual({ ...old, tags: new Set(), ids: new Map([['k', 'w']]) });
  });

  it.each([
    ['a change of a row that is not known', { T: { u1: { modify: { name: 'x' } } } }],
    ['a table that nobody asked for', { U: { u1: { insert: {} } } }],
    ['a value of another type', { T: { u1: { insert: { name: 7 } } } }],
    ['something else', 7],
  ])('refuse %s', (_what, json) => {
    let caught: unknown;
    try {
      decodeUpdates('update2', readers, heldAs(new Map()), json);
    } catch (error) {
      caught = error;
    }
    expect(isOvsdbError(caught, 'protocol')).toBe(true);
  });
});
