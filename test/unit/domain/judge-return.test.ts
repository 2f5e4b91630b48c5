import { describe, expect, it } from 'vitest';
import { judgeReturn } from '../../../domain/judge/judge-return.ts';
import type { Vantage, Verdict } from '../../../domain/probes.ts';

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
