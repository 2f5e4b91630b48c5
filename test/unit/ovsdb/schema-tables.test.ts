import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseSchema } from '../../../ovsdb/schema.ts';
import { checkTables } from '../../../ovsdb/schema-check.ts';
import { tablesOf } from '../../../ovsdb/schema-tables.ts';

const many = { min: 0, max: 'unlimited' };
const columns = {
  name: { type: 'string' },
  count: { type: { key: 'integer', min: 0, max: 1 } },
  refs: { type: { key: { type: 'uuid', refTable: 'T' }, ...many } },
  ids: { type: { key: 'string', value: 'integer', ...many } },
};

describe('a declaration made from a schema', () => {
  it('has every column with its kind and type', () => {
    expect(tablesOf(parseSchema({ name: 'db', version: '1.0.0', tables: { T: { columns } } }))).toEqual({
      T: {
        name: { kind: 'scalar', key: 'string' },
        count: { kind: 'optional', key: 'int64' },
        refs: { kind: 'set', key: 'uuid' },
        ids: { kind: 'map', key: 'string', value: 'int64' },
      },
    });
  });

  it.each(
    [
      '/usr/share/openvswitch/vswitch.ovsschema',
      '/usr/share/ovn/ovn-nb.ovsschema',
      '/usr/share/ovn/ovn-sb.ovsschema',
    ].filter((file) => existsSync(file)),
  )('fits its schema: %s', (file) => {
    const schema = parseSchema(JSON.parse(readFileSync(file, 'utf8')));
    const tables = tablesOf(schema);
    expect(Object.keys(tables).length).toBeGreaterThan(10);
    checkTables(schema, tables);
  });
});
