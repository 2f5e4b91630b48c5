import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { type LockedPackage, lockedAt } from './lock-file.ts';

/** The packages of which code is in the bundles: what esbuild took, without what it dropped. By name. */
export function bundledPackages(
  metafiles: readonly Metafile[],
  lock: ReadonlyMap<string, LockedPackage>,
): readonly LockedPackage[] {
  const paths = metafiles.flatMap(({ outputs }) =>
    Object.values(outputs).flatMap(({ inputs }) =>
      Object.entries(inputs)
        .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
        .flatMap(([input]) => packagePathOf(input) ?? []),
    ),
  );
  return [...new Set(paths)].map((path) => lockedAt(lock, path)).toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** `node_modules/a/node_modules/@b/c` of a file below it; undefined for a file of our own. */
export function packagePathOf(input: string): string | undefined {
  return /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
}

/** Licence and notice files of a package, with their texts. One without any cannot be shipped. */
export function licenceTexts(root: string, locked: LockedPackage): readonly string[] {
  const folder = join(root, locked.path);
  const files = existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => /^(licen[cs]e|copying|notice)/i.test(name))
        .toSorted()
    : [];
  if (files.length === 0)
    throw new Error(`${locked.path} has no licence file: its licence must be told in the notices`);
  return files.map((name) => readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n').trimEnd());
}

/** The notices that go with the bundles: every package in them, with the texts that its licence wants repeated. */
export function thirdPartyNotices(root: string, packages: readonly LockedPackage[]): string {
  const rule = '-'.repeat(78);
  const head = [
    'Shunt is licensed under the Apache License, Version 2.0. Its programs contain code of the packages below, under their own',
    'licences. The Node.js binary beside them and what it contains: see LICENSE.node.',
  ];
  const parts = packages.map((locked) =>
    [rule, `${locked.name} ${locked.version} (${locked.license})`, '', ...licenceTexts(root, locked)].join('\n'),
  );
  return `${[...head, '', ...parts].join('\n')}\n`;
}
