import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../../../', import.meta.url);
const page = readFileSync(new URL('docs/limits.md', root), 'utf8');
const rows = [...page.matchAll(/^\| (.+) \| (\d+) \| `(.+)` (\w+) \|$/gm)].map(
  ([, what = '', bound = '', file = '', name = '']) => ({ what, bound, file, name }),
);

describe('docs/limits.md', () => {
  it('lists bounds', () => expect(rows.length).toBeGreaterThan(20));

  it.each(rows)('tells the truth about: $what', ({ bound, file, name }) => {
    const source = readFileSync(new URL(file, root), 'utf8');
    // `const name = 1_000;`, `name: 64 * 1024 * 1024,` or `{ name = 5_000 }`
    const factors = new RegExp(`\\b${name}(?: =|:) ([\\d_ *]+)[;,}]`).exec(source)?.[1]?.split('*') ?? [];
    expect(
      factors.reduce(
        (product, factor) => product * Number(factor.replaceAll('_', '')),
        factors.length === 0 ? Number.NaN : 1,
      ),
    ).toBe(Number(bound));
  });
});
