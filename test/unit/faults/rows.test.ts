import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { faultRows, titleOf } from '../../faults/rows.ts';

const root = join(import.meta.dirname, '../../..');
const files = globSync('test/faults/*.test.ts', { cwd: root }).toSorted();

describe('the fault list', () => {
  it('has 22 rows, numbered as they stand, each with a file that begins with its number', () => {
    expect(faultRows.map(({ number }) => number)).toEqual(Array.from({ length: 22 }, (_, index) => index + 1));
    for (const { number, file } of faultRows)
      expect(file).toMatch(new RegExp(`^test/faults/${String(number).padStart(2, '0')}-[a-z-]+\\.test\\.ts$`));
  });

  it('knows every test beside it', () => {
    const known = new Set(faultRows.map(({ file }) => file));
    expect(files.filter((file) => !known.has(file))).toEqual([]);
  });

  it.each(files)('is what %s says first', (file) => {
    const row = faultRows.find((candidate) => candidate.file === file);
    const first = /^describe(?:\.\w+)?\(\s*(.+?),\s*\(\) =>/ms.exec(readFileSync(join(root, file), 'utf8'))?.[1];
    expect([`titleOf(${row?.number})`, `'${titleOf(row?.number ?? 0)}'`]).toContain(first);
  });
});
