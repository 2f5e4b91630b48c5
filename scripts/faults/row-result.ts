import type { FaultRow } from '../../test/faults/rows.ts';
import { countVitest, type Tally, type VitestRun } from '../test-tally.ts';

/** What became of one row. Only `green` is good. */
export type RowVerdict = 'green' | 'red' | 'no test yet';

export interface RowResult extends Pick<FaultRow, 'injected' | 'expectedRest' | 'file'> {
  readonly row: number;
  readonly result: RowVerdict;
  readonly cases: Tally;
  readonly seconds: number;
  /** Each case that failed, with the head of what it said. */
  readonly failures: readonly string[];
}

export const noTestYet: Pick<RowResult, 'result' | 'cases' | 'seconds' | 'failures'> = {
  result: 'no test yet',
  cases: { passed: 0, failed: 0, skipped: 0 },
  seconds: 0,
  failures: [],
};

/** Judges one run of a row's test. A case that was skipped is one that nobody has seen pass: with every moment asked for, it is red. */
export function judgeRow(run: VitestRun, everyMoment: boolean): Pick<RowResult, 'result' | 'cases' | 'failures'> {
  const { tally, complaint, failures } = countVitest(run);
  const objections = [
    ...failures,
    ...(complaint === undefined ? [] : [complaint]),
    ...(tally.passed + tally.failed === 0 && complaint === undefined ? ['no case ran'] : []),
    ...(everyMoment && tally.skipped > 0 ? [`${tally.skipped} case(s) were skipped`] : []),
  ];
  return { result: objections.length + tally.failed === 0 ? 'green' : 'red', cases: tally, failures: objections };
}

/** The row as the result of what ran. */
export function resultOf(
  row: FaultRow,
  outcome: Omit<RowResult, 'row' | 'injected' | 'expectedRest' | 'file'>,
): RowResult {
  const { number, injected, expectedRest, file } = row;
  return { row: number, injected, expectedRest, ...outcome, file };
}
