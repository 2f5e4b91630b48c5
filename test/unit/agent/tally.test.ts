import { describe, expect, it } from 'vitest';
import { Tally } from '../../../agent/probe/tally.ts';

function asked(times: readonly number[]): Tally {
  const tally = new Tally(1_000);
  for (const [round, atMs] of times.entries()) tally.asked(round, atMs);
  return tally;
}

describe('a tally of questions and answers', () => {
  it('counts answers that come late and out of order, each for one question', () => {
    const tally = asked([0, 60, 120]);
    for (const atMs of [190, 195, 250]) tally.answer(atMs);
    expect([tally.sent, tally.answered, tally.isWaiting(300)]).toEqual([3, 3, false]);
  });

  it('does not count an answer that is later than its bound', () => {
    const tally = asked([0]);
    expect(tally.isWaiting(1_000)).toBe(true);
    tally.answer(1_001);
    expect([tally.answered, tally.isWaiting(1_001)]).toEqual([0, false]);
  });

  it('counts no more answers than questions, and none twice where answers tell their question', () => {
    const flooded = asked([0, 60]);
    for (let copies = 0; copies < 5; copies += 1) flooded.answer(70);
    expect(flooded.answered).toBe(2);
    const numbered = asked([0, 60]);
    for (let copies = 0; copies < 5; copies += 1) numbered.answer(70, 1);
    numbered.answer(80, 7); // nobody asked that
    expect([numbered.answered, numbered.isWaiting(100)]).toEqual([1, true]);
  });

  it('tells the median round trip', () => {
    const tally = asked([0, 100, 200]);
    for (const [atMs, round] of [
      [1, 0],
      [105, 1],
      [350, 2],
    ] as const)
      tally.answer(atMs, round);
    expect(tally.medianMs).toBe(5);
    expect(asked([]).medianMs).toBeUndefined();
  });
});
