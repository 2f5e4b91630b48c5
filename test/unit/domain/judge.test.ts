import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chanceOfSoFew } from '../../../domain/judge/chance.ts';
import {
  combineVerdicts,
  describeVerdict,
  mayCommit,
  noAnswerFindings,
  verdictOf,
} from '../../../domain/judge/combine-verdicts.ts';
import { failBelow, isEnough, judge } from '../../../domain/judge/judge.ts';
import type { ProbeResult, Verdict } from '../../../domain/probes.ts';

function result(tap: string, answered: number, over: Partial<ProbeResult> = {}): ProbeResult {
  return { vantage: 'remote', tap, portId: `port-${tap}`, sent: 5, answered, ...over };
}

describe('judge', () => {
  const cases: readonly (readonly [string, readonly ProbeResult[], readonly ProbeResult[], string])[] = [
    ['passes a guest that answers as before', [result('a', 5)], [result('a', 5)], 'pass'],
    ['passes a guest that lost a few', [result('a', 5)], [result('a', 3)], 'pass'],
    [
      'passes a guest that loses as much as before',
      [result('a', 7, { sent: 12 })],
      [result('a', 9, { sent: 25 })],
      'pass',
    ],
    [
      'fails a guest that loses nearly all, and lost nothing before',
      [result('a', 12, { sent: 12 })],
      [result('a', 2, { sent: 25 })],
      'fail',
    ],
    ['fails silence where all was answered', [result('a', 8, { sent: 8 })], [result('a', 0)], 'fail'],
    ['cannot tell from three questions', [result('a', 5)], [result('a', 0, { sent: 3 })], 'inconclusive'],
    [
      'cannot tell when a guest that hardly ever answered is silent',
      [result('a', 1, { sent: 12 })],
      [result('a', 0, { sent: 75 })],
      'inconclusive',
    ],
    [
      'cannot tell when some is lost, and nothing was before',
      [result('a', 8, { sent: 8 })],
      [result('a', 8, { sent: 20 })],
      'inconclusive',
    ],
    ['cannot tell from what cannot be', [result('a', 5)], [result('a', 6)], 'inconclusive'],
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
      'fails a guest that answers at its tap and not through OVN on its own hypervisor, where nobody could be asked before',
      [result('a', 8, { sent: 8, vantage: 'local' })],
      [result('a', 5, { vantage: 'local' }), result('a', 0, { sent: 25 })],
      'fail',
    ],
    [
      'passes one that answers through OVN as at its tap',
      [result('a', 8, { sent: 8, vantage: 'local' })],
      [result('a', 5, { vantage: 'local' }), result('a', 5)],
      'pass',
    ],
    [
      'requires by IP through OVN what answered by IP in the legacy world: a group is missing',
      [result('a', 8, { vantage: 'local', sent: 8 }), result('a', 8, { vantage: 'legacy', byIp: true, sent: 8 })],
      [result('a', 5, { vantage: 'local' }), result('a', 5), result('a', 0, { byIp: true, sent: 25 })],
      'fail',
    ],
    [
      'requires nothing by IP of a guest whose groups forbade it',
      [result('a', 8, { vantage: 'local', sent: 8 }), result('a', 0, { vantage: 'legacy', byIp: true, sent: 12 })],
      [result('a', 5, { vantage: 'local' }), result('a', 5), result('a', 0, { byIp: true, sent: 25 })],
      'pass',
    ],
    [
      'cannot tell from a peer what the host itself heard',
      [result('a', 5, { vantage: 'local' })],
      [result('a', 0, { vantage: 'legacy', from: 'p1', sent: 15 })],
      'inconclusive',
    ],
    [
      'fails when one of two peers is cut off',
      [result('a', 5, { from: 'p1' }), result('a', 5, { from: 'p2' })],
      [result('a', 5, { from: 'p1' }), result('a', 0, { from: 'p2', sent: 15 })],
      'fail',
    ],
    [
      'fails when one of a peer’s worlds is cut off',
      [result('a', 5, { from: 'p1' }), result('a', 5, { from: 'p1', vantage: 'legacy' })],
      [result('a', 5, { from: 'p1' }), result('a', 0, { from: 'p1', vantage: 'legacy', sent: 15 })],
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
      [result('a', 8, { vantage: 'legacy', sent: 8 })],
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
      [result('a', 5, { largeAnswered: 5, largeSent: 5 })],
      [result('a', 5, { largeAnswered: 0, largeSent: 15 })],
      'fail',
    ],
    [
      'does not ask for full-size frames that never passed',
      [result('a', 5, { largeAnswered: 0, largeSent: 5 })],
      [result('a', 5, { largeAnswered: 0, largeSent: 15 })],
      'pass',
    ],
    [
      'reads an older agent that does not say how many full-size frames it asked',
      [result('a', 8, { sent: 8, largeAnswered: 8 })],
      [result('a', 8, { sent: 8, largeAnswered: 0 })],
      'fail',
    ],
    [
      'passes a host on one proven guest beside a silent one',
      [result('a', 5), result('b', 0)],
      [result('a', 5), result('b', 0)],
      'pass',
    ],
    [
      'fails a host on one lost guest',
      [result('a', 5), result('b', 5)],
      [result('a', 5), result('b', 0, { sent: 15 })],
      'fail',
    ],
    ['has no evidence of a host without guests', [], [], 'no-evidence'],
  ];
  it.each(cases)('%s', (_, before, after, kind) => {
    expect(judge(before, after).kind).toBe(kind);
  });

  it('names the vantages and the figures of a failure', () => {
    const verdict = judge([result('a', 5, { from: 'p1' })], [result('a', 0, { from: 'p1', sent: 15 })]);
    expect(verdict.taps['a']).toMatchObject({ kind: 'fail', vantages: ['remote'] });
    expect(describeVerdict(verdict)).toBe('silent after the cut: a (remote from p1: 0 of 15 answered, 5 of 5 before)');
  });

  it('says who asked, and when only full-size frames are lost', () => {
    const before = result('a', 5, { from: 'hv2', vantage: 'legacy', largeAnswered: 5, largeSent: 5 });
    const verdict = judge([before], [{ ...before, largeAnswered: 0, largeSent: 15 }]);
    expect(describeVerdict(verdict)).toContain(
      'legacy from hv2: full-size frames no longer pass: 0 of 15 answered, 5 of 5 before',
    );
  });

  it('adds the rounds of one vantage', () => {
    const before = [result('a', 3, { sent: 4 }), result('a', 4, { sent: 4 })];
    expect(judge(before, [result('a', 0, { sent: 9 })]).kind).toBe('fail');
    expect(judge(before.slice(0, 1), [result('a', 0, { sent: 9 })]).kind).toBe('inconclusive');
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

describe('isEnough', () => {
  const before = [result('a', 8, { sent: 8, vantage: 'local' })];
  it.each([
    ['as soon as a guest answers as before', result('a', 4, { vantage: 'local' }), true],
    ['not yet of a guest that is silent', result('a', 0, { vantage: 'local', sent: 25 }), false],
    ['at once of a guest that never answered', result('b', 0, { vantage: 'local' }), true],
    ['at once from where nobody asked before', result('a', 0, { vantage: 'wire' }), true],
  ])('is known %s', (_, now, enough) => {
    expect(isEnough(before, now)).toBe(enough);
  });
});

describe('the chance of so few answers', () => {
  it.each([
    [{ sent: 8, answered: 8 }, { sent: 5, answered: 0 }, 1 / 1287],
    [{ sent: 5, answered: 5 }, { sent: 5, answered: 2 }, 10 / 120 + 0],
    [{ sent: 10, answered: 0 }, { sent: 10, answered: 0 }, 1],
    [{ sent: 4, answered: 4 }, { sent: 4, answered: 4 }, 1],
  ])('before %o, after %o', (before, after, chance) => {
    expect(chanceOfSoFew(before, after)).toBeCloseTo(chance, 10);
  });

  it('is a chance, grows with the answers, and falls with the questions', () => {
    const tally = fc
      .tuple(fc.nat(100_000), fc.nat(100_000))
      .map(([a, b]) => ({ sent: Math.max(a, b), answered: Math.min(a, b) }));
    fc.assert(
      fc.property(tally, tally, (before, after) => {
        const chance = chanceOfSoFew(before, after);
        expect(chance).toBeGreaterThanOrEqual(0);
        expect(chance).toBeLessThanOrEqual(1);
        if (after.sent > 900) return; // counted in proportion
        const more = chanceOfSoFew(before, { ...after, sent: after.sent + 1 });
        expect(more).toBeLessThanOrEqual(chance + 1e-9);
      }),
    );
  });

  /** mulberry32: the same drawing each time. */
  const drawing = (seed: number) => () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };

  it.each([0, 0.05, 0.2, 0.5])(
    'hardly ever speaks against a path that loses a share of %d before and after',
    (loss) => {
      const random = drawing(1);
      const asked = (sent: number) => ({
        sent,
        answered: Array.from({ length: sent }, () => random()).filter((drawn) => drawn >= loss).length,
      });
      const wrong = Array.from({ length: 20_000 }, () => chanceOfSoFew(asked(12), asked(25))).filter(
        (c) => c < failBelow,
      );
      expect(wrong.length / 20_000).toBeLessThanOrEqual(failBelow);
    },
  );
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
    expect(noAnswerFindings('hv1', ['a'])).toMatchObject([{ kind: 'no-answer', host: 'hv1', tap: 'a' }]);
  });
});
