import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorTable } from '../../../domain/errors.ts';

const page = readFileSync(new URL('../../../docs/failure-modes.md', import.meta.url), 'utf8');
const anchors = new Set([...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => `#${heading}`));

describe('docs/failure-modes.md', () => {
  it.each(Object.entries(errorTable))('explains %s where its code points to', (_code, traits) => {
    expect(anchors).toContain(traits.docs);
  });

  it('explains nothing that is no code', () => {
    expect([...anchors].toSorted()).toEqual(
      Object.values(errorTable)
        .map((traits) => traits.docs)
        .toSorted(),
    );
  });
});
