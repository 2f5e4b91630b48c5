import { textTable } from '../../../lab/text-table.ts';
import type { FaultRow } from '../../../test/faults/rows.ts';
import type { RowResult } from '../row-result.ts';
import { type Mutant, mutants } from './mutants.ts';

/** Runs one row in a tree. */
export type RunRowIn = (folder: string, row: FaultRow) => Promise<RowResult>;

/** One mutant against one row; `mutant` absent: the tree as it is, against which the row has to be green. */
export interface ProofRow {
  readonly mutant?: Pick<Mutant, 'guarantee' | 'what'>;
  readonly row: number;
  readonly result: RowResult['result'];
  readonly proved: boolean;
  readonly seconds: number;
  /** The head of the first failure: whether it is the one that was meant is for people to see. */
  readonly said: string;
}

export interface Proof {
  readonly rows: readonly FaultRow[];
  readonly tree: (mutant?: Mutant) => Promise<{ readonly folder: string } & Disposable>;
  readonly runRow: RunRowIn;
  readonly onRow: (row: ProofRow) => void;
  readonly isOver: () => boolean;
}

/**
 * Every row that is to notice a mutant is run in an untouched copy first, where it has to be green: a row that is red anyway proves nothing. Then each
 * mutant runs against its rows; each has to turn red by a case that failed, not by a file that could not be loaded.
 */
export async function prove({ rows, tree, runRow, onRow, isOver }: Proof): Promise<readonly ProofRow[]> {
  const proved: ProofRow[] = [];
  const wanted = (mutant: Mutant) => rows.filter(({ number }) => mutant.rows.includes(number));
  const noticing = rows.filter(({ number }) => mutants.some((mutant) => mutant.rows.includes(number)));
  for (const [mutant, against] of [
    [undefined, noticing],
    ...mutants.map((one) => [one, wanted(one)] as const),
  ] as const) {
    if (against.length === 0 || isOver()) continue;
    using copy = await tree(mutant);
    for (const row of against) {
      if (isOver()) break;
      const judged = judgeProof(await runRow(copy.folder, row), mutant);
      onRow(judged);
      proved.push(judged);
    }
  }
  return proved;
}

/** Whether a row said what it had to. */
export function judgeProof(result: RowResult, mutant: Mutant | undefined): ProofRow {
  const noticed = result.result === 'red' && result.cases.failed > 0 && result.cases.failed + result.cases.passed > 0;
  const [said = ''] = result.failures;
  return {
    ...(mutant === undefined ? {} : { mutant: { guarantee: mutant.guarantee, what: mutant.what } }),
    row: result.row,
    result: result.result,
    proved: mutant === undefined ? result.result === 'green' : noticed && !isBrokenFile(result),
    seconds: result.seconds,
    said: said.split('\n').slice(0, 2).join(' ').trim().slice(0, 200),
  };
}

/** A file that does not load counts as failed too, and names no case. */
function isBrokenFile({ failures }: RowResult): boolean {
  return !failures.some((failure) => failure.split('\n')[0]?.includes(' > '));
}

/** The table of `npm run faults -- --prove`. */
export function proofAsText(proofs: readonly ProofRow[], leftBehind: readonly string[]): string {
  const table = textTable(
    ['STUBBED OUT', 'INSTEAD', 'ROW', 'RESULT', 'PROVED', 'SECONDS'],
    proofs.map(({ mutant, row, result, proved, seconds }) => [
      mutant?.guarantee ?? 'nothing',
      mutant?.what ?? '-',
      String(row),
      result,
      proved ? 'yes' : 'NO',
      seconds.toFixed(1),
    ]),
  );
  const unproved = proofs.filter(({ proved }) => !proved);
  const words = unproved.map(
    ({ mutant, row, result, said }) =>
      `row ${row} is ${result} with ${mutant === undefined ? 'nothing' : `the ${mutant.guarantee}`} stubbed out${said && `: ${said}`}`,
  );
  const left = leftBehind.map((what) => `left behind: ${what}`);
  return [table, ...words, ...left, `${proofs.length - unproved.length} proved, ${unproved.length} not`].join('\n');
}

/** Every mutant was noticed by all its rows, and nothing is left behind. */
export function allProved(proofs: readonly ProofRow[], leftBehind: readonly string[]): boolean {
  return proofs.length > 0 && leftBehind.length === 0 && proofs.every(({ proved }) => proved);
}
