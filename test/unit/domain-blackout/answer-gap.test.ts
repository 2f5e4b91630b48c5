import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { longestGap } from '../../../domain/blackout/answer-gap.ts';

const every = (stepMs: number, count: number) => Array.from({ length: count }, (_, index) => index * stepMs);

describe('the longest gap in a guest’s answers', () => {
  it('is zero when every question was answered', () => {
    const sentAtMs = every(5, 100);
    expect(longestGap({ sentAtMs, answeredAtMs: sentAtMs.map((at) => at + 0.3) }, 50)).toEqual({
      blackoutMs: 0,
      lost: 0,
      sent: 100,
    });
  });

  it('lasts from the first unanswered question to the next answered one', () => {
    const sentAtMs = every(5, 100);
    const answeredAtMs = sentAtMs.filter((at) => at < 100 || at >= 115).map((at) => at + 0.3);
    expect(longestGap({ sentAtMs, answeredAtMs }, 4)).toEqual({ blackoutMs: 15, lost: 3, sent: 100 });
  });

  it('does not judge questions whose answer may still be on the way', () => {
    expect(longestGap({ sentAtMs: [0, 5, 10], answeredAtMs: [0.2, 5.2] }, 4)).toEqual({
      blackoutMs: 0,
      lost: 0,
      sent: 2,
    });
  });

  it('counts a guest that never answers again as dark until the end', () => {
    const sentAtMs = every(5, 100);
    expect(longestGap({ sentAtMs, answeredAtMs: [0.1] }, 4).blackoutMs).toBe(490);
  });

  it('never finds more lost than asked, and never a gap longer than the trace', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 200 }), (heard) => {
        const sentAtMs = every(5, heard.length);
        const answeredAtMs = sentAtMs.filter((_, index) => heard[index]).map((at) => at + 1);
        const gap = longestGap({ sentAtMs, answeredAtMs }, 4);
        expect(gap.lost).toBe(sentAtMs.filter((at, index) => !heard[index] && at <= (heard.length - 1) * 5 - 4).length);
        expect(gap.blackoutMs).toBeLessThanOrEqual((heard.length - 1) * 5);
      }),
    );
  });
});
