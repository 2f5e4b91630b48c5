import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { generateWire } from '../../../scripts/generate-wire.ts';

const committed = join(import.meta.dirname, '../../../wire/gen');
const fresh = mkdtempSync(join(tmpdir(), 'shunt-wire-gen-'));
afterAll(() => rmSync(fresh, { recursive: true, force: true }));

function contents(dir: string): Record<string, string> {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(paths.map((path) => [path.slice(dir.length), readFileSync(path, 'utf8')]));
}

it('wire/gen is what proto/ says (else: npm run gen)', () => {
  generateWire(fresh);
  expect(contents(committed)).toEqual(contents(fresh));
});
