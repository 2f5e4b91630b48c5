// Imports point one way. Each rule has a planted violation in test/architecture/ that must be caught.
'use strict';

const parts = [
  'domain',
  'wire',
  'ovsdb',
  'openflow',
  'platform',
  'agent',
  'coordinator',
  'cli',
  'lab',
  'scripts',
  'bench',
  'test',
];
const inside = (...names) => `^(${names.join('|')})/`;
const allBut = (...names) => inside(...parts.filter((part) => !names.includes(part)));
const packaged = (...names) => `node_modules/(${names.join('|')})/`;

const drawers = '^(?!.*node_modules/).*(^|/)(utils?|helpers?|common|managers?)(/|\\.ts$)';
const noDrawers = 'no utils, helpers, common, manager: name the duty';

/** `from` may import nothing of the project but itself and `allowed`. */
function mayImportOnly(from, allowed, why) {
  return {
    name: `${from}-stands-alone`,
    comment: why,
    severity: 'error',
    from: { path: inside(from) },
    to: { path: allBut(from, ...allowed) },
  };
}

/** `from` must not import what `to` matches. */
function never(name, why, from, to) {
  return { name, comment: why, severity: 'error', from, to };
}

module.exports = {
  forbidden: [
    mayImportOnly('domain', [], 'domain decides and touches nothing: it imports no other part'),
    mayImportOnly('ovsdb', [], 'ovsdb is a library of its own: it knows nothing of Shunt'),
    mayImportOnly('openflow', [], 'openflow is a library of its own: it knows nothing of Shunt'),
    never(
      'wire-stands-alone',
      'wire maps the contracts to the domain; of all else it knows only the one error class (docs/decisions/0007)',
      { path: inside('wire') },
      { path: allBut('wire', 'domain'), pathNot: '^platform/shunt-error\\.ts$' },
    ),
    never(
      'platform-stands-alone',
      "platform may use domain's error codes (domain/errors.ts), and no other part",
      { path: inside('platform') },
      { path: allBut('platform'), pathNot: '^domain/errors\\.ts$' },
    ),
    never(
      'agent-and-coordinator-are-strangers',
      'agent and coordinator are two programs: they share domain, wire and platform, never code of each other',
      { path: '^(agent|coordinator)/' },
      { path: '^(agent|coordinator)/', pathNot: '^$1/' },
    ),
    never(
      'cli-stands-apart',
      'cli is a program of its own, and nobody else is made of it',
      { path: inside('agent', 'coordinator', 'cli', 'lab'), pathNot: '^cli/' },
      { path: inside('cli') },
    ),
    never(
      'cli-talks-grpc-only',
      "the operator's hand has no other way in than the coordinator",
      { path: inside('cli') },
      { path: `${inside('agent', 'coordinator', 'ovsdb', 'openflow')}|${packaged('@nats-io', 'koffi')}` },
    ),
    never(
      'lab-starts-programs',
      'lab starts agent, coordinator and cli as an operator does, and never imports them',
      { path: inside('lab') },
      { path: inside('agent', 'coordinator', 'cli') },
    ),
    never(
      'products-know-no-lab',
      'what is shipped imports no lab, test, bench or script',
      { path: inside('domain', 'wire', 'ovsdb', 'openflow', 'platform', 'agent', 'coordinator', 'cli') },
      { path: inside('lab', 'test', 'bench', 'scripts') },
    ),
    never(
      'lab-and-bench-know-no-test',
      'only tests import tests; what runs the rows of the fault list reads the table of them',
      { path: inside('lab', 'bench', 'scripts') },
      { path: inside('test'), pathNot: '^test/faults/rows\\.ts$' },
    ),
    never(
      'main-is-a-root',
      'main.ts wires a program to the world and is started, never imported; tests may',
      { pathNot: inside('test') },
      { path: '(^|/)main\\.ts$' },
    ),
    never(
      'domain-is-pure',
      'no I/O, no clock, no random in domain: of Node only what computes, of packages only zod',
      { path: inside('domain') },
      { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|util|buffer|assert)$' },
    ),
    never(
      'domain-needs-no-package',
      'no I/O, no clock, no random in domain: of Node only what computes, of packages only zod',
      { path: inside('domain') },
      { dependencyTypes: ['npm', 'npm-dev', 'npm-optional'], pathNot: packaged('zod') },
    ),
    never(
      'native-calls-in-one-place',
      'koffi is called from platform/native only, one small file a duty; and by the lab for its blocking loops',
      { pathNot: ['^platform/native/', '^lab/native-io\\.ts$', '^test/'] },
      { path: packaged('koffi') },
    ),
    never(
      'ledger-owns-sqlite',
      'the ledger is the only user of the database',
      { pathNot: ['^coordinator/ledger/', '^test/', '^bench/'] },
      { path: '^(node:)?sqlite$' },
    ),
    never('no-cycles', 'a cycle means that two files are one, or that a third is missing', {}, { circular: true }),
    never('imports-resolve', 'an import that leads nowhere', {}, { couldNotResolve: true }),
    never(
      'products-need-no-dev-package',
      'what is shipped imports packages from "dependencies" only',
      { path: inside('domain', 'wire', 'ovsdb', 'openflow', 'platform', 'agent', 'coordinator', 'cli') },
      { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    ),
    // Three ways to be seen: imported, importing, neither.
    never('no-junk-drawers', noDrawers, {}, { path: drawers }),
    never('no-junk-drawers', noDrawers, { path: drawers }, {}),
    never('no-junk-drawers', noDrawers, { path: drawers, orphan: true }, {}),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|coverage)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
