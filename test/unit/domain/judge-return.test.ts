import { describe, expect, it } from 'vitest';
import { judgeReturn, splitByAsked } from '../../../domain/judge/judge-return.ts';
import type { ProbeResult, Vantage, Verdict } from '../../../domain/probes.ts';

const failed = (...vantages: readonly Vantage[]) => ({ kind: 'fail', vantages, message: 'silent' }) as const;
const verdict = (taps: Verdict['taps']): Verdict => ({ kind: 'fail', taps });

describe('the verdict on a way back', () => {
  it('blames the wiring when the guest answers at its tap and the legacy world does not reach it', () => {
    expect(judgeReturn(verdict({ tap1: failed('legacy', 'wire') }))).toEqual({
      unreachable: ['tap1'],
      guestsSilent: [],
    });
  });

  it('blames the guest when it is silent at its own tap', () => {
    expect(judgeReturn(verdict({ tap1: failed('local', 'legacy', 'wire') }))).toEqual({
      unreachable: [],
      guestsSilent: ['tap1'],
    });
  });

  it('has nothing to say of taps that answer, or of no verdict', () => {
    expect(judgeReturn(verdict({ tap1: { kind: 'pass' }, tap2: { kind: 'no-evidence' } }))).toEqual({
      unreachable: [],
      guestsSilent: [],
    });
    expect(judgeReturn(undefined)).toEqual({ unreachable: [], guestsSilent: [] });
  });
});

describe('what is known from before', () => {
  const result = (tap: string, vantage: Vantage, sent: number, answered: number): ProbeResult => ({
    vantage,
    tap,
    portId: tap,
    sent,
    answered,
  });

  it('is compared where it was asked again; of what answered and could not be asked nothing is proven', () => {
    const before = [
      result('tap1', 'local', 8, 8),
      result('tap1', 'wire', 8, 8),
      result('tap2', 'local', 8, 8),
      result('tap2', 'wire', 8, 0),
    ];
    const now = [result('tap1', 'local', 5, 0), result('tap1', 'wire', 0, 0)];
    expect(splitByAsked(before, now)).toEqual({ asked: [before[0]], unasked: [before[1], before[2]] });
  });
});
