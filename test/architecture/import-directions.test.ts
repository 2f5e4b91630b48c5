import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise, type ICruiseOptions, type ICruiseResult } from 'dependency-cruiser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sawTooFewModules } from '../../scripts/check.ts';

const root = join(import.meta.dirname, '../..');
const config = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as CruiserConfig; // a CommonJS file has no types

interface CruiserConfig {
  readonly forbidden: readonly { readonly name: string }[];
  readonly options: ICruiseOptions;
}

interface Planted {
  readonly rule: string;
  readonly files: Readonly<Record<string, string>>;
}

const leaf = 'export const leaf = 1;\n';
const uses = (target: string) => `import { leaf } from '${target}';\nexport const user = leaf;\n`;
const usesType = (target: string) => `import type { leaf } from '${target}';\nexport type User = typeof leaf;\n`;

/** One violation or more of every rule, in a tree that is laid out like this one. */
const planted: readonly Planted[] = [
  { rule: 'domain-stands-alone', files: { 'domain/a.ts': uses('../platform/leaf.ts') } },
  { rule: 'domain-stands-alone', files: { 'domain/type-only.ts': usesType('../wire/leaf.ts') } },
  { rule: 'ovsdb-stands-alone', files: { 'ovsdb/a.ts': uses('../domain/leaf.ts') } },
  { rule: 'openflow-stands-alone', files: { 'openflow/a.ts': uses('../platform/leaf.ts') } },
  { rule: 'wire-stands-alone', files: { 'wire/a.ts': uses('../platform/leaf.ts') } },
  { rule: 'platform-stands-alone', files: { 'platform/a.ts': uses('../domain/leaf.ts') } },
  { rule: 'agent-and-coordinator-are-strangers', files: { 'agent/a.ts': uses('../coordinator/leaf.ts') } },
  { rule: 'agent-and-coordinator-are-strangers', files: { 'coordinator/deep/a.ts': uses('../../agent/leaf.ts') } },
  { rule: 'cli-stands-apart', files: { 'coordinator/b.ts': uses('../cli/leaf.ts') } },
  { rule: 'cli-talks-grpc-only', files: { 'cli/a.ts': uses('../ovsdb/leaf.ts') } },
  { rule: 'cli-talks-grpc-only', files: { 'cli/b.ts': "import '@nats-io/transport-node';\n" } },
  { rule: 'lab-starts-programs', files: { 'lab/a.ts': uses('../agent/leaf.ts') } },
  { rule: 'products-know-no-lab', files: { 'agent/b.ts': uses('../lab/leaf.ts') } },
  { rule: 'lab-and-bench-know-no-test', files: { 'bench/a.ts': uses('../test/leaf.ts') } },
  {
    rule: 'lab-and-bench-know-no-test',
    files: { 'scripts/a.ts': uses('../test/faults/leaf.ts'), 'test/faults/leaf.ts': leaf },
  },
  { rule: 'main-is-a-root', files: { 'agent/main.ts': leaf, 'agent/c.ts': uses('./main.ts') } },
  { rule: 'domain-is-pure', files: { 'domain/b.ts': "import { readFileSync } from 'node:fs';\nreadFileSync('x');\n" } },
  { rule: 'domain-needs-no-package', files: { 'domain/c.ts': "import pino from 'pino';\npino();\n" } },
  { rule: 'native-calls-in-one-place', files: { 'agent/d.ts': "import koffi from 'koffi';\nkoffi.load('x');\n" } },
  {
    rule: 'ledger-owns-sqlite',
    files: { 'agent/e.ts': "import { DatabaseSync } from 'node:sqlite';\nnew DatabaseSync('x');\n" },
  },
  { rule: 'no-cycles', files: { 'domain/d.ts': uses('./e.ts'), 'domain/e.ts': `${uses('./d.ts')}${leaf}` } },
  { rule: 'imports-resolve', files: { 'domain/f.ts': uses('./nowhere.ts') } },
  { rule: 'products-need-no-dev-package', files: { 'agent/f.ts': "import fc from 'fast-check';\nfc.nat();\n" } },
  { rule: 'no-junk-drawers', files: { 'agent/utils/alone.ts': leaf } },
  { rule: 'no-junk-drawers', files: { 'wire/helpers.ts': leaf, 'wire/b.ts': uses('./helpers.ts') } },
];

