import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  combineVerdicts,
  describeVerdict,
  mayCommit,
  noAnswerFindings,
  verdictOf,
} from '../../../domain/judge/combine-verdicts.ts';
import { judge } from '../../../domain/judge/judge.ts';
import type { ProbeResult, Verdict } from '../../../domain/probes.ts';

function result(tap: string, answered: number, over: Partial<ProbeResult> = {}): ProbeResult {
  return { vantage: 'remote', tap, portId: `port-${tap}`, sent: 5, answered, ...over };
}

describe('judge', () => {
  const cases: readonly (readonly [string, readonly ProbeResult[], readonly ProbeResult[], string])[] = [
    ['passes a guest that answers as before', [result('a', 5)], [result('a', 5)], 'pass'],
    ['passes a guest that lost a few', [result('a', 5)], [result('a', 2)], 'pass'],
    ['passes one answer of a few', [result('a', 3, { sent: 3 })], [result('a', 1, { sent: 3 })], 'pass'],
    ['fails silence to three questions', [result('a', 1)], [result('a', 0, { sent: 3 })], 'fail'],
    ['cannot tell from two questions', [result('a', 5)], [result('a', 0, { sent: 2 })], 'inconclusive'],
    [
      'cannot tell when nearly all is lost',
      [result('a', 50, { sent: 50 })],
      [result('a', 2, { sent: 50 })],
      'inconclusive',
    ],
    ['has no evidence of a guest that never answered', [result('a', 0)], [result('a', 0)], 'no-evidence'],
    ['does not take a first answer for evidence', [result('a', 0)], [result('a', 5)], 'no-evidence'],
    ['cannot tell when the vantage was not asked again', [result('a', 5)], [], 'inconclusive'],
    [
      'cannot tell from another peer',
      [result('a', 5, { from: 'p1' })],
      [result('a', 0, { from: 'p2' })],
      'inconclusive',
    ],
    [
      'fails when one of two peers is cut off',
      [result('a', 5, { from: 'p1' }), result('a', 5, { from: 'p2' })],
      [result('a', 5, { from: 'p1' }), result('a', 0, { from: 'p2' })],
      'fail',
    ],
    [
      'leaves out a peer that was lost',
      [result('a', 5, { from: 'p1' }), result('a', 5, { from: 'p2' })],
      [result('a', 5, { from: 'p1' })],
      'pass',
    ],
    [
      'requires locally after the cut what answered in the legacy bridge before it',
      [result('a', 5, { vantage: 'legacy' })],
      [result('a', 0, { vantage: 'local' })],
      'fail',
    ],
    [
      'requires in the legacy bridge after going back what answered locally',
      [result('a', 5, { vantage: 'local' })],
      [result('a', 5, { vantage: 'legacy' })],
      'pass',
    ],
    [
      'fails when full-size frames no longer pass',
      [result('a', 5, { largeAnswered: 5 })],
      [result('a', 5, { largeAnswered: 0 })],
      'fail',
    ],
    [
      'passes a host on one proven guest beside a silent one',
      [result('a', 5), result('b', 0)],
      [result('a', 5), result('b', 0)],
      'pass',
    ],
    ['fails a host on one lost guest', [result('a', 5), result('b', 5)], [result('a', 5), result('b', 0)], 'fail'],
    ['has no evidence of a host without guests', [], [], 'no-evidence'],
  ];
  it.each(cases)('%s', (_, before, after, kind) => {
    expect(judge(before, after).kind).toBe(kind);
  });

  it('names the vantages and the figures of a failure', () => {
    const verdict = judge([result('a', 5)], [result('a', 0)]);
    expect(verdict.taps['a']).toMatchObject({ kind: 'fail', vantages: ['remote'] });
    expect(describeVerdict(verdict)).toBe('silent after the cut: a (remote: 0 of 5 answered, 5 of 5 before)');
  });

  it('adds the rounds of one vantage', () => {
    expect(judge([result('a', 0, { sent: 2 }), result('a', 1, { sent: 2 })], [result('a', 0)]).kind).toBe('fail');
  });

  it('never depends on the order of results', () => {
    const some = fc.array(
      fc.record({
        vantage: fc.constantFrom('legacy', 'local', 'remote'),
        tap: fc.constantFrom('a', 'b', 'c'),
        portId: fc.constant('p'),
        sent: fc.constant(5),
        answered: fc.integer({ min: 0, max: 5 }),
      } as const),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(some, some, (before, after) => {
        const reversed = judge(before.toReversed(), after.toReversed());
        expect(reversed.kind).toBe(judge(before, after).kind);
      }),
    );
  });
});

describe('combineVerdicts', () => {
  const of = (kind: Verdict['kind']): Verdict =>
    verdictOf({
      a:
        kind === 'fail'
          ? { kind, vantages: ['remote'], message: 'm' }
          : kind === 'inconclusive'
            ? { kind, message: 'm' }
            : { kind },
    });
  it.each([
    ['pass', 'pass', 'pass'],
    ['pass', 'no-evidence', 'pass'],
    ['no-evidence', 'pass', 'pass'],
    ['pass', 'fail', 'fail'],
    ['fail', 'pass', 'fail'],
    ['inconclusive', 'pass', 'inconclusive'],
    ['no-evidence', 'no-evidence', 'no-evidence'],
    ['inconclusive', 'fail', 'fail'],
  ] as const)('local %s and remote %s make %s', (local, remote, both) => {
    expect(combineVerdicts(of(local), of(remote)).kind).toBe(both);
  });

  it('commits on a pass only, and on no evidence when the plan says so', () => {
    expect(
      ['pass', 'fail', 'inconclusive', 'no-evidence'].map((kind) => mayCommit(of(kind as Verdict['kind']), false)),
    ).toEqual([true, false, false, false]);
    expect(mayCommit(of('no-evidence'), true)).toBe(true);
    expect(mayCommit(of('inconclusive'), true)).toBe(false);
  });

  it('says of silent taps that nothing proves them', () => {
    expect(noAnswerFindings('hv1', of('no-evidence'))).toMatchObject([{ kind: 'no-answer', host: 'hv1', tap: 'a' }]);
  });
});
