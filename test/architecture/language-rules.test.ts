import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runProgram } from '../../scripts/run-program.ts';

const root = join(import.meta.dirname, '../..');
const bin = join(root, 'node_modules/.bin');
const tree = mkdtempSync(join(tmpdir(), 'shunt-language-'));

afterAll(() => rmSync(tree, { recursive: true }));

/** A file of its own tree, judged by this repository's settings. */
async function lint(name: string, text: string): Promise<string> {
  writeFileSync(join(tree, name), text);
  const { output } = await runProgram(
    join(bin, 'biome'),
    ['lint', `--config-path=${root}`, '--vcs-enabled=false', '--error-on-warnings', join(tree, name)],
    { cwd: tree, limitMs: 30_000 },
  );
  return output;
}

async function typeCheck(text: string): Promise<string> {
  writeFileSync(join(tree, 'typed.ts'), text);
  writeFileSync(
    join(tree, 'tsconfig.json'),
    JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions: { types: [] }, include: ['typed.ts'] }),
  );
  const { output } = await runProgram(join(bin, 'tsc'), ['-p', tree, '--pretty', 'false'], {
    cwd: tree,
    limitMs: 60_000,
  });
  return output;
}

describe('the linter', () => {
  it.each([
    ['noExplicitAny', 'loose.ts', 'export const loose: any = 1;\n'],
    ['noDefaultExport', 'nameless.ts', 'export default 1;\n'],
    ['useImportType', 'imported.ts', "import { Stats } from 'node:fs';\nexport type Seen = Stats;\n"],
    ['useFilenamingConvention', 'CamelCase.ts', 'export const ok = 1;\n'],
    ['noBarrelFile', 'barrel.ts', "export * from './loose.ts';\n"],
    ['noUnusedImports', 'unused.ts', "import { join } from 'node:path';\nexport const ok = 1;\n"],
  ])('objects by %s to %s', async (rule, name, text) => {
    expect(await lint(name, text)).toContain(rule);
  });

  it('is content with a plain file', async () => {
    expect(await lint('plain.ts', 'export const plain = 1;\n')).toMatch(/Checked 1 file/);
  });
});

describe('the compiler', () => {
  it.each([
    ['an enum, which Node cannot strip', 'export enum Colour {\n  Red,\n}\n', /erasableSyntaxOnly/],
    ['an index that may be absent', 'export const first = (list: string[]): string => list[0];\n', /undefined/],
    [
      'undefined for an optional property',
      'export const o: { a?: string } = { a: undefined };\n',
      /exactOptionalPropertyTypes/,
    ],
  ])('objects to %s', async (_what, text, why) => {
    expect(await typeCheck(text)).toMatch(why);
  });
});