/** What the rules allow, close to what they forbid: it must not be caught. */
const innocent: Readonly<Record<string, string>> = {
  'domain/errors.ts': leaf,
  'domain/g.ts':
    "import { createHash } from 'node:crypto';\nimport * as z from 'zod';\nz.string();\ncreateHash('sha256');\n",
  'platform/b.ts': uses('../domain/errors.ts'),
  'platform/native/a.ts': "import koffi from 'koffi';\nkoffi.load('x');\n",
  'wire/c.ts': uses('../domain/leaf.ts'),
  'agent/g.ts': uses('../wire/leaf.ts'),
  'coordinator/ledger/a.ts': "import { DatabaseSync } from 'node:sqlite';\nnew DatabaseSync('x');\n",
  'lab/b.ts': uses('../platform/leaf.ts'),
  'test/a.ts': uses('../coordinator/leaf.ts'),
  'test/faults/rows.ts': leaf,
  'scripts/b.ts': uses('../test/faults/rows.ts'),
};

const folders = [
  'agent',
  'bench',
  'cli',
  'coordinator',
  'domain',
  'lab',
  'openflow',
  'ovsdb',
  'platform',
  'scripts',
  'test',
  'wire',
];

async function violationsIn(baseDir: string): Promise<readonly { readonly rule: string; readonly from: string }[]> {
  const { output } = await cruise(folders, { ...config.options, baseDir, validate: true, ruleSet: config as never }); // its own type forgets what its own file format allows
  const { summary } = output as ICruiseResult; // without an output type it is never text
  return summary.violations.map(({ rule, from }) => ({ rule: rule.name, from }));
}

describe('the direction of imports', () => {
  const tree = mkdtempSync(join(tmpdir(), 'shunt-planted-'));
  let caught: readonly { readonly rule: string; readonly from: string }[];

  function plant(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(tree, dirname(path)), { recursive: true });
      writeFileSync(join(tree, path), text);
    }
  }

  beforeAll(async () => {
    plant(Object.fromEntries(folders.map((folder) => [`${folder}/leaf.ts`, leaf])));
    for (const { files } of planted) plant(files);
    plant(innocent);
    for (const shared of ['node_modules', 'package.json', 'tsconfig.json'])
      symlinkSync(join(root, shared), join(tree, shared));
    caught = await violationsIn(tree);
  }, 60_000);

  afterAll(() => rmSync(tree, { recursive: true }));

  it.each(planted.map(({ rule, files }) => ({ rule, paths: Object.keys(files) })))(
    'catches $paths by $rule',
    ({ rule, paths }) => {
      expect(caught.filter(({ from }) => paths.includes(from)).map((violation) => violation.rule)).toContain(rule);
    },
  );

  it('catches no more than what was planted', () => {
    const guilty = new Set(planted.flatMap(({ files }) => Object.keys(files)));
    expect(caught.filter(({ from }) => !guilty.has(from))).toEqual([]);
  });

  it('has a planted violation of every rule', () => {
    const rules = new Set(config.forbidden.map(({ name }) => name));
    expect(new Set(planted.map(({ rule }) => rule))).toEqual(rules);
  });

  it('objects when dependency-cruiser does not read the tree', () => {
    expect(sawTooFewModules('✔ no dependency violations found (0 modules, 0 dependencies cruised)')).toMatch(
      /does not read/,
    );
    expect(sawTooFewModules('✔ no dependency violations found (87 modules, 300 dependencies cruised)')).toBeUndefined();
  });
});
