import type { AtomicType, ColumnSpec, ColumnSpecs, TableSpecs } from '../../../../ovsdb/columns.ts';
import type { Random } from './random.ts';

/** A column as ovsdb-server's schema has it and as we declare it. */
export interface LawColumn {
  readonly json: Readonly<Record<string, unknown>>;
  readonly spec: ColumnSpec;
  /** Table that a uuid refers to. */
  readonly refers?: string;
  readonly immutable: boolean;
}
export interface LawTable {
  readonly name: string;
  readonly columns: ReadonlyMap<string, LawColumn>;
}
export interface LawSchema {
  readonly json: unknown;
  readonly tables: readonly LawTable[];
  /** What replicas declare; `Meta` too, without its padding. */
  readonly specs: TableSpecs;
  /** What writers declare. */
  readonly allSpecs: TableSpecs;
}

const META: ColumnSpecs = { name: { kind: 'scalar', key: 'string' }, seq: { kind: 'scalar', key: 'integer' } };

/**
 * Tables with columns of every kind: scalars, optionals, sets, maps; weak and strong references; ephemeral and immutable ones.
 * `fewMax` bounds some sets. A cluster of OVS 3.1 never answers a transaction that makes a set larger than its bound: none there.
 */
export function randomSchema(random: Random, fewMax: number | 'unlimited'): LawSchema {
  const names = ['A', 'B', 'C', 'D'].slice(0, 2 + random.below(3));
  const tables = names.map((name): LawTable => ({ name, columns: randomColumns(random, names, fewMax) }));
  const json = {
    name: 'laws',
    version: '1.0.0',
    tables: Object.fromEntries([
      [
        'Meta',
        {
          isRoot: true,
          columns: {
            name: { type: 'string' },
            seq: { type: 'integer' },
            pad: { type: { key: 'integer', min: 0, max: 'unlimited' } },
          },
        },
      ],
      ...tables.map((table, n) => [table.name, tableJson(random, table, n === 0)]),
    ]),
  };
  const specs = Object.fromEntries(
    tables.map(({ name, columns }) => [
      name,
      Object.fromEntries([...columns].map(([column, { spec }]) => [column, spec])),
    ]),
  );
  const pad: ColumnSpec = { kind: 'set', key: 'integer' };
  return { json, tables, specs: { ...specs, Meta: META }, allSpecs: { ...specs, Meta: { ...META, pad } } };
}

function tableJson(random: Random, { columns }: LawTable, first: boolean): unknown {
  const unique = [...columns].filter(([, { spec, json }]) => spec.kind === 'scalar' && json.ephemeral !== true);
  const [name] = unique.map(([column]) => column);
  return {
    isRoot: first || random.chance(70),
    columns: Object.fromEntries([...columns].map(([column, { json }]) => [column, json])),
    ...(name !== undefined && random.chance(25) ? { indexes: [[name]] } : {}),
  };
}

function randomColumns(
  random: Random,
  tables: readonly string[],
  fewMax: number | 'unlimited',
): ReadonlyMap<string, LawColumn> {
  const columns = Array.from(
    { length: 2 + random.below(5) },
    (_, n) => [NAMES[n] ?? `c${n}`, randomColumn(random, tables, fewMax)] as const,
  );
  return new Map(columns);
}

function randomColumn(random: Random, tables: readonly string[], fewMax: number | 'unlimited'): LawColumn {
  const key = random.of(KEYS);
  const kind = random.of(['scalar', 'optional', 'set', 'few', 'map'] as const);
  const refers = key === 'uuid' && kind !== 'scalar' && random.chance(85) ? random.of(tables) : undefined;
  const refType = random.of(['weak', 'strong'] as const);
  const base = key === 'int64' ? 'integer' : key;
  const keyJson = refers === undefined ? base : { type: 'uuid', refTable: refers, refType };
  const ephemeral = refers === undefined && random.chance(15);
  const immutable = refers === undefined && random.chance(10);
  const flags = { ...(ephemeral ? { ephemeral } : {}), ...(immutable ? { mutable: false } : {}) };
  const own = { ...(refers === undefined ? {} : { refers }), immutable };
  switch (kind) {
    case 'scalar':
      return {
        json: { type: { key: keyJson }, ...flags },
        spec: { kind: random.chance(80) ? 'scalar' : 'set', key },
        ...own,
      };
    case 'optional':
      return {
        json: { type: { key: keyJson, min: 0, max: 1 }, ...flags },
        spec: { kind: random.chance(80) ? 'optional' : 'set', key },
        ...own,
      };
    case 'set':
      return {
        json: { type: { key: keyJson, min: 0, max: 'unlimited' }, ...flags },
        spec: { kind: 'set', key },
        ...own,
      };
    case 'few':
      return { json: { type: { key: keyJson, min: 0, max: fewMax }, ...flags }, spec: { kind: 'set', key }, ...own };
    case 'map': {
      const value = random.of(KEYS);
      const max = random.chance(20) ? 1 : 'unlimited';
      const type = { key: keyJson, value: value === 'int64' ? 'integer' : value, min: 0, max };
      return { json: { type, ...flags }, spec: { kind: 'map', key, value }, ...own };
    }
  }
}

const KEYS: readonly AtomicType[] = ['integer', 'int64', 'real', 'boolean', 'string', 'string', 'uuid', 'uuid'];
/** Columns may be called as what every JavaScript object inherits. */
const NAMES: readonly string[] = ['c0', 'constructor', 'toString'];
