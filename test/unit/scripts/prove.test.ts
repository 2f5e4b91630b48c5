import { describe, expect, it } from 'vitest';
import { editFunction } from '../../../scripts/faults/prove/edit-function.ts';
import { mutate } from '../../../scripts/faults/prove/mutant-tree.ts';
import { mutants } from '../../../scripts/faults/prove/mutants.ts';
import { allProved, judgeProof, type ProofRow, proofAsText, prove } from '../../../scripts/faults/prove/prove.ts';
import type { RowResult } from '../../../scripts/faults/row-result.ts';
import { faultRows } from '../../faults/rows.ts';

const source = `
export function one(a: number): number {
  return a + 1;
}
class Box {
  one(): number { return 1; }
  async #two(): Promise<number> {
    return 2;
  }
}
`;

describe('one function of a source', () => {
  it('is replaced by its name, and nothing else is', () => {
    expect(editFunction(source, 'one', { body: 'return a;' })).toBe(
      source.replace('{\n  return a + 1;\n}', '{ return a; }'),
    );
    expect(editFunction(source, 'Box.#two', { from: 'return 2', to: 'return 3' })).toBe(
      source.replace('return 2', 'return 3'),
    );
  });

  it.each([
    ['there is none', 'three', { body: '' }],
    ['it is in another class', 'Bin.one', { body: '' }],
    ['the piece is not there', 'one', { from: 'return b', to: '' }],
    ['the piece is there twice', 'Box.#two', { from: '2', to: '' }, source.replace('return 2;', 'return 2 + 2;')],
    ['nothing would change', 'one', { from: 'a + 1', to: 'a + 1' }],
    ['there are two', 'one', { body: '' }, `${source}function one() {}`],
  ] as const)('is an error when %s', (_what, name, edit, text = source) => {
    expect(() => editFunction(text, name, edit)).toThrow();
  });
});

describe('the mutants', () => {
  it.each(mutants)('of the $guarantee ($what) apply to the sources of today', ({ edits }) => {
    expect(mutate(edits).size).toBeGreaterThan(0);
  });

  it('stub out every promise, each against rows that there are', () => {
    expect(new Set(mutants.map(({ guarantee }) => guarantee))).toEqual(
      new Set(['revert', 'dead man', 'fencing', 'guard', 'probes']),
    );
    const rows = new Set(faultRows.map(({ number }) => number));
    for (const mutant of mutants) {
      expect(mutant.rows.length).toBeGreaterThan(0);
      expect(mutant.rows.filter((row) => !rows.has(row))).toEqual([]);
    }
  });
});

const result = (change: Partial<RowResult>): RowResult => ({
  row: 3,
  injected: 'x',
  expectedRest: 'y',
  file: 'z',
  result: 'red',
  cases: { passed: 0, failed: 1, skipped: 0 },
  seconds: 1,
  failures: ['/a/file.test.ts > a case\n     it was not so'],
  ...change,
});
const green = result({ result: 'green', cases: { passed: 2, failed: 0, skipped: 0 }, failures: [] });
const broken = result({ failures: ['/a/file.test.ts\n     SyntaxError'] });
const [mutant] = mutants;

describe('a proof', () => {
  it.each([
    ['a row that a mutant turned red', result({}), true],
    ['a row that stayed green', green, false],
    ['a row that could not be loaded', broken, false],
    [
      'a row without a test',
      result({ result: 'no test yet', cases: { passed: 0, failed: 0, skipped: 0 }, failures: [] }),
      false,
    ],
  ])('of %s', (_what, seen, proved) => {
    expect(judgeProof(seen, mutant).proved).toBe(proved);
  });

  it('needs rows that are green as long as nothing is stubbed out', () => {
    expect(judgeProof(green, undefined).proved).toBe(true);
    expect(judgeProof(result({}), undefined).proved).toBe(false);
  });

  it('runs an untouched tree first, then each mutant against its rows, and removes each tree', async () => {
    const trees: string[] = [];
    let standing = 0;
    const proofs = await prove({
      rows: faultRows,
      tree: async (one) => {
        standing += 1;
        trees.push(one?.guarantee ?? 'nothing');
        return { folder: one === undefined ? 'untouched' : 'mutated', [Symbol.dispose]: () => (standing -= 1) };
      },
      runRow: async (folder, { number }) => ({ ...(folder === 'untouched' ? green : result({})), row: number }),
      onRow: () => undefined,
      isOver: () => false,
    });
    expect(trees).toEqual(['nothing', ...mutants.map(({ guarantee }) => guarantee)]);
    expect(standing).toBe(0);
    expect(allProved(proofs, [])).toBe(true);
    expect(allProved(proofs, ['namespace x'])).toBe(false);
  });

  it('says which row stayed green', () => {
    const proofs: readonly ProofRow[] = [judgeProof(green, mutant)];
    expect(proofAsText(proofs, [])).toContain(`row 3 is green with the ${mutant?.guarantee} stubbed out`);
    expect(allProved(proofs, [])).toBe(false);
  });
});
